// Which version of a base is current: what the registry says, held against the log and against what was seen before.
import type { JsonObject } from '../../../keys/canonical.ts';
import type { Cid } from '../../protocol/cid.ts';
import { type BaseId, ownerOf } from '../../protocol/knowledge/ids.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import type { Asked } from '../proven-event.ts';
import { type Answer, notChecked, Refusal, refusal, yes } from '../refusal.ts';
import { baseAddress, type KnowledgeDeps } from './deps.ts';
import { requireProven, requireSaid, saidBy } from './recorded.ts';
import { cidOrNullAt, countAt, textAt } from './shape.ts';

export interface CurrentVersion {
  readonly version: Cid;
  /** Of the pointer: one more with each move. */
  readonly generation: number;
  readonly answer: Answer;
}

interface Pointer {
  readonly version: Cid;
  readonly generation: number;
  readonly eventId: string;
  /** Of the event that moved it, where the registry hands it out with the pointer. */
  readonly proof: string | undefined;
}

const readPointer = async ({ reader }: KnowledgeDeps, asked: Asked): Promise<Pointer> => {
  const answer = await reader.json(asked);
  const version = cidOrNullAt(asked, answer, 'knowledge_base_version');
  if (version === null)
    throw refusal('current', 'knowledge_not_found', { path: asked.path, reason: 'there is no version yet' });
  return {
    version,
    generation: countAt(asked, answer, 'generation'),
    eventId: textAt(asked, answer, 'event_id'),
    proof: textOf(answer['proof']),
  };
};

/** Whoever may not see events does not see this one; everything else that goes wrong is a refusal. */
const HIDDEN: ReadonlySet<string> = new Set(['knowledge_not_found', 'knowledge_denied']);

const proofOf = async (
  { reader }: KnowledgeDeps,
  { eventId, proof }: Pointer,
): Promise<string | undefined> => {
  if (proof !== undefined) return proof;
  try {
    const asked: Asked = { question: 'current', path: `/events/${encodeURIComponent(eventId)}` };
    return textOf((await reader.json(asked))['proof']);
  } catch (error) {
    if (error instanceof Refusal && HIDDEN.has(error.code)) return undefined;
    throw error;
  }
};

const expectedOf = (base: BaseId, { version, generation, eventId }: Pointer): JsonObject => ({
  kind: 'KnowledgeBaseCurrentPointerMoved',
  subject: base,
  workforce: ownerOf(base),
  knowledge_base_id: base,
  to_version: version,
  generation,
  id: eventId,
});

const NO_LOG = 'this registry offers no transparency log; it alone says which version is current';
const NOT_SHOWN =
  'the registry shows this principal no proof of the move; it alone says which version is current';

/** @throws Refusal `pointer_mismatch`; as `requireProven` */
const askLog = async (the: KnowledgeDeps, asked: Asked, base: BaseId, pointer: Pointer): Promise<Answer> => {
  const { log } = the.registry;
  if (log === undefined) return notChecked('current', NO_LOG);
  const proof = await proofOf(the, pointer);
  if (proof === undefined) return notChecked('current', NOT_SHOWN);
  const { event } = await requireProven(asked, log, proof);
  const said = { ...saidBy(event), id: event['id'] ?? null };
  requireSaid(asked, 'pointer_mismatch', expectedOf(base, pointer), said);
  return yes('current');
};

/** A pointer only moves on: an older one is an old answer, or a lie. */
const requireNotBack = async ({ store }: KnowledgeDeps, base: BaseId, found: Pointer): Promise<void> => {
  const seen = (await store.recall())?.pointers?.[base];
  if (seen === undefined || found.generation > seen.generation) return;
  const { version, generation } = found;
  const evidence = { base, seen, found: { generation, version }, remembered: store.place };
  if (generation < seen.generation) throw refusal('current', 'pointer_rollback', evidence);
  if (version !== seen.version) throw refusal('current', 'pointer_fork', evidence);
};

const remember = async ({ store }: KnowledgeDeps, base: BaseId, found: Pointer): Promise<void> => {
  const state = await store.recall();
  if (state === undefined) return;
  const mark = { generation: found.generation, version: found.version };
  await store.remember({ ...state, pointers: { ...state.pointers, [base]: mark } });
};

/** @throws Refusal of `current` or `checkpoint` */
export const resolveCurrent = async (the: KnowledgeDeps, base: BaseId): Promise<CurrentVersion> => {
  const asked: Asked = { question: 'current', path: `${baseAddress(base)}/pointer` };
  const pointer = await readPointer(the, asked);
  await requireNotBack(the, base, pointer);
  const answer = await askLog(the, asked, base, pointer);
  await remember(the, base, pointer);
  return { version: pointer.version, generation: pointer.generation, answer };
};
