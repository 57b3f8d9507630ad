// Asks of a folder, before it becomes a pack, what the registry will ask of it, with the same code. Pure.
import type { JsonObject } from '../../keys/canonical.ts';
import type { Tree, Violation } from '../protocol/faults.ts';
import { checkManifest } from '../protocol/manifest/index.ts';
import { referencedFiles } from '../protocol/manifest/references.ts';
import { identityViolations } from './pack-rules.ts';

/** Every violation of all stages; the registry would stop at the first stage that finds one. */
export const checkPack = (manifest: JsonObject, tree: Tree, paths: readonly string[]) => {
  const { violations, warnings } = checkManifest(manifest, tree);
  const missing = referencedFiles(manifest)
    .filter(({ path }) => !paths.includes(path))
    .map(({ code, where, path }): Violation => ({ code, where, message: `${path} is not in the folder.` }));
  return { violations: [...identityViolations(manifest), ...violations, ...missing], warnings };
};
