// What must be true of packs, keys and advisories after any row of changes: a small model, and what it says is served.
import { compare, prerelease, satisfies } from 'semver';
import type { Tree } from '../../src/protocol/faults.ts';

export interface ModelVersion {
  readonly keyId: string;
  readonly yanked: boolean;
  readonly deprecated: boolean;
  readonly unpublished: boolean;
}

export interface ModelPack {
  readonly name: string;
  readonly tree: Tree;
  readonly versions: ReadonlyMap<string, ModelVersion>;
}

export interface ModelAdvisory {
  readonly id: string;
  readonly packName: string;
  readonly range: string;
  readonly active: boolean;
}

export type KeyStatus = 'active' | 'rotated' | 'revoked';

export interface Model {
  readonly packs: ReadonlyMap<string, ModelPack>;
  readonly keys: ReadonlyMap<string, KeyStatus>;
  readonly advisories: readonly ModelAdvisory[];
}

export const emptyModel = (names: Readonly<Record<string, Tree>>, keyId: string): Model => ({
  packs: new Map(Object.entries(names).map(([name, tree]) => [name, { name, tree, versions: new Map() }])),
  keys: new Map([[keyId, 'active']]),
  advisories: [],
});

export const packIn = ({ packs }: Model, name: string): ModelPack => {
  const pack = packs.get(name);
  if (pack === undefined) throw new Error(`the model knows no ${name}`);
  return pack;
};

export const versionIn = (model: Model, name: string, version: string): ModelVersion | undefined =>
  packIn(model, name).versions.get(version);

/** An advisory goes by precedence alone, prereleases included. */
const names = ({ packName, range }: ModelAdvisory, name: string, version: string): boolean =>
  packName === name && satisfies(version, range, { includePrerelease: true });

export const advisedIn = (model: Model, name: string, version: string): boolean =>
  model.advisories.some((each) => each.active && names(each, name, version));

export const withVersion = (
  model: Model,
  name: string,
  version: string,
  change: Partial<ModelVersion>,
): Model => {
  const pack = packIn(model, name);
  const before = pack.versions.get(version) ?? NEW;
  const versions = new Map(pack.versions).set(version, { ...before, ...change });
  return { ...model, packs: new Map(model.packs).set(name, { ...pack, versions }) };
};

const NEW: ModelVersion = { keyId: '', yanked: false, deprecated: false, unpublished: false };

export const withKey = (model: Model, keyId: string, status: KeyStatus): Model => ({
  ...model,
  keys: new Map(model.keys).set(keyId, status),
});

/** Whatever it names is yanked, and stays so when it is withdrawn. */
export const withAdvisory = (model: Model, advisory: ModelAdvisory): Model => {
  const all = { ...model, advisories: [...model.advisories, advisory] };
  const named = [...packIn(model, advisory.packName).versions].filter(
    ([version, { unpublished }]) => !unpublished && names(advisory, advisory.packName, version),
  );
  return named.reduce<Model>(
    (each, [version]) => withVersion(each, advisory.packName, version, { yanked: true }),
    all,
  );
};

export const withoutAdvisory = (model: Model, id: string): Model => ({
  ...model,
  advisories: model.advisories.map((each) => (each.id === id ? { ...each, active: false } : each)),
});

export interface ServedVersion extends ModelVersion {
  readonly version: string;
}

/** In order of precedence. */
export const servedOf = (pack: ModelPack): readonly ServedVersion[] =>
  [...pack.versions]
    .map(([version, each]) => ({ version, ...each }))
    .filter(({ unpublished }) => !unpublished)
    .sort((a, b) => compare(a.version, b.version));

/** Highest that is neither yanked nor deprecated nor a prerelease; else not yanked; else whatever is there. */
export const latestIn = (served: readonly ServedVersion[]): string | undefined => {
  const best =
    served
      .filter(({ version, yanked, deprecated }) => !yanked && !deprecated && prerelease(version) === null)
      .at(-1) ??
    served.filter(({ yanked }) => !yanked).at(-1) ??
    served.at(-1);
  return best?.version;
};
