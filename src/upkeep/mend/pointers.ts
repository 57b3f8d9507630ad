// Sets pointers of bases to where their last moves left them, where the line of moves is whole.
import type { Tx } from '../../database/connect.ts';
import { inTransaction } from '../../database/transaction.ts';
import { lockBase } from '../../knowledge/bases/base-store.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { standAfter } from '../check/knowledge-pointer.ts';
import { basesWith, lastMove } from '../knowledge-store.ts';
import { setStand } from '../mending-store.ts';
import type { MendDeps } from './mend.ts';

const mendPointer = async (tx: Tx, id: BaseId): Promise<void> => {
  await lockBase(tx, id);
  const [base] = await basesWith(tx, id);
  if (base !== undefined) await setStand(tx, id, standAfter(await lastMove(tx, id), base.newest_seq));
};

/** Where a move, or a version, is not what it was or not there, the last one that is left need not be the last. */
const SPOILT = /^(pointer_move_|base_version_|event_without_base_version)/;

export const mendPointers = async ({ sql, report, tell }: MendDeps): Promise<void> => {
  const findings = report.findings();
  const spoilt = findings.filter(({ code }) => SPOILT.test(code)).map(({ about }) => about.split(/[@ ]/)[0]);
  for (const { code, about } of findings) {
    if (code !== 'pointer_differs' || spoilt.includes(about)) continue;
    await inTransaction(sql, (tx) => mendPointer(tx, about as BaseId));
    tell(`${about}: its pointer set to where its last move left it`);
  }
};
