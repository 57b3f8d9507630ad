// A registry whose log records everything it serves: root, keys, namespaces, packs and yanks; tests plant lies in it.
import type { JsonObject } from '../../keys/canonical.ts';
import { DELEGATION_PAYLOAD_TYPE, type Delegation, delegationPayload } from '../../keys/delegation.ts';
import { envelopeText, signEnvelope } from '../../keys/envelope.ts';
import type { Revocation } from '../../keys/revocation.ts';
import { WITHDRAWALS_PAYLOAD_TYPE, type Withdrawals, withdrawalsPayload } from '../../keys/withdrawals.ts';
import { type AuditReport, auditRegistry } from '../../src/client/audit/audit.ts';
import type { AuditOptions } from '../../src/client/audit/session.ts';
import { memoryTrustStore } from '../../src/client/trust-state.ts';
import { type EventFacts, type EventKind, recordEvent } from '../../src/protocol/event.ts';
import { encodeEntries, entriesPath, TILE_WIDTH } from '../../src/protocol/tiles.ts';
import { digestOf } from '../../storage/digest.ts';
import { delegationOf, rootOf, signedRoot, signer } from '../keys/trust-world.ts';
import { type MadePack, makePack } from '../world/packs.ts';
import { DISCOVERY, discoveryOf, indexOf, yank as markYanked, partOf } from '../world/static-registry.ts';
import { LOGGED_TRUST } from './logged.ts';
import { type TestLog, testLog } from './test-log.ts';
import { at, publisher, type TrustedRegistry, trustedRegistry } from './trusted.ts';

export interface AuditedRegistry extends TrustedRegistry {
  readonly log: TestLog;
  /** Enters an event into the log; gives its position. */
  record(kind: EventKind, subject: string, data: JsonObject, sealed?: boolean): number;
  publish(pack: MadePack): number;
  yank(pack: MadePack): number;
  deprecate(pack: MadePack, supersededBy?: string): number;
  /** It is served no more. */
  unpublish(pack: MadePack): number;
  revoke(reason: string, from?: 'here' | 'ever' | number): number;
  /** Serves what the log says: head, tiles, entries, index, keyring, withdrawals, discovery. */
  serve(change?: Served): Promise<void>;
  /** Serves other leaves in the place of the log's own, under the honest head. */
  serveEntries(leaves: readonly Uint8Array[]): void;
}

/** What is served otherwise than the log has it. */
export interface Served {
  readonly size?: number;
  readonly root?: Uint8Array;
  readonly delegations?: readonly Delegation[];
  readonly revocations?: readonly Revocation[];
  readonly withdrawn?: Withdrawals['withdrawn'];
  readonly assignments?: readonly JsonObject[];
  readonly index?: (packs: readonly JsonObject[]) => readonly JsonObject[];
}

const ASSIGNMENT = { namespace: 'vendor.acme.*', owner: 'acme', claimedAt: '2026-05-01' };

export const entriesOf = (leaves: readonly Uint8Array[]): ReadonlyMap<string, Uint8Array> => {
  const bundles = new Map<string, Uint8Array>();
  for (let index = 0; index * TILE_WIDTH < leaves.length; index += 1) {
    const entries = leaves.slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH);
    bundles.set(entriesPath(index, entries.length), encodeEntries(entries));
  }
  return bundles;
};

const signatureText = ({ signature }: MadePack): string | null =>
  signature.length === 0 ? null : Buffer.from(signature).toString('base64');

const publication = (pack: MadePack): JsonObject => {
  const { name, version, tree, tarball } = pack;
  const signature = signatureText(pack);
  const bytes = { sha256: digestOf(tarball), size: tarball.length };
  return { name, version, tree, ...bytes, keyId: signature === null ? null : pack.keyId, signature };
};

const statement = async (delegation: Delegation): Promise<string> => {
  const part = { payloadType: DELEGATION_PAYLOAD_TYPE, payload: delegationPayload(delegation) };
  return envelopeText(await signEnvelope(part, [signer('registrar')]));
};

