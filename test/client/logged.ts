// A registry with a root, a registrar and a log, all of which tests may bend: what it serves, and when it says so.
import type { JsonObject } from '../../keys/canonical.ts';
import { envelopeText, signEnvelope } from '../../keys/envelope.ts';
import { WITHDRAWALS_PAYLOAD_TYPE, type Withdrawals, withdrawalsPayload } from '../../keys/withdrawals.ts';
import { recordEvent } from '../../src/protocol/event.ts';
import { describeRelease } from '../../src/protocol/release.ts';
import {
  RELEASE_PAYLOAD_TYPE,
  type ReleaseStatement,
  releaseStatementPayload,
} from '../../src/protocol/statement.ts';
import { digestOf } from '../../storage/digest.ts';
import { delegationOf, signer } from '../keys/trust-world.ts';
import type { MadePack } from '../world/packs.ts';
import { DISCOVERY, discoveryOf } from '../world/static-registry.ts';
import { otherLeaf, type TestLog, testLog } from './test-log.ts';
import { publisher, TRUST, type TrustedRegistry, trustedRegistry } from './trusted.ts';

const LOG = {
  origin: 'log.example.com',
  vkey: 'whatever a discovery document says: only the root counts',
  checkpoint: '/transparency/checkpoint',
  tile: '/transparency/tile/{L}/{N}',
  entries: '/transparency/tile/entries/{N}',
};

export const LOGGED_TRUST: JsonObject = {
  ...TRUST,
  log: LOG,
  versionProof: '/v1/packs/{name}/-/{version}.proof',
  releaseStatement: '/v1/packs/{name}/-/{version}.intoto.json',
  withdrawals: '/trust/withdrawals.json',
};

export const CHECKPOINT = LOG.checkpoint;
export const WITHDRAWALS = '/trust/withdrawals.json';
export const proofOf = ({ name, version }: MadePack): string => `/v1/packs/${name}/-/${version}.proof`;
export const statementOf = ({ name, version }: MadePack): string =>
  `/v1/packs/${name}/-/${version}.intoto.json`;

/** What a registry records of a publication; `change` alters what the event says. */
export interface RecordOptions {
  readonly at?: string;
  readonly change?: JsonObject;
  readonly sealed?: boolean;
  readonly kind?: 'pack.published' | 'pack.yanked';
}

export interface LoggedRegistry extends TrustedRegistry {
  /** Where the honest history is; another may be served. */
  readonly log: TestLog;
  /** Enters a publication into the log; gives its index. Nothing is served before `serveLog`. */
  record(pack: MadePack, options?: RecordOptions): number;
  /** Serves the head, the tiles and the proofs of that log (default: the honest one) at that size. */
  serveLog(log?: TestLog, size?: number): Promise<void>;
  serveWithdrawals(change: Partial<Withdrawals>, ...signers: readonly string[]): Promise<void>;
  serveStatement(pack: MadePack, change?: Partial<ReleaseStatement>, signedBy?: string): Promise<void>;
  /** Changes the trust block of the discovery document. */
  setTrust(trust: JsonObject): void;
}

const signatureText = ({ signature }: MadePack): string | null =>
  signature.length === 0 ? null : Buffer.from(signature).toString('base64');

const eventOf = (pack: MadePack, number: number, options: RecordOptions) => {
  const { name, version, tree, tarball } = pack;
  const signature = signatureText(pack);
  const keyId = signature === null ? null : pack.keyId;
  const bytes = { sha256: digestOf(tarball), size: tarball.length };
  return recordEvent(`event-${number}`, new Date(options.at ?? '2026-05-01T00:00:00Z'), new Uint8Array(32), {
    kind: options.kind ?? 'pack.published',
    actor: 'account:acme',
    subject: `pack:${name}@${version}`,
    sealed: options.sealed === true,
    data: { name, version, tree, ...bytes, keyId, signature, ...options.change },
  });
};

const withdrawalsOf = (change: Partial<Withdrawals>): Withdrawals => ({
  version: 1,
  issuedAt: '2026-05-31T00:00:00Z',
  expires: '2026-06-07T00:00:00Z',
  treeSize: 0,
  withdrawn: [],
  ...change,
});

/** An empty log but for a few events of other things; the packs given are recorded and served. */
export const loggedRegistry = async (...packs: readonly MadePack[]): Promise<LoggedRegistry> => {
  const registry = await trustedRegistry(...packs);
  const log = testLog([1, 2, 3].map((number) => otherLeaf(`other ${number}`)));
  const events = new Map<string, { readonly index: number; readonly extra: Uint8Array }>();
  const { files } = registry;
  const record: LoggedRegistry['record'] = (pack, options = {}) => {
    const { leaf, sealed } = eventOf(pack, log.size(), options);
    const index = log.append(leaf);
    events.set(proofOf(pack), { index, extra: sealed ?? leaf });
    return index;
  };
  const serveLog: LoggedRegistry['serveLog'] = async (served = log, size = served.size()) => {
    files.set(CHECKPOINT, Buffer.from(await served.head(size)));
    for (const [path, bytes] of served.tiles(size)) files.set(`/transparency/${path}`, bytes);
    for (const [path, { index, extra }] of events)
      if (index < size) files.set(path, Buffer.from(await served.proof(index, extra, size)));
  };
  const serveWithdrawals: LoggedRegistry['serveWithdrawals'] = async (change, ...names) => {
    const payload = withdrawalsPayload(withdrawalsOf(change));
    const signers = (names.length === 0 ? ['registrar'] : names).map(signer);
    const envelope = await signEnvelope({ payloadType: WITHDRAWALS_PAYLOAD_TYPE, payload }, signers);
    files.set(WITHDRAWALS, Buffer.from(envelopeText(envelope)));
  };
  const serveStatement: LoggedRegistry['serveStatement'] = async (pack, change = {}, by = 'publisher') => {
    const manifest = pack.files.get('pack.json') ?? new Uint8Array();
    const stated = { ...describeRelease(digestOf(pack.tarball), manifest), ...change };
    const part = { payloadType: RELEASE_PAYLOAD_TYPE, payload: releaseStatementPayload(stated) };
    files.set(statementOf(pack), Buffer.from(envelopeText(await signEnvelope(part, [signer(by)]))));
  };
  const setTrust = (trust: JsonObject): void =>
    registry.setJson(DISCOVERY, discoveryOf([{ publisher }], { trust }));
  const serveKeyring: LoggedRegistry['serveKeyring'] = (change, ...names) =>
    registry.serveKeyring({ treeSize: log.size(), ...change }, ...names);

  const delegate: LoggedRegistry['delegate'] = (...changes) =>
    serveKeyring({ delegations: changes.map((change) => delegationOf('publisher', change)) });

  for (const pack of packs) record(pack);
  setTrust(LOGGED_TRUST);
  await serveKeyring({});
  await serveWithdrawals({});
  await serveLog();
  return {
    ...registry,
    log,
    record,
    serveLog,
    serveKeyring,
    delegate,
    serveWithdrawals,
    serveStatement,
    setTrust,
  };
};
