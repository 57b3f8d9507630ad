// Artifact-type packs: typed results that nodes produce. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree, Violation } from '../faults.ts';
import { at } from './read.ts';
import {
  authored,
  closed,
  dependencies,
  filled,
  flag,
  integer,
  list,
  manifestSchema,
  packName,
  pattern,
  peers,
  type Schema,
  set,
  syncOn,
  text,
  word,
} from './shared.ts';
import { repeats } from './violations.ts';

const NAMES = '[a-z][a-z0-9]*|vendor\\.[a-z][a-z0-9-]*\\.[a-z][a-z0-9-]*|x-[a-z][a-z0-9-]*';
const MEDIA_PART = '[a-z0-9][a-z0-9!#$&^_.+-]{0,126}';

/** v2 also takes media types (RFC 0205). */
const exportFormat = (tree: Tree): Schema =>
  tree === 'v1'
    ? pattern(`^(${NAMES})$`, { minLength: 1, maxLength: 64 })
    : pattern(`^(${NAMES}|${MEDIA_PART}/${MEDIA_PART})$`, { minLength: 1, maxLength: 255 });

const rendering = closed(
  {},
  {
    display: word('markdown', 'code', 'image', 'audio', 'file'),
    mimeType: text({ maxLength: 255 }),
    lang: text({ maxLength: 64 }),
    alt: text({ maxLength: 1024 }),
    title: text({ maxLength: 255 }),
  },
);

const artifactType = (tree: Tree): Schema =>
  authored(
    tree,
    { artifactTypeId: packName, schemaRef: filled },
    {
      schemaVersion: integer(0),
      validation: word('open', 'closed'),
      displayName: text(),
      rendering,
      exportFormats: set(exportFormat(tree)),
      syncOn,
      supportsCheckpoint: flag,
      versionable: flag,
      diffable: flag,
    },
  );

/** artifact-type-packs.md, Manifest format. */
export const artifactTypePackSchema = (tree: Tree): Schema =>
  manifestSchema(tree, {
    kind: 'artifact-type',
    needed: { artifactTypes: list(artifactType(tree), { minItems: 1 }) },
    optional: { ...dependencies, ...peers },
  });

export const artifactTypePackRules = (manifest: JsonValue): readonly Violation[] =>
  repeats(at(manifest, 'artifactTypes'), ['artifactTypeId'], 'artifactTypes');
