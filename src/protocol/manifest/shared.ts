// The vocabulary that the schemas of all pack kinds are written in, and the frame every manifest shares. Pure.
import type { Tree } from '../faults.ts';

export type Schema = Readonly<Record<string, unknown>>;
export type Properties = Readonly<Record<string, Schema>>;

const SEGMENTS = '[a-z][a-z0-9_-]*(\\.[a-z][a-zA-Z0-9_-]*)+';
const SEMVER = '\\d+\\.\\d+\\.\\d+(?:-[0-9A-Za-z.-]+)?(?:\\+[0-9A-Za-z.-]+)?';
const LOOSE_ID = '^[a-z][a-zA-Z0-9._-]*$';
const LIBRARY_ID = '[a-z0-9][a-z0-9._-]{0,127}';
const AUTHOR_ID = '^[A-Za-z0-9._~:-]{1,128}$';

/** Properties that a v2 author may add anywhere a document of theirs begins (v2 packs.md, vendor hatch). */
const HATCH = '^(openwop-|x-|vendor\\.)';

export const text = (rule: Schema = {}): Schema => ({ type: 'string', ...rule });
export const pattern = (source: string, rule: Schema = {}): Schema => text({ pattern: source, ...rule });
export const word = (...words: readonly string[]): Schema => text({ enum: words });
export const flag: Schema = { type: 'boolean' };
export const anything: Schema = {};
export const openObject: Schema = { type: 'object' };
export const integer = (minimum: number): Schema => ({ type: 'integer', minimum });
export const number = (minimum: number, maximum: number): Schema => ({ type: 'number', minimum, maximum });
export const list = (items: Schema, rule: Schema = {}): Schema => ({ type: 'array', items, ...rule });
export const set = (items: Schema, rule: Schema = {}): Schema => list(items, { uniqueItems: true, ...rule });
export const mapOf = (values: Schema): Schema => ({ type: 'object', additionalProperties: values });
export const uri = text({ format: 'uri' });
export const httpsUri = pattern('^https://', { format: 'uri' });
export const filled = text({ minLength: 1 });

/** An object that holds all of `needed`, any of `optional` and nothing else. */
export const closed = (needed: Properties, optional: Properties = {}, rule: Schema = {}): Schema => ({
  type: 'object',
  required: Object.keys(needed),
  properties: { ...needed, ...optional },
  additionalProperties: false,
  ...rule,
});

/** A closed object that a pack's author writes: in v2 it also takes what the hatch admits, in v1 it does not. */
export const authored = (
  tree: Tree,
  needed: Properties,
  optional: Properties = {},
  rule: Schema = {},
): Schema =>
  closed(needed, optional, tree === 'v2' ? { patternProperties: { [HATCH]: true }, ...rule } : rule);

export const scopedName = (scopes = 'core|vendor|community|private'): Schema =>
  pattern(`^(${scopes})\\.${SEGMENTS}$`);
export const packName = { ...scopedName(), minLength: 1, maxLength: 256 };
export const semver = pattern(`^${SEMVER}$`);
export const looseId = pattern(LOOSE_ID, { minLength: 1, maxLength: 256 });
export const libraryId = (tree: Tree): Schema => pattern(tree === 'v1' ? `^${LIBRARY_ID}$` : AUTHOR_ID);
export const typeId = (tree: Tree): Schema =>
  tree === 'v1' ? looseId : pattern(`^${SEGMENTS}$`, { maxLength: 256 });
export const pinnedTypeId = pattern(`^${SEGMENTS}@${SEMVER}$`, { maxLength: 256 });
export const chainId = (tree: Tree): Schema => (tree === 'v1' ? looseId : pattern(AUTHOR_ID));
export const authorId = pattern(AUTHOR_ID);

/** `prompt:<id>[@version]`, or the same spelled out; both forms in one schema, since their types differ. */
export const promptRef = (tree: Tree): Schema => ({
  ...closed(
    { templateId: libraryId(tree) },
    { libraryId: libraryId(tree), version: semver, variableOverrides: openObject },
  ),
  type: ['string', 'object'],
  pattern: `^prompt:${LIBRARY_ID}(@${SEMVER})?$`,
});

export const capabilities = set(word('streamable', 'cacheable', 'side-effectful', 'mcp-exportable'));
/**
 * The public pattern has a second branch, `x-host-<host>-<name>`, that this one contains; together they backtrack
 * over every hyphen, which a long text of hyphens turns into minutes.
 */
export const modelCapabilities = set(pattern('^[a-z][a-z0-9-]*$'), { maxItems: 32 });
export const syncOn = word('completion', 'approval', 'manual');
export const fieldId = pattern('^[a-zA-Z_][a-zA-Z0-9_]*$', { minLength: 1 });
export const fieldType = pattern(
  `^(${[
    'text|longtext|number|boolean|select|multiselect|file|artifact-ref',
    'vendor\\.[a-z][a-z0-9-]*\\.[a-z][a-z0-9-]*',
    'x-[a-z][a-z0-9-]*',
  ].join('|')})$`,
);
export const condition = closed(
  {},
  {
    type: word('expression', 'equals', 'notEquals', 'contains', 'regex', 'truthy', 'falsy'),
    left: text(),
    right: anything,
    expression: text(),
  },
);

/** v1 names a key and a file inside the archive, v2 a key and the one scheme there is (v2 packs.md, Signing). */
const signing = (tree: Tree): Schema =>
  tree === 'v1'
    ? closed({}, { publicKeyRef: text(), signatureRef: text(), method: word('manual', 'sigstore') })
    : closed({ keyId: pattern('^[A-Za-z0-9._~-]{1,128}$'), scheme: word('ed25519-canonical-json') });

const frame = (tree: Tree): Properties => ({
  description: text({ maxLength: 1024 }),
  author: text(),
  license: text(),
  homepage: uri,
  repository: uri,
  keywords: list(text({ maxLength: 64 }), { maxItems: 50 }),
  signing: signing(tree),
});

export interface KindFrame {
  readonly kind: string;
  /** v1 reads an absent kind as `node`; every other kind, and all of v2, must be spelled out. */
  readonly kindMayBeAbsent?: boolean;
  /** v1 lets packs name further engines (`node`, `python`); v2 and connection packs do not. */
  readonly closedEngines?: boolean;
  readonly needed: Properties;
  readonly optional?: Properties;
  readonly rule?: Schema;
}

export const dependencies: Properties = { dependencies: mapOf(text()) };
export const peers: Properties = { peerDependencies: mapOf(text()) };

/** The manifest of one kind: the frame all kinds share around that kind's own payload. */
export const manifestSchema = (tree: Tree, of: KindFrame): Schema => {
  const kind = { kind: word(of.kind) };
  const absent = of.kindMayBeAbsent === true && tree === 'v1';
  const engines = closed({ openwop: text() });
  return authored(
    tree,
    {
      name: packName,
      version: semver,
      ...(absent ? {} : kind),
      engines:
        tree === 'v2' || of.closedEngines === true ? engines : { ...engines, additionalProperties: true },
      ...of.needed,
    },
    { ...(absent ? kind : {}), ...frame(tree), ...of.optional },
    of.rule,
  );
};
