// A small registry on a database and a disk of its own, made of the real steps, whose state a test may copy and spoil.
import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { DELEGATION_PAYLOAD_TYPE, type Delegation, delegationPayload } from '../../keys/delegation.ts';
import { publicKeyOf, sign } from '../../keys/ed25519.ts';
import { envelopeText, parseEnvelope, signEnvelope } from '../../keys/envelope.ts';
import { parseKeyId, publicKeyFromBytes, vkeyOf } from '../../keys/key.ts';
import { KEYRING_PAYLOAD_TYPE, keyringPayload } from '../../keys/keyring.ts';
import { ROOT_PAYLOAD_TYPE, type Root, rootPayload } from '../../keys/root.ts';
import type { Signer } from '../../keys/signer.ts';
import { WITHDRAWALS_PAYLOAD_TYPE, withdrawalsPayload } from '../../keys/withdrawals.ts';
import { insertAccount } from '../../src/access/access-store.ts';
import { makeToken, storeToken } from '../../src/access/accounts.ts';
import { allDelegations, insertDelegation, insertRoot } from '../../src/access/delegation-store.ts';
import { findDelegatedKey } from '../../src/access/delegations.ts';
import { type IssuedTable, insertIssued, latestIssued } from '../../src/access/issued-store.ts';
import { statementOf } from '../../src/access/listed-key.ts';
import { insertClaim, newClaim } from '../../src/access/namespaces/claim-store.ts';
import type { Principal } from '../../src/access/principal.ts';
import { SCOPES } from '../../src/access/principal.ts';
import { closeConnection, connect, type Sql } from '../../src/database/connect.ts';
import { inTransaction } from '../../src/database/transaction.ts';
import { deprecateVersion } from '../../src/packs/lifecycle/deprecate.ts';
import { withdrawnNow } from '../../src/packs/lifecycle/lifecycle-store.ts';
import { unpublishVersion } from '../../src/packs/lifecycle/unpublish.ts';
import { unyankVersion, yankVersion } from '../../src/packs/lifecycle/yank.ts';
import { insertVersion } from '../../src/packs/publish/insert-store.ts';
import { type PublishDeps, publishPack } from '../../src/packs/publish/publish.ts';
import { describeRelease } from '../../src/protocol/release.ts';
import { RELEASE_PAYLOAD_TYPE, releaseStatementPayload } from '../../src/protocol/statement.ts';
import { writeStatementHeader } from '../../src/protocol/statement-envelope.ts';
import { DEFAULT_ARCHIVE_CAPS, inspectTarball } from '../../src/protocol/tarball.ts';
import { appendEvent, makeEvent } from '../../src/transparency/append.ts';
import { insertAuditKey } from '../../src/transparency/audit-chain/audit-store.ts';
import { mintCheckpoints } from '../../src/transparency/audit-chain/mint.ts';
import { type Head, readHead } from '../../src/transparency/log-store.ts';
import { putLogObject, readTile } from '../../src/transparency/log-tiles.ts';
import { openLog } from '../../src/transparency/open-log.ts';
import { publishHead } from '../../src/transparency/publish-head.ts';
import { type Sealer, type SealSteps, startSealer } from '../../src/transparency/sealer.ts';
import { isSignedByUs, signHead } from '../../src/transparency/sign-head.ts';
import type { BlobStore } from '../../storage/blob-store.ts';
import { only } from '../../storage/blob-store.ts';
import { digestOf, parseDigest } from '../../storage/digest.ts';
import { openDiskStore } from '../../storage/disk-store.ts';
import { blobKey } from '../../storage/object-keys.ts';
import { createStaging } from '../../storage/staging.ts';
import { copyDatabase, type OwnDatabase, ownDatabase } from '../world/database.ts';
import { createPublisher, type PackOptions } from '../world/publisher.ts';

export const ORIGIN = 'upkeep.test/attestry';
const TOKEN = 'tok_0123456789abcdef01';
const OPERATOR: Principal = { tokenId: TOKEN, account: 'operator', scopes: SCOPES, namespaces: null };

const signerOf = (keyId: string, seed: Uint8Array): Signer => ({
  keyId: parseKeyId(keyId),
  publicKey: publicKeyFromBytes(publicKeyOf(seed)),
  sign: async (message) => sign(message, seed),
});

/** A fixed cast: whoever copies a registry has its keys too. */
export const seeds = {
  root: randomBytes(32),
  registrar: randomBytes(32),
  log: randomBytes(32),
  audit: randomBytes(32),
};
export const signers = {
  root: signerOf('attestry-root', seeds.root),
  registrar: signerOf('attestry-registrar', seeds.registrar),
  log: signerOf('attestry-log', seeds.log),
  audit: signerOf('attestry-audit', seeds.audit),
};
export const publisher = createPublisher();
export const logVkey = vkeyOf(ORIGIN, signers.log.publicKey);
const headSigner = { vkey: () => logVkey, sign: signers.log.sign };
const now = (): Date => new Date();
const append = appendEvent({ now });

