// Publishes into the test catalogue: the checks of a real publish and its codes, and nothing of what it leaves behind.
import { integrityOf, sameDigest } from '../../../storage/digest.ts';
import type { Staged } from '../../../storage/staging.ts';
import { requireStillActing } from '../../access/acting-store.ts';
import type { Authenticate } from '../../access/authenticate.ts';
import { requireNamespace, requireScope } from '../../access/grants.ts';
import { isOperator, type Principal } from '../../access/principal.ts';
import type { Sql, Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import type { Admit } from '../../http/admission.ts';
import { fault } from '../../protocol/faults.ts';
import { joinBytes } from '../../protocol/join-bytes.ts';
import { namespaceOf, type PackName } from '../../protocol/pack-id.ts';
import { type PackAddress, type PackPolicy, readPublishAddress } from '../policy.ts';
import { type CheckDeps, checkUpload, receiveUpload } from '../publish/check-upload.ts';
import type { PublishRequest } from '../publish/publish.ts';
import type { VersionRecord } from '../version-record.ts';
import { countTests, findTest, insertTest, lockTests, type TestVersion } from './test-store.ts';

export interface TestPublishDeps extends Omit<CheckDeps, 'policy'> {
  readonly sql: Sql;
  readonly authenticate: Authenticate;
  readonly admit: Admit;
}

/** Whether it came just now, or was there before. */
export interface TestPublished {
  readonly record: Pick<TestVersion, 'name' | 'version' | 'tree' | 'digest' | 'publishedAt' | 'signed'>;
  readonly created: boolean;
}

/**
 * All who may test see everything there, so nothing private comes in; and since a suite has no key that anybody
 * delegated, packs may be unsigned in every namespace. A signature that is there must be believable all the same.
 */
const POLICY: PackPolicy = {
  privateRegistry: false,
  allowUnsigned: true,
  unsignedEverywhere: true,
  protocolTypeIds: 'warn',
};

const MAX_VERSIONS = 1_000;
const MAX_BYTES = 64 * 1024 * 1024;

/** @throws Fault as `publishPack`, or busy where the catalogue is full */
export const publishTest =
  (deps: TestPublishDeps) =>
  async (request: PublishRequest): Promise<TestPublished> => {
    const the = { ...deps, policy: POLICY };
    const address = readPublishAddress(the.policy, request.name, request.version);
    const publisher = await the.authenticate(request.authorization);
    requirePermission(publisher, address.name);
    const share = isOperator(publisher) ? undefined : publisher.account;
    return the.admit(share, () => takeIn(the, request, address, publisher));
  };

/** Names are free here: only the limit of the token itself counts, not who holds the namespace. */
const requirePermission = (publisher: Principal, name: PackName): void => {
  requireScope(publisher, 'packs:publish');
  requireNamespace(publisher, name, namespaceOf(name), publisher.account);
};

type Shared = TestPublishDeps & CheckDeps;

const takeIn = async (
  the: Shared,
  request: PublishRequest,
  address: PackAddress,
  publisher: Principal,
): Promise<TestPublished> => {
  const staged = await receiveUpload(the, request);
  try {
    const record = await checkUpload(the, request, address, publisher, staged);
    const tarball = await bytesOf(staged);
    return await inTransaction(the.sql, (tx) => commit(the, tx, record, tarball, publisher));
  } finally {
    await staged.discard();
  }
};

const bytesOf = async (staged: Staged): Promise<Uint8Array> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of staged.read()) chunks.push(chunk);
  return joinBytes(chunks);
};

const commit = async (
  the: Shared,
  tx: Tx,
  record: VersionRecord,
  tarball: Uint8Array,
  publisher: Principal,
): Promise<TestPublished> => {
  await lockTests(tx);
  await requireStillActing(tx, publisher, the.now());
  const taken = await findTest(tx, record);
  if (taken !== undefined) return sameAgain(taken, record);
  await requireRoom(tx, record.size);
  // The point of no return is this one row; no event and no blob stands beside it.
  await insertTest(tx, { ...record, tarball });
  return { record: { ...record, signed: record.signature !== null }, created: true };
};

/** The rule of the real catalogue: the bytes of a version never change, also after it was unpublished. */
const sameAgain = (taken: TestVersion, wanted: VersionRecord): TestPublished => {
  const same =
    taken.name === wanted.name && taken.tree === wanted.tree && sameDigest(taken.digest, wanted.digest);
  if (same && !taken.unpublished) return { record: taken, created: false };
  throw fault('conflict', {
    expected: integrityOf(taken.digest),
    found: integrityOf(wanted.digest),
    tree: taken.tree,
    unpublished: taken.unpublished,
  });
};

const requireRoom = async (tx: Tx, size: number): Promise<void> => {
  const { versions, bytes } = await countTests(tx);
  if (versions < MAX_VERSIONS && bytes + size <= MAX_BYTES) return;
  const limits = { maxVersions: MAX_VERSIONS, maxBytes: MAX_BYTES };
  throw fault('busy', limits, 'The test catalogue is full: clear it with a POST to its reset address.');
};
