// What a registry listed at an earlier time, by its log: every entry is read, and the whole of it verified under the head.
import { encodeBase64, equalBytes } from '../../../keys/bytes.ts';
import { KeyError } from '../../../keys/errors.ts';
import { openEvent } from '../../protocol/event.ts';
import { appendLeaves, type Edge, EMPTY_EDGE, edgeRoot } from '../../protocol/growing-tree.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import { hashLeaf } from '../../protocol/merkle.ts';
import { createFacts, type LogFacts } from '../audit/facts.ts';
import type { Report } from '../audit/findings.ts';
import { walkLog } from '../audit/walk.ts';
import { refusal } from '../refusal.ts';
import type { OpenRegistry } from '../registry.ts';
import type { Listed } from '../resolve/types.ts';
import { type Moment, momentText } from './names.ts';

export interface PastState {
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** @throws Refusal `pack_not_found` */
  readonly list: (name: string) => readonly Listed[];
}

/** Reading them all takes minutes; whoever has more asks at the registry. */
const MAX_ENTRIES = 5_000_000;

/** Undefined of what is sealed, which tells no time. */
const timeOf = (entry: Uint8Array): number | undefined => {
  try {
    const time = Date.parse(textOf(openEvent(entry).event['at']) ?? '');
    return Number.isNaN(time) ? undefined : time;
  } catch (error) {
    if (error instanceof KeyError || error instanceof RangeError) return undefined;
    throw error;
  }
};

const isAfter = (moment: Moment, position: number, entry: Uint8Array): boolean =>
  'size' in moment ? position >= moment.size : (timeOf(entry) ?? 0) > moment.time.getTime();

const nothingThen = (name: string, size: number) =>
  refusal(
    'registry',
    'pack_not_found',
    { name, asOf: momentText({ size }) },
    `The registry had no ${name} when its log had ${momentText({ size })}.`,
  );

const listFrom =
  ({ versions }: LogFacts, size: number) =>
  (name: string): readonly Listed[] => {
    const found = versions.versionsOf(name).filter(({ unpublished }) => !unpublished);
    if (found.length === 0) throw nothingThen(name, size);
    return found.map(({ version, yanked, deprecated }) => ({ version, yanked, deprecated }));
  };

const requireInside = (moment: Moment, size: number): void => {
  if (size > MAX_ENTRIES) throw refusal('checkpoint', 'reply_too_large', { size, most: MAX_ENTRIES });
  if ('size' in moment && moment.size > size)
    throw refusal(
      'registry',
      'log_too_short',
      { asked: moment.size, size },
      `The log has ${size} entries, and not ${moment.size}.`,
    );
};

/**
 * What is private is sealed in a log, and thus in no list of the past.
 * @throws Refusal `log_too_short`; of `checkpoint` where there is no log, or its entries are not those of its head
 */
export const pastState = async (
  { log, discovery, reader }: OpenRegistry,
  moment: Moment,
): Promise<PastState> => {
  const tile = discovery.trust?.log?.tile;
  if (log === undefined || tile === undefined) throw refusal('checkpoint', 'checkpoint_missing');
  const head = log.newest();
  requireInside(moment, head.size);
  const facts = createFacts(() => undefined);
  let edge: Edge = EMPTY_EDGE;
  let past: Edge | undefined;
  const report: Report = (code, subject, evidence) => {
    throw refusal('checkpoint', 'log_unprovable', { reason: code, subject, ...evidence });
  };
  const onEntries = (position: number, entries: readonly Uint8Array[], grown: Edge): void => {
    const cut =
      past === undefined ? entries.findIndex((each, at) => isAfter(moment, position + at, each)) : 0;
    const before = cut < 0 ? entries : entries.slice(0, cut);
    for (const [at, entry] of before.entries()) if (past === undefined) facts.take(position + at, entry);
    if (past === undefined && cut >= 0) past = appendLeaves(edge, before.map(hashLeaf)).edge;
    edge = grown;
  };
  await walkLog({ reader, tile, report, onEntries }, EMPTY_EDGE, head.size);
  if (!equalBytes(edgeRoot(edge), head.root))
    report('root_mismatch', 'log', {
      expected: encodeBase64(head.root),
      found: encodeBase64(edgeRoot(edge)),
    });
  const state = past ?? edge;
  return { size: state.size, root: encodeBase64(edgeRoot(state)), list: listFrom(facts, state.size) };
};
