// Checks everything about bases that can be read in one moment of the database, with the documents that it names.
import type { BlobStore } from '../../../storage/blob-store.ts';
import type { Tx } from '../../database/connect.ts';
import { strayEntries } from '../content-store.ts';
import { basesAfter, type CheckedBase, countBases, hasBases } from '../knowledge-store.ts';
import { rowsBehind } from '../pages.ts';
import type { Report } from '../report.ts';
import { checkGovernance } from './knowledge-bases.ts';
import { checkContributions } from './knowledge-contributions.ts';
import { checkDocuments } from './knowledge-documents.ts';
import { checkErasures } from './knowledge-erasures.ts';
import { checkKnowledgeEvents } from './knowledge-events.ts';
import { checkJudgements } from './knowledge-judgements.ts';
import { checkPointer } from './knowledge-pointer.ts';
import { checkLine } from './knowledge-versions.ts';

export interface KnowledgeDeps {
  readonly tx: Tx;
  readonly blobs: BlobStore;
  readonly report: Report;
  /** How many documents are read to the end; of the others only size and place are looked at. */
  readonly sample: number | 'all';
  /** Whether somebody holds these bytes now. */
  readonly isHeld: (digest: string) => Promise<boolean>;
  readonly progress: (part: string, done: number, total: number) => void;
}

const checkBase = async (the: KnowledgeDeps, base: CheckedBase): Promise<void> => {
  await checkGovernance(the, base);
  await checkPointer(the, base);
  await checkLine(the, base);
};

const checkBases = async (the: KnowledgeDeps): Promise<void> => {
  const total = await countBases(the.tx);
  let done = 0;
  const page = (after: string) => basesAfter(the.tx, after);
  for await (const base of rowsBehind('', page, ({ id }) => id)) {
    await checkBase(the, base);
    done += 1;
    the.progress('bases', done, total);
  }
  for (const { base, path, from_seq } of await strayEntries(the.tx))
    the.report.add('entries_differ', `${base} ${path}`, { found: `from version ${from_seq} on` });
};

export const checkKnowledge = async (the: KnowledgeDeps): Promise<void> => {
  if (!(await hasBases(the.tx))) return;
  const telling = (part: string) => (done: number, total: number) => the.progress(part, done, total);
  await checkBases(the);
  await checkContributions({ ...the, progress: telling('contributions') });
  await checkJudgements(the);
  await checkKnowledgeEvents({ ...the, progress: telling('events about bases') });
  await checkErasures(the);
  await checkDocuments({ ...the, progress: telling('documents') });
};