export interface Place {
  readonly database: Pick<OwnDatabase, 'url' | 'sql' | 'drop'>;
  readonly dataDir: string;
}

export interface SealChanges {
  readonly blobs?: BlobStore;
  readonly replaceSteps?: (steps: SealSteps) => SealSteps;
}

export interface UpkeepWorld extends Place {
  readonly sql: Sql;
  readonly blobs: BlobStore;
  readonly troubles: unknown[];
  publish(options?: PackOptions, withStatement?: boolean): Promise<void>;
  publishing(changes?: Partial<PublishDeps>): PublishDeps;
  yank(name: string, version: string): Promise<void>;
  unyank(name: string, version: string): Promise<void>;
  deprecate(name: string, version: string): Promise<void>;
  unpublish(name: string, version: string): Promise<void>;
  /** Grows the log by events that are nobody's business. */
  fill(count: number): Promise<void>;
  /** Issues keyring and withdrawals as they have to be now. */
  reissue(): Promise<void>;
  seal(changes?: SealChanges): Sealer;
  /** Seals what there is and stops. */
  settle(changes?: SealChanges): Promise<Head>;
  clear(): Promise<void>;
}

const text = async (payloadType: string, payload: Uint8Array, signer: Signer): Promise<string> =>
  envelopeText(await signEnvelope({ payloadType, payload }, [signer]));

const ISSUED = '2026-01-01T00:00:00Z';
const ENDS = '2031-01-01T00:00:00Z';

export const firstRoot = (): Root => ({
  version: 1,
  issuedAt: ISSUED,
  expires: ENDS,
  registry: ORIGIN,
  threshold: 1,
  keys: [signers.root],
  registrar: { threshold: 1, keys: [signers.registrar] },
  log: { origin: ORIGIN, vkey: logVkey },
});

const found = async (sql: Sql): Promise<void> => {
  const envelope = await text(ROOT_PAYLOAD_TYPE, rootPayload(firstRoot()), signers.root);
  await inTransaction(sql, async (tx) => {
    await insertRoot(tx, 1, envelope);
    await append(tx, { kind: 'root.published', actor: 'registry', subject: 'root:1', data: { envelope } });
    await insertAccount(tx, 'operator', now());
    await append(tx, { kind: 'account.created', actor: 'registry', subject: 'account:operator', data: {} });
    const request = { account: 'operator', scopes: SCOPES, namespaces: null, expiresAt: null };
    const token = { ...makeToken(request, now()), id: TOKEN };
    await storeToken({ sql, now, append, announce: () => undefined }, tx, 'registry', token);
    await insertClaim(tx, newClaim('vendor.acme', 'operator', true, now()), []);
    const data = { namespace: 'vendor.acme', account: 'operator' };
    const subject = 'namespace:vendor.acme';
    await append(tx, { kind: 'namespace.claimed', actor: 'account:operator', subject, data });
  });
};

const listKey = async (sql: Sql): Promise<void> => {
  const delegation: Delegation = {
    keyId: parseKeyId(publisher.keyId),
    publicKey: publicKeyFromBytes(publicKeyOf(publisher.seed)),
    namespaces: ['vendor.acme.*'],
    notBefore: ISSUED,
    notAfter: ENDS,
    issuedAt: ISSUED,
  };
  const envelope = await text(DELEGATION_PAYLOAD_TYPE, delegationPayload(delegation), signers.registrar);
  const revocation = {
    revoked_at: null,
    revoked_from: null,
    revocation_reason: null,
    revocation_event: null,
  };
  await inTransaction(sql, async (tx) => {
    await insertDelegation(tx, {
      key_id: delegation.keyId,
      account: 'operator',
      public_key: delegation.publicKey,
      namespaces: delegation.namespaces,
      not_before: new Date(ISSUED),
      not_after: new Date(ENDS),
      issued_at: new Date(ISSUED),
      envelope,
      ...revocation,
      revocation: null,
      rotated_to: null,
      rotated_from: null,
      rotation_proof: null,
    });
    const data = { statement: envelope };
    await append(tx, {
      kind: 'key.delegated',
      actor: 'account:operator',
      subject: `key:${delegation.keyId}`,
      data,
    });
  });
};

const issue = async (sql: Sql, table: IssuedTable, type: string, make: (version: number) => Uint8Array) => {
  const version = ((await latestIssued(sql, table))?.version ?? 0) + 1;
  const envelope = await text(type, make(version), signers.registrar);
  await inTransaction(sql, (tx) => insertIssued(tx, table, { version, envelope, issued_at: now() }));
};

