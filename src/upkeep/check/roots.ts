// Checks the chain of roots, and each root with the event that published it.
import { parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import { type Root, verifyFirstRoot, verifyRootUpdate } from '../../../keys/root.ts';
import type { Tx } from '../../database/connect.ts';
import { rowsBehind } from '../pages.ts';
import type { Report } from '../report.ts';
import { allRoots, eventsOfKinds } from '../upkeep-store.ts';
import { dataOf } from './event.ts';

export interface RootsDeps {
  readonly tx: Tx;
  readonly report: Report;
}

/** A root that is believed, and from which place of the log on; undefined while its event has none. */
export interface PlacedRoot {
  readonly root: Root;
  readonly from: number | undefined;
}

type Envelopes = ReadonlyMap<number, string>;

const verifyNext = (before: Root | undefined, envelope: string): Root =>
  before === undefined
    ? verifyFirstRoot(parseEnvelope(envelope))
    : verifyRootUpdate(before, parseEnvelope(envelope));

/** As far as the chain holds. */
const walkChain = ({ report }: RootsDeps, rows: Envelopes): readonly Root[] => {
  const roots: Root[] = [];
  for (let version = 1; version <= Math.max(0, ...rows.keys()); version += 1) {
    const envelope = rows.get(version);
    if (envelope === undefined) {
      report.add('root_missing', String(version));
      return roots;
    }
    try {
      roots.push(verifyNext(roots.at(-1), envelope));
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
      report.add('root_invalid', String(version), { found: error.code });
      return roots;
    }
  }
  return roots;
};

/** Where each root was published, from its event; tells where the two do not agree. */
const placesOf = async (
  { tx, report }: RootsDeps,
  rows: Envelopes,
): Promise<ReadonlyMap<number, number | null>> => {
  const places = new Map<number, number | null>();
  const page = (after: string) => eventsOfKinds(tx, ['root.published'], after);
  // A registry publishes as many roots as its clients walk, so that the places of all fit into memory.
  for await (const event of rowsBehind('', page, ({ id }) => id)) {
    const version = Number(/^root:(\d+)$/.exec(event.subject)?.[1]);
    if (dataOf(event)['envelope'] !== rows.get(version)) report.add('root_event_differs', event.subject);
    places.set(version, event.position);
  }
  for (const version of rows.keys())
    if (!places.has(version)) report.add('root_event_differs', `root:${version}`);
  return places;
};

/** The roots that are believed, oldest first. */
export const checkRoots = async (the: RootsDeps): Promise<readonly PlacedRoot[]> => {
  const rows = new Map((await allRoots(the.tx)).map(({ version, envelope }) => [version, envelope]));
  const roots = walkChain(the, rows);
  const places = await placesOf(the, rows);
  return roots.map((root) => ({ root, from: places.get(root.version) ?? undefined }));
};

/** The root in force at a place of the log; the newest for what has none yet. */
export const rootAtPlace = (roots: readonly PlacedRoot[], position: number | null): Root | undefined => {
  if (position === null) return roots.at(-1)?.root;
  return (
    [...roots].reverse().find(({ from }) => from !== undefined && from <= position)?.root ?? roots[0]?.root
  );
};
