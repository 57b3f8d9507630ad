// Verifies an export whole: every entry of its log from the root down, everything in it against that log, every version.
import type { PublicKey } from '../../../keys/key.ts';
import type { Digest } from '../../../storage/digest.ts';
import { TransportError } from '../../network/transport-error.ts';
import type { PackVersion } from '../../protocol/pack-id.ts';
import type { AuditFinding } from '../audit/findings.ts';
import { type AuditSession, startAudit } from '../audit/session.ts';
import type { Transport } from '../network/transport.ts';
import { refusal } from '../refusal.ts';
import { type LogEvidence, memoryTrustStore, type TrustState, type TrustStore } from '../trust-state.ts';
import { type Derive, exportTransport } from './export-transport.ts';
import type { ExportFile } from './open-export.ts';
import { proving } from './proofs.ts';

export interface ExportQuestion {
  /** What is believed of that registry already. */
  readonly seen?: TrustState | undefined;
  /** The envelope of the root to begin at. */
  readonly pinnedRoot?: Uint8Array | undefined;
  readonly now?: (() => Date) | undefined;
  /** Ends it at its next step. */
  readonly quit?: AbortSignal | undefined;
  readonly onProgress?: ((step: 'entries' | 'packs', done: number, of: number) => void) | undefined;
  /** Two heads of its log that exclude each other. */
  readonly onEvidence?: ((evidence: LogEvidence) => Promise<unknown>) | undefined;
}

/** What the log of an export says of one version. */
export interface LoggedBytes {
  readonly digest: Digest;
  readonly tree: string;
  /** Why no client takes it, though it is what the log records. */
  readonly refused: AuditFinding | undefined;
}

export interface VerifiedExport {
  /** Leaves in its log. */
  readonly size: number;
  /** Of the log, as the root names it. */
  readonly publicKey: PublicKey | undefined;
  /** What is to be remembered from now on. */
  readonly state: TrustState | undefined;
  readonly logged: (name: string, version: PackVersion) => LoggedBytes | undefined;
}

/** Questions that only a file can answer with no that is not what was exported. */
const OF_BYTES: ReadonlySet<unknown> = new Set(['registry', 'leaf', 'digest']);
const MOST_SHOWN = 20;

/** What its log records and no client takes, such as what was signed in a way that is past. */
const isOfVersion = ({ code, evidence }: AuditFinding): boolean =>
  code === 'version_refused' && !OF_BYTES.has(evidence['question']);

const shown = ({ code, subject, position }: AuditFinding) => ({ code, subject, position });

/** @throws Refusal `export_inconsistent` */
export const requireNone = (findings: readonly AuditFinding[], leftOut: number): void => {
  const [first] = findings;
  if (first === undefined && leftOut === 0) return;
  const evidence = { findings: findings.slice(0, MOST_SHOWN).map(shown), count: findings.length + leftOut };
  const message = first && `${first.message} (${first.subject})`;
  throw refusal('registry', 'export_inconsistent', evidence, message);
};

const compareAll = async (session: AuditSession, look: Awaited<ReturnType<AuditSession['look']>>) => {
  requireNone(session.ofLog.all(), session.ofLog.leftOut());
  const { findings, leftOut } = await session.compare(look);
  const refused = findings.filter(isOfVersion);
  requireNone(
    findings.filter((each) => !isOfVersion(each)),
    leftOut,
  );
  return new Map(refused.map((each) => [each.subject, each]));
};

const until = (quit: AbortSignal | undefined, transport: Transport): Transport => ({
  ...transport,
  get: async (url, rules) => {
    if (quit?.aborted === true) throw new TransportError('interrupted', { url });
    return transport.get(url, rules);
  },
});

/** Knows what was seen before, and forgets what it learns unless somebody asks. */
const forThisFile = async ({ seen, onEvidence }: ExportQuestion): Promise<TrustStore> => {
  const memory = memoryTrustStore();
  if (seen !== undefined) await memory.remember(seen);
  return {
    ...memory,
    keepEvidence: async (evidence) => {
      await onEvidence?.(evidence);
      return memory.keepEvidence(evidence);
    },
  };
};

/**
 * Everything or nothing: one thing in it that is not as its log has it, and nothing of it is believed. Remembers nothing
 * by itself.
 * @throws Refusal: as `lookAtRegistry`; `export_inconsistent`
 */
export const verifyExport = async (file: ExportFile, question: ExportQuestion): Promise<VerifiedExport> => {
  const { pinnedRoot, now, quit, onProgress } = question;
  const store = await forThisFile(question);
  let derive: Derive = async () => undefined;
  const transport = until(
    quit,
    exportTransport(file, (path) => derive(path)),
  );
  const opening = { url: file.head.registry, transport, store, pinnedRoot, now };
  // Nothing changes in a file: whatever is false once stays false.
  const session = startAudit({ ...opening, tarballs: true, settleMs: 0, onProgress });
  const recorded = (name: string, version: string) =>
    session.facts.versions.versionsOf(name).find((each) => each.version === version);
  const look = await session.look();
  const { reader, discovery } = look.registry;
  const addresses = discovery.trust?.log;
  if (addresses !== undefined) derive = proving({ reader, addresses, head: look.head, recorded });
  const refused = await compareAll(session, look);
  return {
    size: look.head.size,
    publicKey: look.registry.trust?.root.log.vkey.publicKey,
    state: await store.recall(),
    logged: (name, version) => {
      const found = recorded(name, version);
      if (found === undefined || found.unpublished) return undefined;
      const { tree, sha256 } = found;
      return { tree, digest: sha256 as Digest, refused: refused.get(`pack:${name}@${version}`) };
    },
  };
};
