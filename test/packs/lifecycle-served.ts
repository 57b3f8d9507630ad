// Holds every document that one process serves of some packs against what a model says of them.
import { expect } from 'vitest';
import type { Answer } from '../world/registry.ts';
import { latestIn, type Model, type ModelPack, type ServedVersion, servedOf } from './lifecycle-model.ts';

type Get = (path: string) => Promise<Answer>;

/** Rows of lists are looked up by one of their members. */
type Row = Readonly<Record<string, unknown>>;
const rowFor = (rows: readonly Row[], member: string, value: string): Row | undefined =>
  rows.find((row) => row[member] === value);

const deprecatedIn = ({ tree }: ModelPack): string => (tree === 'v1' ? 'deprecated' : 'versionDeprecated');

const checkRows = async (get: Get, pack: ModelPack, served: readonly ServedVersion[]): Promise<void> => {
  const answer = await get(`/${pack.tree}/packs/${pack.name}/index.json`);
  expect(answer.status).toBe(served.length === 0 ? 404 : 200);
  if (served.length === 0) return;
  const { versions, latest, deprecated } = answer.json;
  const rows = versions.map((row: Row) => [row['version'], row['yanked'], row[deprecatedIn(pack)]]);
  expect(rows).toEqual(served.map((each) => [each.version, each.yanked, each.deprecated]));
  expect([latest, deprecated]).toEqual([latestIn(served), served.every((each) => each.deprecated)]);
};

const checkMap = async (get: Get, pack: ModelPack, served: readonly ServedVersion[]): Promise<void> => {
  if (pack.tree !== 'v1') return;
  const answer = await get(`/v1/packs/${pack.name}`);
  expect(answer.status).toBe(served.length === 0 ? 404 : 200);
  if (served.length === 0) return;
  const entries = Object.entries<Row>(answer.json.versions);
  expect(
    entries.map(([version, entry]) => [version, Boolean(entry['yanked']), Boolean(entry['deprecated'])]),
  ).toEqual(served.map((each) => [each.version, each.yanked, each.deprecated]));
  expect(answer.json['dist-tags'].latest).toBe(latestIn(served));
};

const checkVersion = async (get: Get, pack: ModelPack, version: string): Promise<void> => {
  const known = pack.versions.get(version);
  const there = known !== undefined && !known.unpublished;
  const at = `/${pack.tree}/packs/${pack.name}/-/${version}`;
  const [manifest, tarball, signature] = await Promise.all(
    ['json', 'tgz', 'sig'].map((ending) => get(`${at}.${ending}`)),
  );
  const hasSignature = there && !(pack.tree === 'v1' && known.yanked);
  expect([manifest?.status, tarball?.status, signature?.status]).toEqual([
    there ? 200 : 404,
    there ? 200 : 404,
    hasSignature ? 200 : 404,
  ]);
  if (there)
    expect([manifest?.json.yanked, manifest?.json[deprecatedIn(pack)]]).toEqual([
      known.yanked,
      known.deprecated,
    ]);
  const history = await get(`/packs/${pack.name}/-/${version}/lifecycle`);
  expect(history.status).toBe(known === undefined ? 404 : 200);
  if (known === undefined) return;
  const standing = known.yanked ? 'yanked' : 'published';
  expect(history.json.standing).toBe(known.unpublished ? 'unpublished' : standing);
};

/** The lists that name a pack among others: the index of the registry and the search. */
const checkLists = async (get: Get, pack: ModelPack, served: readonly ServedVersion[]): Promise<void> => {
  const word = pack.name.split('.').at(-1) ?? '';
  const [index, search] = await Promise.all([
    get(`/${pack.tree}/index.json`),
    get(`/${pack.tree}/packs/-/search?q=${word}`),
  ]);
  const rows = [rowFor(index.json.packs, 'name', pack.name), rowFor(search.json.results, 'name', pack.name)];
  if (served.length === 0) return expect(rows).toEqual([undefined, undefined]);
  const latest = latestIn(served);
  expect([rows[0]?.['latestVersion'], rows[1]?.['version']]).toEqual([latest, latest]);
  const flags = [served.every((each) => each.yanked), served.every((each) => each.deprecated)];
  expect([rows[0]?.['yanked'], rows[0]?.['deprecated']]).toEqual(flags);
};

const checkKeys = async (get: Get, model: Model, pack: ModelPack): Promise<void> => {
  const { status, json } = await get(`/${pack.tree}/packs/${pack.name}/-/keychain`);
  const { signingKeys } = (await get('/.well-known/openwop-registry')).json;
  if (status !== 200) return expect(servedOf(pack)).toEqual([]);
  const statuses = new Map(json.keys.map((key: Row) => [key['kid'], key['status']]));
  for (const [keyId, wanted] of model.keys) {
    expect(statuses.get(keyId), keyId).toBe(wanted);
    expect(rowFor(signingKeys, 'keyId', keyId), keyId).toBeDefined();
  }
};

const checkFeed = async (get: Get, model: Model): Promise<void> => {
  const { advisories } = (await get('/security/advisories.json')).json;
  for (const { id, active } of model.advisories)
    expect(rowFor(advisories, 'id', id) !== undefined, id).toBe(active);
};

/** All that is served of a pack, whether versions were ever there or not. */
export const checkServed = async (
  get: Get,
  model: Model,
  pack: ModelPack,
  versions: readonly string[],
): Promise<void> => {
  const served = servedOf(pack);
  await Promise.all([
    checkRows(get, pack, served),
    checkMap(get, pack, served),
    checkLists(get, pack, served),
    checkKeys(get, model, pack),
    checkFeed(get, model),
    ...versions.map((version) => checkVersion(get, pack, version)),
  ]);
};
