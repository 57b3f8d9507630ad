// Works through one pack of an upstream: every version that its list names, unless the list is the one of the last time.
import { digestOf } from '../../storage/digest.ts';
import { addressOf } from '../client/discovery.ts';
import { TransportError } from '../network/transport-error.ts';
import { namespaceOf, type PackName } from '../protocol/pack-id.ts';
import { boundedObjectOf } from './bounded-json.ts';
import { clearRefusals, clearUnlisted } from './flaw-store.ts';
import type { TreeLayout } from './layout.ts';
import { MOST } from './limits.ts';
import { type ListedRow, listRows } from './listing.ts';
import { notListed } from './mirror-store.ts';
import { noteFlaw, noteRefusal, noteUnread, type Run } from './run.ts';
import { syncVersion } from './sync-version.ts';
import { NotMirrored, passes } from './trouble.ts';
import { type SeenDocument, seenAt, setSeen } from './upstream-store.ts';

const asRefusal = (error: unknown): NotMirrored | undefined => {
  if (error instanceof NotMirrored) return error;
  if (!(error instanceof TransportError)) return undefined;
  return new NotMirrored(error.code, error.message, { ...error.details });
};

const MOST_ETAG = 512;

interface List {
  readonly rows: readonly ListedRow[];
  /** The first of those that are no versions here. */
  readonly odd: readonly string[];
  readonly seen: SeenDocument;
}

/** Undefined where nothing changed since the list was worked through. */
const fetchList = async (run: Run, { tree, packMetadata }: TreeLayout, name: PackName, path: string) => {
  const before = await seenAt(run.the.sql, run.upstream.url, path);
  const fetched = await run.reader.get(path, MOST.pack, before?.etag ?? undefined);
  if (fetched.kind === 'same') return undefined;
  if (fetched.kind === 'absent')
    throw new NotMirrored(
      'pack_not_found',
      `Upstream lists the pack and serves nothing at ${packMetadata}.`,
      { tree },
    );
  const sha256 = digestOf(fetched.body);
  if (before?.sha256 === sha256) return undefined;
  const read = boundedObjectOf(fetched.body);
  if (!read.ok) throw new NotMirrored('reply_malformed', `The list of versions: ${read.problem.message}`);
  const found = read.object['name'];
  if (found !== undefined && found !== name)
    throw new NotMirrored('manifest_identity_mismatch', 'The list is that of another pack.', {
      expected: name,
    });
  const { rows, odd } = listRows(read.object);
  const etag = fetched.etag !== undefined && fetched.etag.length <= MOST_ETAG ? fetched.etag : null;
  return { rows, odd, seen: { etag, sha256 } } satisfies List;
};

/** How far a list was worked through: one that was not to its end is read again. */
type Outcome = 'done' | 'again' | 'unread';

const worse = (one: Outcome, other: Outcome): Outcome =>
  [one, other].includes('unread') ? 'unread' : one === 'again' ? one : other;

const takeRow = async (run: Run, layout: TreeLayout, name: PackName, row: ListedRow): Promise<Outcome> => {
  try {
    return (await syncVersion(run, { layout, name, row })) ? 'done' : 'again';
  } catch (error) {
    if (passes(error)) return 'unread';
    const why = asRefusal(error);
    if (why === undefined) throw error;
    await noteRefusal(run, layout.tree, name, row.version, why);
    return why.lasting ? 'done' : 'again';
  }
};

/** Upstream may take back what it published; here it stays, and the operator learns of it. */
const watchGone = async (run: Run, { tree }: TreeLayout, name: PackName, { rows, odd }: List) => {
  const listed = rows.map(({ version }) => version);
  if (run.upstream.flaws > 0)
    await clearUnlisted(run.the.sql, run.upstream.url, tree, name, [...listed, ...odd]);
  for (const { version } of await notListed(run.the.sql, run.upstream.url, tree, name, listed))
    await noteFlaw(run, {
      ...{ tree, name, version, kind: 'alarm', code: 'gone_upstream', evidence: {} },
      message: 'Upstream lists this version no more; it stays served here.',
    });
};

const noteOdd = async (run: Run, { tree }: TreeLayout, name: PackName, odd: readonly string[]) => {
  const why = new NotMirrored(
    'invalid_version',
    'Upstream lists what is no version that could be served here.',
  );
  for (const text of odd) await noteRefusal(run, tree, name, text, why);
};

const requireFree = async ({ the }: Run, name: PackName): Promise<void> => {
  const holder = await the.holderOfNamespace(namespaceOf(name));
  if (holder === undefined) return;
  const says = `The account ${holder} holds ${namespaceOf(name)} here: nothing is mirrored into it.`;
  throw new NotMirrored('namespace_held', says, { holder }, false);
};

const workThrough = async (run: Run, layout: TreeLayout, name: PackName): Promise<Outcome> => {
  await requireFree(run, name);
  const path = addressOf(layout.packMetadata, { name });
  const list = await fetchList(run, layout, name, path);
  if (run.upstream.flaws > 0)
    await clearRefusals(run.the.sql, run.upstream.url, { tree: layout.tree, name, version: '*' });
  if (list === undefined) return 'done';
  await noteOdd(run, layout, name, list.odd);
  let outcome: Outcome = 'done';
  for (const row of list.rows) outcome = worse(outcome, await takeRow(run, layout, name, row));
  await watchGone(run, layout, name, list);
  // Only a list that names the bytes tells by itself that none of them changed.
  const tells = list.rows.every(({ integrity }) => integrity !== undefined);
  await setSeen(run.the.sql, run.upstream.url, path, tells && outcome === 'done' ? list.seen : undefined);
  return outcome;
};

/** Rejects where the sync has to end. */
export const syncPack = async (run: Run, layout: TreeLayout, name: PackName): Promise<void> => {
  const outcome = await workThrough(run, layout, name).catch(async (error: unknown): Promise<Outcome> => {
    if (passes(error)) return 'unread';
    // The log names a pack, and not the trees that have it.
    if (!run.full && error instanceof NotMirrored && error.code === 'pack_not_found') return 'done';
    const why = asRefusal(error);
    if (why === undefined) throw error;
    await noteRefusal(run, layout.tree, name, '*', why);
    return 'again';
  });
  run.progress.packsDone += 1;
  if (outcome === 'unread') noteUnread(run);
  else run.failing = 0;
};