const frame = (version: number) => ({ version, issuedAt: ISSUED, expires: ENDS, treeSize: 0 });

const statementHeader = async (tarball: Uint8Array): Promise<string> => {
  const { manifestBytes = new Uint8Array() } = await inspectTarball(only(tarball));
  const payload = releaseStatementPayload(describeRelease(digestOf(tarball), manifestBytes));
  const signer = signerOf(publisher.keyId, publisher.seed);
  return writeStatementHeader(parseEnvelope(await text(RELEASE_PAYLOAD_TYPE, payload, signer)));
};

export const worldAt = async (place: Place): Promise<UpkeepWorld> => {
  const { sql } = place.database;
  const blobs = await openDiskStore(join(place.dataDir, 'blobs'));
  const staging = createStaging({ directory: join(place.dataDir, 'staging') });
  const sealers: Sealer[] = [];
  const troubles: unknown[] = [];
  const lifecycle = {
    sql,
    now,
    authenticate: async () => OPERATOR,
    holderOfNamespace: async () => 'operator',
    append,
    announce: () => undefined,
    reissueWithdrawals: async () => undefined,
    awaitReceipt: async () => undefined,
    activeAdvisoryOf: async () => undefined,
  };
  const publishing: UpkeepWorld['publishing'] = (changes = {}) => ({
    sql,
    blobs,
    staging,
    policy: { privateRegistry: false, allowUnsigned: false, protocolTypeIds: 'warn' },
    caps: { ...DEFAULT_ARCHIVE_CAPS, maxUploadBytes: 10 * 1024 * 1024 },
    now,
    authenticate: lifecycle.authenticate,
    holderOfNamespace: lifecycle.holderOfNamespace,
    requireProven: async () => undefined,
    requireKeyOfHolder: async () => undefined,
    delegatedKey: findDelegatedKey(sql),
    makeEvent: makeEvent({ now }),
    insertVersion: insertVersion(sql),
    warningOf: async () => ({ seen: 0, yank: undefined }),
    reissueWithdrawals: async () => undefined,
    announce: () => undefined,
    awaitReceipt: async () => undefined,
    admit: async (_, work) => work(),
    ...changes,
  });
  const seal: UpkeepWorld['seal'] = ({ blobs: store = blobs, replaceSteps } = {}) => {
    const tiles = { sql, blobs: store };
    const signing = { sign: signHead(headSigner), now };
    const sealer = startSealer({
      sql,
      open: (session) =>
        openLog({
          session,
          ...tiles,
          readTile: readTile(tiles),
          ...signing,
          isOurs: isSignedByUs(headSigner),
        }),
      vkey: headSigner.vkey,
      steps: { ...signing, putObject: putLogObject(store), announce: () => undefined },
      publish: publishHead(store),
      replaceSteps,
      onTrouble: (error) => troubles.push(error),
    });
    sealers.push(sealer);
    return sealer;
  };
  const unsealed = async (): Promise<number> =>
    (
      await sql<
        { n: number }[]
      >`select count(*) as n from events where id not in (select event_id from leaves)`
    )[0]?.n ?? -1;
  let filled = 0;
  return {
    ...place,
    sql,
    blobs,
    troubles,
    publishing,
    publish: async (options = {}, withStatement = false) => {
      const { name = 'vendor.acme.tools', version = '1.0.0', tree = 'v1' } = options;
      const tarball = await publisher.pack(options);
      await publishPack(publishing())({
        tree,
        name,
        version,
        authorization: undefined,
        contentType: undefined,
        expectedDigest: undefined,
        statement: withStatement ? await statementHeader(tarball) : undefined,
        body: only(tarball),
      });
    },
    yank: async (name, version) => {
      const body = { reason: 'broken' };
      await yankVersion(lifecycle)({ name, version, authorization: undefined, body });
    },
    unyank: async (name, version) =>
      void (await unyankVersion(lifecycle)({ name, version, authorization: undefined })),
    deprecate: async (name, version) => {
      const body = { reason: 'old', supersededBy: '9.0.0' };
      await deprecateVersion(lifecycle)({ name, version, authorization: undefined, body });
    },
    unpublish: async (name, version) => {
      const request = { name, version, authorization: undefined, body: {}, reasonInQuery: 'by mistake' };
      await unpublishVersion(lifecycle)(request);
    },
    fill: (count) =>
      inTransaction(sql, async (tx) => {
        for (let at = 0; at < count; at += 1) {
          filled += 1;
          const name = `filler-${filled}`;
          await insertAccount(tx, name, now());
          await append(tx, {
            kind: 'account.created',
            actor: 'registry',
            subject: `account:${name}`,
            data: {},
          });
        }
      }),
    reissue: async () => {
      const delegations = (await allDelegations(sql)).map(statementOf);
      await issue(sql, 'keyrings', KEYRING_PAYLOAD_TYPE, (version) =>
        keyringPayload({ ...frame(version), delegations, revocations: [] }),
      );
      const withdrawn = await withdrawnNow(sql);
      await issue(sql, 'withdrawals', WITHDRAWALS_PAYLOAD_TYPE, (version) =>
        withdrawalsPayload({ ...frame(version), withdrawn }),
      );
    },
    seal,
    settle: async (changes) => {
      const sealer = seal(changes);
      sealer.wake();
      for (let tries = 0; (await unsealed()) > 0 || (await readHead(sql)) === undefined; tries += 1) {
        if (tries > 500) throw new Error(`the log does not settle: ${troubles.map(String).join('; ')}`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      await sealer.stop();
      const head = await readHead(sql);
      if (head === undefined) throw new Error('there is no head');
      return head;
    },
    clear: async () => {
      await Promise.all(sealers.map((sealer) => sealer.stop()));
      await place.database.drop();
      await rm(place.dataDir, { recursive: true, force: true });
    },
  };
};

const emptyFolder = (): Promise<string> => mkdtemp(join(tmpdir(), 'attestry-upkeep-'));

/** An empty migrated database and an empty folder. */
export const emptyPlace = async (): Promise<Place> => ({
  database: await ownDatabase(),
  dataDir: await emptyFolder(),
});

/** A sweep has been there, and nothing lies about. */
const sweepUnpublished = async ({ sql, blobs }: UpkeepWorld): Promise<void> => {
  const rows = await sql<{ digest: Uint8Array }[]>`select digest from versions where unpublished is not null`;
  for (const { digest } of rows) {
    const parsed = parseDigest(Buffer.from(digest).toString('hex'));
    if (parsed !== undefined) await blobs.delete(blobKey(parsed));
  }
};

const liveOn = async (world: UpkeepWorld): Promise<void> => {
  for (const version of ['0.1.0', '0.2.0']) await world.publish({ version });
  await world.deprecate('vendor.acme.tools', '0.1.0');
  await world.unpublish('vendor.acme.tools', '0.2.0');
  await sweepUnpublished(world);
};

/** Five versions: one yanked, one with a statement, one deprecated and one unpublished; and a log of more than one tile. Three where nothing `lived` on. */
export const newWorld = async (events = 300, lived = true): Promise<UpkeepWorld> => {
  const world = await worldAt(await emptyPlace());
  await found(world.sql);
  await listKey(world.sql);
  await world.publish();
  await world.publish({ version: '1.1.0' }, true);
  await world.publish({ version: '2.0.0', tree: 'v2' });
  await world.yank('vendor.acme.tools', '1.0.0');
  await world.fill(events);
  if (lived) await liveOn(world);
  await world.reissue();
  const head = await world.settle();
  await insertAuditKey(world.sql, signers.audit.publicKey);
  const newestHead = async () => head;
  await mintCheckpoints({
    sql: world.sql,
    now,
    newestHead,
    readTile: readTile(world),
    signer: signers.audit,
  })();
  return world;
};

const onServer = async <T>(work: (sql: Sql) => Promise<T>): Promise<T> => {
  const sql = connect({ url: inject('databaseUrl'), max: 1 });
  return work(sql).finally(() => closeConnection(sql));
};

const databaseNamed = (name: string): Place['database'] => {
  const address = new URL(inject('databaseUrl'));
  address.pathname = `/${name}`;
  const sql = connect({ url: address.href });
  const drop = async () => {
    await closeConnection(sql);
    await onServer((server) => server`drop database ${server(name)} with (force)`);
  };
  return { url: address.href, sql, drop };
};

/** A database without a single table, and an empty folder. */
export const barePlace = async (): Promise<Place> => {
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer((server) => server`create database ${server(name)}`);
  return { database: databaseNamed(name), dataDir: await emptyFolder() };
};

/** A registry as it stands, at rest, from which others can be copied. */
export interface Original {
  copy(): Promise<UpkeepWorld>;
  clear(): Promise<void>;
}

export const originalOf = async (world: UpkeepWorld): Promise<Original> => {
  const template = new URL(world.database.url).pathname.slice(1);
  await closeConnection(world.sql);
  return {
    copy: async () => {
      const name = `test_${randomBytes(6).toString('hex')}`;
      await onServer((server) => copyDatabase(server, name, template));
      const dataDir = await emptyFolder();
      await cp(world.dataDir, dataDir, { recursive: true });
      return worldAt({ database: databaseNamed(name), dataDir });
    },
    clear: () => world.clear(),
  };
};
