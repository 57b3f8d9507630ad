// One event about a base: the whole of it held against the leaf that commits to it, and that against the log.
import { equalBytes, utf8 } from '../../../keys/bytes.ts';
import type { JsonObject } from '../../../keys/canonical.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import { type Asked, openFull, readProof, requireIncluded } from '../proven-event.ts';
import { type Answer, notChecked, refusal, yes } from '../refusal.ts';
import type { KnowledgeDeps } from './deps.ts';
import { bytesAt, textAt } from './shape.ts';

export interface CheckedEvent {
  readonly eventId: string;
  /** All of it: `kind`, `at`, `actor`, `subject`, `causationId`, `data`. */
  readonly event: JsonObject;
  /** Undefined where there is no log. */
  readonly recorded: { readonly index: number; readonly treeSize: number } | undefined;
  readonly checked: readonly Answer[];
}

const NO_LOG = 'this registry offers no transparency log';

const requireLeaf = (asked: Asked, eventId: string, answer: JsonObject) => {
  const opened = openFull(asked, utf8(textAt(asked, answer, 'event')));
  const { question, path } = asked;
  if (opened.event['id'] !== eventId)
    throw refusal(question, 'event_mismatch', { path, expected: eventId, found: opened.event['id'] ?? null });
  if (!equalBytes(opened.leaf, bytesAt(asked, answer, 'leaf')))
    throw refusal(question, 'event_mismatch', { path, eventId, reason: 'the leaf commits to another event' });
  return opened;
};

/** @throws Refusal of `event` */
export const checkEvent =
  (the: KnowledgeDeps) =>
  async (eventId: string): Promise<CheckedEvent> => {
    const asked: Asked = { question: 'event', path: `/events/${encodeURIComponent(eventId)}` };
    const answer = await the.reader.json(asked);
    const { event, leaf } = requireLeaf(asked, eventId, answer);
    const { log } = the.registry;
    if (log === undefined)
      return { eventId, event, recorded: undefined, checked: [notChecked('event', NO_LOG)] };
    const text = textOf(answer['proof']);
    if (text === undefined) throw refusal('event', 'proof_missing', { path: asked.path });
    const proof = readProof(asked, text);
    const treeSize = await requireIncluded(asked, log, proof, leaf);
    return { eventId, event, recorded: { index: proof.index, treeSize }, checked: [yes('event')] };
  };
