// Reads from the feed of another Attestry which packs something happened to: a hint where to look, and nothing more.
import type { JsonObject } from '../../keys/canonical.ts';
import { at, listOf, textOf } from '../protocol/manifest/read.ts';
import { boundedObjectOf } from './bounded-json.ts';
import type { UpstreamReader } from './upstream-fetch.ts';

const EVENTS_AT_ONCE = 256;
/** Each leaf has its own limit of 64 KiB. */
const MOST_BYTES = 24 * 1024 * 1024;
/** Beyond so many it costs less to look at all packs. */
const MOST_EVENTS = 20_000;

const packIn = (event: JsonObject): string | undefined =>
  /^pack:([^@]{1,214})@/.exec(textOf(at(event, 'leaf', 'subject')) ?? '')?.[1];

const readPage = async (reader: UpstreamReader, since: number): Promise<JsonObject | undefined> => {
  const path = `/transparency/events?since=${since}&limit=${EVENTS_AT_ONCE}`;
  const fetched = await reader.get(path, MOST_BYTES);
  const read = fetched.kind === 'fresh' ? boundedObjectOf(fetched.body) : undefined;
  return read?.ok ? read.object : undefined;
};

/** The names of packs in the events from one size of the log to another; undefined where the feed does not tell. */
export const changedPacks = async (
  reader: UpstreamReader,
  since: number,
  size: number,
): Promise<ReadonlySet<string> | undefined> => {
  const names = new Set<string>();
  if (size - since > MOST_EVENTS) return undefined;
  for (let next = since; next < size; ) {
    const page = await readPage(reader, next);
    const events = listOf(page?.['events']);
    if (events.length === 0 || events.length > EVENTS_AT_ONCE) return undefined;
    for (const event of events) {
      const name = packIn(event as JsonObject);
      if (name !== undefined) names.add(name);
    }
    next += events.length;
  }
  return names;
};
