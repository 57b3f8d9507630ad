// Checks the rows of the log: dense places, each event once and in its order, and the head that they hash to.
import { equalBytes } from '../../../keys/bytes.ts';
import type { Root } from '../../../keys/root.ts';
import type { Tx } from '../../database/connect.ts';
import { type Checkpoint, openCheckpoint } from '../../protocol/checkpoint.ts';
import { appendLeaves, type Edge, EMPTY_EDGE, edgeRoot } from '../../protocol/growing-tree.ts';
import { LogError } from '../../protocol/log-errors.ts';
import { hashLeaf } from '../../protocol/merkle.ts';
import { TILE_WIDTH } from '../../protocol/tiles.ts';
import { type EventOrder, type Head, readHead } from '../../transparency/log-store.ts';
import type { FindingCode } from '../findings.ts';
import { rowsBehind } from '../pages.ts';
import type { Report } from '../report.ts';
import {
  type EventRow,
  type LeafRow,
  leavesIn,
  positionsBeyond,
  repeatedEvents,
  unsealedAfter,
} from '../upkeep-store.ts';
import { flawsOfEvent } from './event.ts';

export interface RowsDeps {
  readonly tx: Tx;
  readonly report: Report;
  /** The chain of roots, oldest first. */
  readonly roots: readonly Root[];
  /** Sizes above `start` and up to `end` at which something else signs the tree, ascending, each once. */
  readonly stops: (start: number, end: number) => Promise<readonly number[]>;
  /** Told of the tree at each stop, while the rows are whole. */
  readonly onStop: (edge: Edge) => Promise<void>;
  readonly progress: (done: number, total: number) => void;
}

export interface CheckedRows {
  readonly head: Head | undefined;
  /** The right edge of the tree that the rows make; undefined where some are missing. */
  readonly edge: Edge | undefined;
  /** The rows make the very tree that the log has signed, so that everything else can be made from them. */
  readonly sound: boolean;
}

const isEvent = (row: LeafRow): row is LeafRow & EventRow => row.id !== null;

/** What was brought here from elsewhere has its old order in its places alone. */
const isBehind = (last: EventOrder, { xact, ordinal }: EventOrder): boolean =>
  xact === '0' || last.xact === '0' || BigInt(xact) > BigInt(last.xact)
    ? true
    : xact === last.xact && ordinal > last.ordinal;

/** Follows the places in order and tells what is wrong with each. */
const followRows = ({ report }: RowsDeps) => {
  let last: EventOrder = { xact: '0', ordinal: -1 };
  let expected = 0;
  const step = (row: LeafRow): boolean => {
    let whole = row.position === expected;
    for (; expected < row.position; expected += 1) report.add('position_missing', String(expected));
    expected = row.position + 1;
    if (!isEvent(row)) report.add('leaf_without_event', String(row.position), { found: row.event_id });
    else {
      for (const { about, code, ...evidence } of flawsOfEvent(row)) report.add(code, about, evidence);
      if (!isBehind(last, row))
        report.add('event_order', String(row.position), { expected: last, found: row.id });
      last = row;
    }
    whole &&= isEvent(row);
    return whole;
  };
  return {
    step,
    end: (size: number): boolean => {
      const whole = expected >= size;
      for (; expected < size; expected += 1) report.add('position_missing', String(expected));
      return whole;
    },
  };
};

/** Grows the tree by the leaves of one window, halting at each stop in it. */
const growBy = async (the: RowsDeps, edge: Edge, hashes: readonly Uint8Array[]): Promise<Edge> => {
  const end = edge.size + hashes.length;
  const stops = await the.stops(edge.size, end);
  let grown = edge;
  for (const stop of new Set([...stops, end])) {
    grown = appendLeaves(grown, hashes.slice(grown.size - edge.size, stop - edge.size)).edge;
    if (stops.includes(stop)) await the.onStop(grown);
  }
  return grown;
};

const hashesOf = (rows: readonly LeafRow[]): readonly Uint8Array[] =>
  rows.flatMap((row) => (isEvent(row) ? [hashLeaf(row.leaf)] : []));

const followAll = async (the: RowsDeps, size: number): Promise<Edge | undefined> => {
  const follow = followRows(the);
  let edge: Edge | undefined = EMPTY_EDGE;
  for (let start = 0; start < size; start += TILE_WIDTH) {
    const rows = await leavesIn(the.tx, start, Math.min(start + TILE_WIDTH, size));
    const whole = rows.map(follow.step).every(Boolean);
    const hashes = hashesOf(rows);
    edge = whole && edge && edge.size === start ? await growBy(the, edge, hashes) : undefined;
    the.progress(Math.min(start + TILE_WIDTH, size), size);
  }
  return follow.end(size) ? edge : undefined;
};

const strays = async ({ tx, report }: RowsDeps, size: number): Promise<void> => {
  for (const position of await positionsBeyond(tx, size))
    report.add('position_beyond_head', String(position));
  for (const id of await repeatedEvents(tx)) report.add('event_twice', id);
};

const unsealed = async ({ tx, report }: RowsDeps): Promise<void> => {
  const page = (after: string) => unsealedAfter(tx, after);
  for await (const row of rowsBehind('', page, ({ id }) => id)) {
    for (const { about, code, ...evidence } of flawsOfEvent(row)) report.add(code, about, evidence);
    if (row.skipped) report.add('event_skipped', row.id);
  }
};

type Opened = { readonly checkpoint: Checkpoint; readonly byNewest: boolean };

/** The checkpoint in a note, by whichever key the log has had; undefined where none of them signed it. */
export const openedBy = (roots: readonly Root[], note: string): Opened | undefined => {
  for (const [back, root] of [...roots].reverse().entries()) {
    try {
      return { checkpoint: openCheckpoint(note, root.log.vkey), byNewest: back === 0 };
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
    }
  }
  return undefined;
};

const checkSignature = ({ report, roots }: RowsDeps, head: Head): boolean => {
  const found = openedBy(roots, head.checkpoint);
  const about = `checkpoint of ${head.size}`;
  const bad = (code: FindingCode, evidence = {}): boolean => {
    report.add(code, about, evidence);
    return false;
  };
  if (found === undefined) return bad('checkpoint_invalid');
  const { size, root } = found.checkpoint;
  if (size !== head.size || !equalBytes(root, head.root))
    return bad('checkpoint_differs', { expected: head.size, found: size });
  if (!found.byNewest) report.add('checkpoint_old_key', about);
  return true;
};

/** Everything that the rows alone can show, and whether they are what was signed. */
export const checkRows = async (the: RowsDeps): Promise<CheckedRows> => {
  const head = await readHead(the.tx);
  const size = head?.size ?? 0;
  await strays(the, size);
  await unsealed(the);
  if (head === undefined) {
    if (the.report.has('position_beyond_head')) the.report.add('head_missing', 'log');
    return { head, edge: EMPTY_EDGE, sound: false };
  }
  const edge = await followAll(the, size);
  const matches = edge !== undefined && equalBytes(edgeRoot(edge), head.root);
  if (!matches) the.report.add('head_root', `head of ${size}`);
  return { head, edge, sound: checkSignature(the, head) && matches };
};
