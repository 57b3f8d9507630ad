// Brings one version of an upstream here, or keeps up with one that is here already.
import type { JsonObject } from '../../keys/canonical.ts';
import { digestOf, integrityOf } from '../../storage/digest.ts';
import { addressOf } from '../client/discovery.ts';
import { textOf } from '../protocol/manifest/read.ts';
import { boundedObjectOf } from './bounded-json.ts';
import { examine, servedDigest } from './examine.ts';
import { clearRefusals } from './flaw-store.ts';
import { followStanding } from './follow.ts';
import { ingest } from './ingest.ts';
import { MOST } from './limits.ts';
import { toldBy } from './listing.ts';
import { type HeldRow, heldVersion } from './mirror-store.ts';
import { noteFlaw, type Run, type VersionAt } from './run.ts';
import { requireSpelling } from './sources.ts';
import { completeStatement, takeStatement } from './take-statement.ts';
import { NotMirrored } from './trouble.ts';

const fetchPart = async (run: Run, { name, row }: VersionAt, template: string, maxBytes: number) => {
  const fetched = await run.reader.get(addressOf(template, { name, version: row.version }), maxBytes);
  return fetched.kind === 'fresh' ? fetched.body : undefined;
};

const fetchServed = async (run: Run, at: VersionAt): Promise<JsonObject> => {
  const body = await fetchPart(run, at, at.layout.versionManifest, MOST.manifest);
  if (body === undefined)
    throw new NotMirrored('pack_version_not_found', 'Upstream lists it and does not serve it.');
  const read = boundedObjectOf(body);
  if (read.ok) return read.object;
  throw new NotMirrored('reply_malformed', `The served manifest cannot be read: ${read.problem.message}`);
};

const fetchTarball = async (run: Run, at: VersionAt): Promise<Uint8Array> => {
  const body = await fetchPart(run, at, at.layout.versionTarball, MOST.tarball);
  if (body !== undefined) return body;
  throw new NotMirrored('pack_version_not_found', 'Upstream does not serve the tarball.');
};

const EARLIEST = Date.parse('2015-01-01T00:00:00Z');

/** When upstream says that it was published, where that can be; else now. */
export const plausibleTime = (said: readonly (string | undefined)[], now: Date): Date => {
  const times = said.map((text) => Date.parse(text ?? ''));
  const found = times.find((time) => time >= EARLIEST && time <= now.getTime());
  return found === undefined ? now : new Date(found);
};

const tellOfKey = ({ the, told }: Run, keyId: string): void => {
  if (told.has(keyId)) return;
  told.add(keyId);
  the.announce(`key:${keyId}`);
};

const takeIn = async (run: Run, at: VersionAt, served: JsonObject): Promise<void> => {
  const { the, origin } = run;
  const { name, row, layout } = at;
  const tarball = await fetchTarball(run, at);
  const signature = await fetchPart(run, at, layout.versionSignature, MOST.signature);
  const { version } = row;
  const believed = await examine({ tree: layout.tree, name, version, served, tarball, signature }, run.keys);
  await run.log?.requireRecorded({ name, version }, layout.tree, digestOf(tarball));
  const statement = await takeStatement(run, at, believed);
  const publishedAt = plausibleTime([textOf(served['publishedAt']), row.publishedAt], the.now());
  const told = toldBy(served);
  const isNew = await ingest(the, origin, { believed, statement, told, publishedAt });
  tellOfKey(run, believed.key.keyId);
  the.announce(`pack:${name}@${version}`);
  if (run.upstream.flaws > 0) await clearRefusals(the.sql, origin.url, { tree: layout.tree, name, version });
  run.progress.added += isNew ? 1 : 0;
  run.withdrawn ||= told.yanked !== null;
};

const alarm = (run: Run, { layout, name, row }: VersionAt, code: string, message: string, evidence: object) =>
  noteFlaw(run, {
    ...{ tree: layout.tree, name, version: row.version, kind: 'alarm' },
    ...{ code, message, evidence: { ...evidence } },
  });

