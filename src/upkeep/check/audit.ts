// Checks the audit chain: it follows from the leaves of the log, and its key signed each of its checkpoints.
import { equalBytes } from '../../../keys/bytes.ts';
import { verify } from '../../../keys/ed25519.ts';
import type { Tx } from '../../database/connect.ts';
import {
  type AuditCheckpoint,
  auditKeyIn,
  checkpointFrom,
  leavesOfEntries,
} from '../../transparency/audit-chain/audit-store.ts';
import { chainFrom, checkpointRoot, packHashes } from '../../transparency/audit-chain/chain.ts';
import type { Report } from '../report.ts';

export interface AuditDeps {
  readonly tx: Tx;
  readonly report: Report;
}

const HASH_BYTES = 32;

/** Whether its entries are the leaves of the log, each chained to the one before. */
const followsFromLog = async (
  tx: Tx,
  { previous, atSequence, entryHashes, root }: AuditCheckpoint,
  before: Uint8Array | undefined,
): Promise<boolean> => {
  const leaves = [...(await leavesOfEntries(tx, previous + 1, atSequence)).values()];
  if (leaves.length !== atSequence - previous) return false;
  const hashes = chainFrom(previous + 1, leaves, before);
  return equalBytes(packHashes(hashes), entryHashes) && equalBytes(checkpointRoot(hashes), root);
};

/** The events of the log have to be those that were sealed: the chain is compared with nothing else. */
export const checkAudit = async ({ tx, report }: AuditDeps): Promise<void> => {
  const publicKey = await auditKeyIn(tx);
  let last: AuditCheckpoint | undefined;
  for (;;) {
    const from = last?.atSequence ?? 0;
    const next = await checkpointFrom(tx, from + 1, Number.MAX_SAFE_INTEGER);
    if (next === undefined) return;
    const about = `audit checkpoint ${next.atSequence}`;
    const { root: message, signature } = next;
    if (publicKey === undefined || !verify({ publicKey, message, signature }))
      report.add('audit_signature', about);
    const follows =
      next.previous === from && (await followsFromLog(tx, next, last?.entryHashes.slice(-HASH_BYTES)));
    if (!follows) report.add('audit_differs', about);
    last = next;
  }
};
