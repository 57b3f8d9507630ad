// Re-walks a range of the audit chain and says of every entry and checkpoint in it whether it is what was signed.
import { encodeBase64, encodeHex, equalBytes } from '../../../keys/bytes.ts';
import { verify } from '../../../keys/ed25519.ts';
import type { PublicKey } from '../../../keys/key.ts';
import type { Sql } from '../../database/connect.ts';
import { fault } from '../../protocol/faults.ts';
import type { ReadTile } from '../../protocol/tiles.ts';
import { type AuditCheckpoint, checkpointFrom, lastHashAt, leavesOfEntries } from './audit-store.ts';
import { checkpointRoot, entryHash, unpackHashes } from './chain.ts';
import { INTERVAL_ENTRIES } from './mint.ts';
import { type SealedHead, unsoundEntries } from './sound.ts';

/** Both ends included; sequences count from 1, and 0 stands for the beginning. */
export interface AuditRange {
  readonly fromSeq: number;
  readonly toSeq: number;
}

/** Of the closed shape that RFC 0218 §C gives each kind; one without a kind is a break of the chain. */
export type AuditAnomaly =
  | { readonly atSeq: number; readonly expectedPrevHash: string; readonly actualPrevHash: string }
  | { readonly atSeq: number; readonly kind: 'hash-mismatch' | 'missing-entry' }
  | {
      readonly atSeq: number;
      readonly kind: 'merkle-mismatch' | 'signature-invalid';
      readonly checkpoint: string;
    };

/** The closed answer of `GET /v1/audit/verify`. */
export interface AuditVerdict extends AuditRange {
  readonly chainValid: boolean;
  readonly checkpointsValid: boolean;
  readonly checkpoints: readonly {
    readonly checkpoint: string;
    readonly atSequence: number;
    readonly merkleRoot: string;
    readonly signature: string;
  }[];
  readonly anomalies: readonly AuditAnomaly[];
}

export interface AuditDeps {
  readonly sql: Sql;
  readonly newestHead: () => Promise<SealedHead | undefined>;
  readonly readTile: ReadTile;
  readonly publicKey: PublicKey;
}

/** A second or two of work. */
export const MAX_ENTRIES = 100_000;

const idOf = ({ atSequence }: AuditCheckpoint): string => `cp_${atSequence}`;

const checkSigned = ({ publicKey }: AuditDeps, checkpoint: AuditCheckpoint): readonly AuditAnomaly[] => {
  const { atSequence: atSeq, root, signature, entryHashes } = checkpoint;
  const named = { atSeq, checkpoint: idOf(checkpoint) };
  const isRoot = equalBytes(checkpointRoot(unpackHashes(entryHashes)), root);
  const isSigned = verify({ publicKey, message: root, signature });
  return [
    ...(isRoot ? [] : [{ ...named, kind: 'merkle-mismatch' as const }]),
    ...(isSigned ? [] : [{ ...named, kind: 'signature-invalid' as const }]),
  ];
};

/** The entry after a changed one carries the hash that was made before it was changed. */
const compare = (
  sequence: number,
  leaf: Uint8Array | undefined,
  previous: Uint8Array | undefined,
  carried: Uint8Array,
): readonly AuditAnomaly[] => {
  if (leaf === undefined) return [{ atSeq: sequence, kind: 'missing-entry' }];
  const made = entryHash(sequence, leaf, previous);
  if (equalBytes(made, carried)) return [];
  return [{ atSeq: sequence + 1, expectedPrevHash: encodeHex(made), actualPrevHash: encodeHex(carried) }];
};

/** The entries of one checkpoint that lie in the range. */
const walkBelow = async (
  the: AuditDeps,
  { previous, atSequence, entryHashes }: AuditCheckpoint,
  [first, last]: readonly [number, number],
): Promise<readonly AuditAnomaly[]> => {
  const hashes = unpackHashes(entryHashes);
  const before = previous === 0 ? undefined : await lastHashAt(the.sql, previous);
  const [start, end] = [Math.max(first, previous + 1), Math.min(last, atSequence)];
  const leaves = await leavesOfEntries(the.sql, start, end);
  const anomalies: AuditAnomaly[] = [];
  for (let sequence = start; sequence <= end; sequence += 1) {
    const at = sequence - previous - 1;
    const carried = hashes[at] ?? new Uint8Array();
    anomalies.push(...compare(sequence, leaves.get(sequence), at === 0 ? before : hashes[at - 1], carried));
  }
  return anomalies;
};

/** What no checkpoint covers yet is held against the sealed tree. */
const walkTail = async (
  the: AuditDeps,
  head: SealedHead,
  [first, last]: readonly [number, number],
): Promise<readonly AuditAnomaly[]> => {
  const anomalies: AuditAnomaly[] = [];
  for (let start = first; start <= last; start += INTERVAL_ENTRIES) {
    const part = [start, Math.min(last, start + INTERVAL_ENTRIES - 1)] as const;
    const leaves = await leavesOfEntries(the.sql, ...part);
    for (const atSeq of await unsoundEntries(the.readTile, head, leaves, part))
      anomalies.push({ atSeq, kind: leaves.has(atSeq) ? 'hash-mismatch' : 'missing-entry' });
  }
  return anomalies;
};

const walk = async (the: AuditDeps, head: SealedHead, [first, last]: readonly [number, number]) => {
  const checkpoints: AuditCheckpoint[] = [];
  const anomalies: AuditAnomaly[] = [];
  let next = first;
  while (next <= last) {
    const checkpoint = await checkpointFrom(the.sql, next, last);
    // A checkpoint that does not cover the next entry has lost the one before it.
    const covered = checkpoint !== undefined && checkpoint.previous < next ? checkpoint : undefined;
    if (covered === undefined) {
      const end = checkpoint === undefined ? last : checkpoint.previous;
      anomalies.push(...(await walkTail(the, head, [next, end])));
      next = end + 1;
      continue;
    }
    anomalies.push(...checkSigned(the, covered), ...(await walkBelow(the, covered, [first, last])));
    if (covered.atSequence <= last) checkpoints.push(covered);
    next = covered.atSequence + 1;
  }
  return { checkpoints, anomalies };
};

const requireBounded = (first: number, last: number): void => {
  if (last - first < MAX_ENTRIES) return;
  const message = `Ask for at most ${MAX_ENTRIES} entries at once.`;
  throw fault('validation_error', { most: MAX_ENTRIES, fromSeq: first, toSeq: last }, message);
};

/** @throws Fault validation_error for more entries than are walked at once */
export const verifyAudit =
  (the: AuditDeps) =>
  async ({ fromSeq, toSeq }: AuditRange): Promise<AuditVerdict> => {
    const head = await the.newestHead();
    const [first, last] = [Math.max(fromSeq, 1), Math.min(toSeq, head?.size ?? 0)] as const;
    requireBounded(first, last);
    const found =
      head === undefined ? { checkpoints: [], anomalies: [] } : await walk(the, head, [first, last]);
    return {
      fromSeq,
      toSeq,
      chainValid: found.anomalies.length === 0,
      checkpointsValid: !found.anomalies.some((anomaly) => 'checkpoint' in anomaly),
      checkpoints: found.checkpoints.map((each) => ({
        checkpoint: idOf(each),
        atSequence: each.atSequence,
        merkleRoot: encodeHex(each.root),
        signature: encodeBase64(each.signature),
      })),
      anomalies: found.anomalies,
    };
  };