/** The bytes that were seen first stay, whatever upstream serves now. */
const watchBytes = async (run: Run, at: VersionAt, held: HeldRow, served: JsonObject): Promise<void> => {
  const offered = [servedDigest(served), at.row.integrity].map((each) => each && String(each));
  const [manifest, listed] = offered;
  const ours = integrityOf(held.digest);
  const same = manifest === held.digest && (listed === undefined || listed === ours);
  if (same) return;
  const evidence = { kept: ours, offered: served['integrity'] ?? null, listed: listed ?? null };
  const says = 'Upstream names other bytes for a version that was published; those seen first are kept.';
  await alarm(run, at, 'bytes_changed', says, evidence);
};

const RESTLESS =
  'Upstream changed its word about this version again and again: that it takes something back is heard tomorrow.';

/** The yank that upstream asks for has no room: who looks at the flaws yanks it here. */
const alarmOf = (run: Run, at: VersionAt, error: unknown): Promise<void> => {
  if (!(error instanceof NotMirrored)) throw error;
  return alarm(run, at, error.code, error.message, error.evidence);
};

/** Whether what upstream says was heard to its end. */
const keepUp = async (run: Run, at: VersionAt, held: HeldRow, served: JsonObject): Promise<boolean> => {
  const { the, origin } = run;
  const address = { name: at.name, version: at.row.version };
  await watchBytes(run, at, held, served);
  if (!held.stated) await completeStatement(run, at);
  const followed = await followStanding(the, origin, address, toldBy(served)).catch((error: unknown) =>
    alarmOf(run, at, error),
  );
  if (followed === 'restless') await alarm(run, at, 'standing_restless', RESTLESS, {});
  if (followed === undefined || followed === 'same') return followed === 'same';
  the.announce(`pack:${address.name}@${address.version}`);
  run.progress.changed += 1;
  run.withdrawn = true;
  return followed === 'changed';
};

/** One tree after the other: a version has one set of bytes here, and one address. */
const inOtherTree = (run: Run, { layout }: VersionAt, held: HeldRow, evidence: object): NotMirrored => {
  const says = `Upstream has this name and version in both trees. It is served from ${held.tree}, in which it came first, and not from ${layout.tree}; which tree comes first is said with --trees, before anything of it is mirrored.`;
  return new NotMirrored('in_other_tree', says, { ...evidence, upstream: run.upstream.url });
};

/** What is here already wins, wherever it came from. */
const requireOurs = (run: Run, at: VersionAt, held: HeldRow, served: JsonObject): boolean => {
  const { layout, name } = at;
  requireSpelling(name, held.name);
  const isOurs = held.upstream === run.upstream.url;
  const sameBytes = servedDigest(served) === held.digest && held.tree === layout.tree;
  if (isOurs && held.tree === layout.tree) return true;
  if (sameBytes) return false;
  const evidence = { kept: integrityOf(held.digest), offered: served['integrity'] ?? null, tree: held.tree };
  if (isOurs) throw inOtherTree(run, at, held, evidence);
  if (held.upstream === null)
    throw new NotMirrored('published_here', 'This version was published here, with other bytes.', evidence);
  const says = `This version was mirrored from ${held.upstream} before, with other bytes.`;
  throw new NotMirrored('version_taken', says, { ...evidence, upstream: held.upstream });
};

/** Whether it is settled. Rejects with NotMirrored where it is not served from here, and with what the network did. */
export const syncVersion = async (run: Run, at: VersionAt): Promise<boolean> => {
  const held = await heldVersion(run.the.sql, { name: at.name, version: at.row.version });
  if (held?.unpublished === true) return true;
  const served = await fetchServed(run, at);
  if (held !== undefined) return requireOurs(run, at, held, served) ? keepUp(run, at, held, served) : true;
  await takeIn(run, at, served);
  return true;
};
