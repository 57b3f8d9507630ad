// Short forms of what a check found, for tests that compare it.
import type { JsonValue } from '../../../keys/canonical.ts';
import type { Tree } from '../../../src/protocol/faults.ts';
import { checkManifest } from '../../../src/protocol/manifest/index.ts';

/** `code where` of every violation. */
export const found = (manifest: JsonValue, tree: Tree): readonly string[] =>
  checkManifest(manifest, tree).violations.map(({ code, where }) => `${code} ${where}`);
