// Publishes one version of a pack: from a hostile upload to a fact, or to a refusal that leaves nothing behind.

import { blobKey } from '../../../storage/object-keys.ts';
import type { Staged } from '../../../storage/staging.ts';
import type { Authenticate } from '../../access/authenticate.ts';
import { requireNamespace, requireScope } from '../../access/grants.ts';
import { isOperator, type Principal } from '../../access/principal.ts';
import type { Admit } from '../../http/admission.ts';
import { namespaceOf, type PackName } from '../../protocol/pack-id.ts';
import type { Receipt } from '../../protocol/receipt.ts';
import type { AwaitReceipt } from '../../transparency/receipts.ts';
import { type FindHolder, holders } from '../pack-store.ts';
import { type PackAddress, readPublishAddress } from '../policy.ts';
import { type OthersProviding, othersProviding } from '../provided-store.ts';
import { type CheckDeps, checkUpload, receiveUpload, type Upload } from './check-upload.ts';
import { alreadyPublished, type CommitDeps, commitVersion, type Recorded } from './commit-version.ts';
import { flagged } from './provided-elsewhere.ts';

export interface PublishDeps extends CommitDeps, CheckDeps {
  readonly authenticate: Authenticate;
  readonly holderOfNamespace: (namespace: string) => Promise<string | undefined>;
  /** @throws Fault domain_unproven */
  readonly requireProven: (by: Principal, namespace: string) => Promise<void>;
  readonly awaitReceipt: AwaitReceipt;
  /** Bounds the uploads under way, of everybody and of one account. */
  readonly admit: Admit;
}

/** Everything here was chosen by the uploader. */
export interface PublishRequest extends Upload {
  readonly name: string;
  readonly version: string;
  readonly authorization: string | undefined;
}

export interface Published extends Recorded {
  /** Undefined where the seal is late: the version is there, and the receipt can be had later. */
  readonly receipt: Receipt | undefined;
}

/** What all publishes have in common beyond what they are given. */
interface Shared extends PublishDeps {
  readonly findHolder: FindHolder;
  readonly othersProviding: OthersProviding;
}

export const publishPack = (deps: PublishDeps) => {
  const { sql } = deps;
  const the: Shared = { ...deps, findHolder: holders(sql), othersProviding: othersProviding(sql) };
  return async (request: PublishRequest): Promise<Published> => {
    const recorded = await recordVersion(the, request);
    return { ...recorded, receipt: await the.awaitReceipt(recorded.event) };
  };
};

const recordVersion = async (the: Shared, request: PublishRequest): Promise<Recorded> => {
  const address = readPublishAddress(the.policy, request.name, request.version);
  const publisher = await the.authenticate(request.authorization);
  await requirePermission(the, publisher, address.name);
  const share = isOperator(publisher) ? undefined : publisher.account;
  return the.admit(share, () => takeIn(the, request, address, publisher));
};

const takeIn = async (
  the: Shared,
  request: PublishRequest,
  address: PackAddress,
  publisher: Principal,
): Promise<Recorded> => {
  const staged = await receiveUpload(the, request);
  try {
    const checked = await checkUpload(the, request, address, publisher, staged);
    const [record, taken] = await Promise.all([
      flagged(the.othersProviding, checked),
      the.findHolder(address),
    ]);
    if (taken !== undefined) return await publishedAgain(the, staged, alreadyPublished(taken, record));
    return await commitVersion(the, staged, record, publisher);
  } finally {
    await staged.discard();
  }
};

/** Whoever brings the same bytes again mends a store that lost them. */
const publishedAgain = async (the: PublishDeps, staged: Staged, recorded: Recorded): Promise<Recorded> => {
  await staged.promote(the.blobs, blobKey(staged.digest));
  return recorded;
};

const requirePermission = async (the: PublishDeps, publisher: Principal, name: PackName): Promise<void> => {
  requireScope(publisher, 'packs:publish');
  const namespace = namespaceOf(name);
  requireNamespace(publisher, name, namespace, await the.holderOfNamespace(namespace));
  await the.requireProven(publisher, namespace);
};
