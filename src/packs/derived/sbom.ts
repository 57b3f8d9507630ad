// Bills of materials in CycloneDX 1.6, byte by byte as the public registry makes them: no date, no serial number. Pure.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import type { Tree } from '../../protocol/faults.ts';
import { at, objectOf, textOf } from '../../protocol/manifest/read.ts';
import type { PackedFile } from '../../protocol/tarball.ts';
import type { Materials } from './derived-store.ts';

const FRAME = { bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 } as const;

/** The tool that the public registry names: the same input has to give the same bytes. */
const TOOLS = [{ vendor: 'openwop', name: 'generate-sbom.mjs', version: '1' }] as const;

export const purlOf = ({ name, version }: Pick<Materials, 'name' | 'version'>): string =>
  `pkg:openwop/${encodeURIComponent(name)}@${encodeURIComponent(version)}`;

const sha256 = (content: string): JsonObject => ({ alg: 'SHA-256', content });

const byName = (a: string, b: string): number => Number(a > b) - Number(a < b);

const reference = (type: string, url: JsonValue | undefined): readonly JsonObject[] => {
  const text = textOf(url);
  return text === undefined ? [] : [{ type, url: text }];
};

const componentOf = (manifest: JsonValue, materials: Materials): JsonObject => {
  const [description, license] = [textOf(at(manifest, 'description')), textOf(at(manifest, 'license'))];
  return {
    'bom-ref': purlOf(materials),
    type: 'library',
    name: materials.name,
    version: materials.version,
    ...(description === undefined ? {} : { description }),
    licenses: license === undefined ? [] : [{ license: { id: license } }],
    externalReferences: [
      ...reference('website', at(manifest, 'homepage')),
      ...reference('vcs', at(manifest, 'repository')),
    ],
    hashes: [sha256(materials.digest)],
    purl: purlOf(materials),
  };
};

const fileOf = ({ path, size, digest }: PackedFile): JsonObject => ({
  type: 'file',
  name: path,
  hashes: [sha256(digest)],
  properties: [{ name: 'openwop:size', value: String(size) }],
});

/** What is in one version, and which capabilities of its host it asks for. */
export const sbomOf = (materials: Materials): JsonObject => {
  const manifest = JSON.parse(Buffer.from(materials.manifest).toString('utf8')) as JsonValue;
  const peers = Object.keys(objectOf(at(manifest, 'peerDependencies')) ?? {});
  return {
    ...FRAME,
    metadata: { component: componentOf(manifest, materials), tools: TOOLS },
    components: [...materials.files].sort((a, b) => byName(a.path, b.path)).map(fileOf),
    dependencies: [{ ref: purlOf(materials), dependsOn: peers.map((peer) => `host:${peer}`) }],
  };
};

/** One version in the bill of a whole tree. */
export interface ListedSbom extends Pick<Materials, 'name' | 'version'> {
  /** Hex SHA-256 of its own bill of materials, as it is served. */
  readonly sha256: string;
}

export const sbomPath = (tree: Tree, { name, version }: Pick<Materials, 'name' | 'version'>): string =>
  `/${tree}/packs/${name}/-/${version}.sbom.json`;

export const listed = (tree: Tree, each: ListedSbom): JsonObject => ({
  'bom-ref': purlOf(each),
  type: 'library',
  name: each.name,
  version: each.version,
  externalReferences: [{ type: 'bom', url: sbomPath(tree, each), hashes: [sha256(each.sha256)] }],
});

/** In the order in which they are listed. */
export const inPurlOrder = (all: readonly ListedSbom[]): readonly ListedSbom[] =>
  all
    .map((each) => [purlOf(each), each] as const)
    .sort(([a], [b]) => byName(a, b))
    .map(([, each]) => each);

/** What stands before the `components`: every version of a tree, with the digest of its bill of materials. */
export const registrySbomHead = (registry: string, tree: Tree): JsonObject => ({
  ...FRAME,
  metadata: {
    component: {
      type: 'platform',
      name: registry,
      description: `Every pack version of the ${tree} tree, each with its own bill of materials.`,
    },
    tools: TOOLS,
  },
});

/** As JSON with two spaces and a final newline, like every document of the public registry. */
export const sbomText = (bill: JsonObject): string => `${JSON.stringify(bill, null, 2)}\n`;