/** A registry with these packs, all of it in its log, in which one entry is sealed. */
export const auditedRegistry = (...packs: readonly MadePack[]): Promise<AuditedRegistry> =>
  registryWith(packs, (record) => void record('account.created', 'account:acme', { name: 'acme' }));

/** One whose log hides nothing. */
export const openlyAudited = (...packs: readonly MadePack[]): Promise<AuditedRegistry> =>
  registryWith(packs, () => undefined);

const registryWith = async (
  packs: readonly MadePack[],
  recordAccounts: (record: AuditedRegistry['record']) => void,
): Promise<AuditedRegistry> => {
  const registry = await trustedRegistry();
  const { files } = registry;
  const log = testLog();
  const published: MadePack[] = [];
  const yanked = new Set<MadePack>();
  const deprecated = new Set<MadePack>();
  const unpublished = new Set<MadePack>();
  const proofs = new Map<string, { readonly position: number; readonly extra: Uint8Array }>();
  let revocations: Revocation[] = [];
  let versions = 0;

  const enter = (facts: Omit<EventFacts, 'actor'>): { position: number; extra: Uint8Array } => {
    const time = new Date('2026-05-01T00:00:00Z');
    const event = recordEvent(`event-${log.size()}`, time, new Uint8Array(32), {
      actor: 'registry',
      ...facts,
    });
    return { position: log.append(event.leaf), extra: event.sealed ?? event.leaf };
  };
  const record: AuditedRegistry['record'] = (kind, subject, data, sealed = false) =>
    enter({ kind, subject, data, sealed }).position;

  const publish: AuditedRegistry['publish'] = (pack) => {
    const { name, version } = pack;
    const entered = enter({
      kind: 'pack.published',
      subject: `pack:${name}@${version}`,
      data: publication(pack),
    });
    published.push(pack);
    registry.add(pack);
    proofs.set(`/v1/packs/${name}/-/${version}.proof`, entered);
    return entered.position;
  };

  const there = (): readonly MadePack[] => published.filter((pack) => !unpublished.has(pack));
  const rowOf = (name: string): JsonObject => {
    const versionsOf = there().filter((pack) => pack.name === name);
    return {
      name,
      latestVersion: versionsOf.at(-1)?.version ?? '',
      yanked: versionsOf.every((pack) => yanked.has(pack)),
      deprecated: versionsOf.every((pack) => deprecated.has(pack)),
    };
  };
  const serveIndex = ({ index = (rows) => rows }: Served): void => {
    for (const tree of ['v1', 'v2']) {
      const names = new Set(
        there()
          .filter((pack) => pack.tree === tree)
          .map(({ name }) => name),
      );
      registry.setJson(`/${tree}/index.json`, {
        packs: tree === 'v1' ? index([...names].map(rowOf)) : [...names].map(rowOf),
      });
    }
  };
  const serveEntries: AuditedRegistry['serveEntries'] = (leaves) => {
    for (const [path, bytes] of entriesOf(leaves)) files.set(`/transparency/${path}`, bytes);
  };
  const serveLog = async ({ size = log.size(), root }: Served): Promise<void> => {
    files.set('/transparency/checkpoint', Buffer.from(await log.head(size, root)));
    for (const [path, bytes] of log.tiles(size)) files.set(`/transparency/${path}`, bytes);
    serveEntries(log.leaves.slice(0, size));
    for (const [path, { position, extra }] of proofs)
      if (position < size) files.set(path, Buffer.from(await log.proof(position, extra, size)));
  };
  const serveWithdrawals = async (change: Served): Promise<void> => {
    const digests = [...new Set([...yanked, ...unpublished])].map((pack) => ({
      sha256: String(digestOf(pack.tarball)),
      kind: unpublished.has(pack) ? 'unpublished' : 'yanked',
    }));
    const withdrawn = [...(change.withdrawn ?? digests)].sort((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
    const frame = { version: versions, issuedAt: '2026-05-31T00:00:00Z', expires: '2026-06-07T00:00:00Z' };
    const payload = withdrawalsPayload({ ...frame, treeSize: change.size ?? log.size(), withdrawn });
    const envelope = await signEnvelope({ payloadType: WITHDRAWALS_PAYLOAD_TYPE, payload }, [
      signer('registrar'),
    ]);
    files.set('/trust/withdrawals.json', Buffer.from(envelopeText(envelope)));
  };
  const serve: AuditedRegistry['serve'] = async (change = {}) => {
    versions += 1;
    const delegations = change.delegations ?? [delegationOf('publisher')];
    const lists = { delegations, revocations: change.revocations ?? revocations };
    await registry.serveKeyring({ version: versions, treeSize: change.size ?? log.size(), ...lists });
    const status = revocations.length === 0 ? 'active' : 'revoked';
    const more = { trust: LOGGED_TRUST, namespaceAssignments: change.assignments ?? [ASSIGNMENT] };
    registry.setJson(DISCOVERY, discoveryOf([{ publisher, status }], more));
    serveIndex(change);
    await serveWithdrawals(change);
    await serveLog(change);
  };

  record('root.published', 'root:1', {
    envelope: envelopeText(await signedRoot(rootOf(), 'root-a', 'root-b')),
  });
  recordAccounts(record);
  record('namespace.claimed', 'namespace:vendor.acme', { namespace: 'vendor.acme', account: 'acme' });
  record('key.delegated', 'key:publisher', { statement: await statement(delegationOf('publisher')) });
  files.set('/keys/publisher.pub', Buffer.from(publisher.publicKeyPem));
  for (const pack of packs) publish(pack);
  await serve();
  return {
    ...registry,
    log,
    record,
    publish,
    serve,
    serveEntries,
    yank: (pack) => {
      const { name, version } = pack;
      yanked.add(pack);
      markYanked(registry, pack, 'broken');
      return record('pack.yanked', `pack:${name}@${version}`, { name, version, reason: 'broken' });
    },
    deprecate: (pack, supersededBy) => {
      const { name, version } = pack;
      deprecated.add(pack);
      const more = supersededBy === undefined ? {} : { supersededBy };
      const manifest = registry.json(partOf(pack, 'json'));
      registry.setJson(partOf(pack, 'json'), { ...manifest, deprecated: true, ...more });
      const index = registry.json(indexOf(pack));
      const versions = (index['versions'] as readonly JsonObject[]).map((row) =>
        row['version'] === version ? { ...row, deprecated: true } : row,
      );
      registry.setJson(indexOf(pack), { ...index, versions });
      return record('pack.deprecated', `pack:${name}@${version}`, { name, version, reason: 'old', ...more });
    },
    unpublish: (pack) => {
      const { name, version } = pack;
      unpublished.add(pack);
      for (const part of ['json', 'tgz', 'sig']) files.delete(partOf(pack, part));
      const index = registry.json(indexOf(pack));
      const versions = (index['versions'] as readonly JsonObject[]).filter(
        (row) => row['version'] !== version,
      );
      if (versions.length === 0) files.delete(indexOf(pack));
      else registry.setJson(indexOf(pack), { ...index, versions });
      return record('pack.unpublished', `pack:${name}@${version}`, { name, version });
    },
    revoke: (reason, from = 'here') => {
      const position = record('key.revoked', 'key:publisher', { keyId: 'publisher', reason, from });
      const fromPosition = from === 'here' ? position : from === 'ever' ? null : from;
      revocations = [
        { keyId: signer('publisher').keyId, reason, fromPosition, issuedAt: '2026-05-02T00:00:00Z' },
      ];
      return position;
    },
  };
};

export const packNamed = (name: string, version = '1.0.0'): Promise<MadePack> =>
  makePack(publisher, { name, version });

/** Audits with a memory of its own, and looks again at once at what seems false. */
export const audit = (registry: AuditedRegistry, more: Partial<AuditOptions> = {}): Promise<AuditReport> =>
  auditRegistry({ url: registry.url, store: memoryTrustStore(), settleMs: 0, ...at(), ...more });

/** The codes of all findings, each with what it is about. */
export const found = ({ findings }: AuditReport): readonly string[] =>
  findings.map(({ code, subject, position }) => `${code} ${subject} ${position ?? '-'}`).sort();
