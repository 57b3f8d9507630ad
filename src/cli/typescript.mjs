// Lets Node run TypeScript as it stands here: each file loses its types, and is kept that way for the next start.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import * as module from 'node:module';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread } from 'node:worker_threads';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const KEPT = fileURLToPath(new URL('../../node_modules/.cache/attestry/', import.meta.url));

/** Stacks show the lines of the source. */
const HOW = {
  loader: 'ts',
  target: 'node20.19',
  sourcemap: 'inline',
  sourcesContent: false,
  tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
};

/** Asked for only where a file has changed: loading esbuild takes longer than everything else here. */
const withoutTypes = (path, text) =>
  module
    .createRequire(import.meta.url)('esbuild')
    .transformSync(text, { ...HOW, sourcefile: path }).code;

/** What ends in another mark was made of another text, or is not whole. */
const keptAs = (place, mark) => {
  try {
    const code = readFileSync(place, 'utf8');
    return code.endsWith(mark) ? code : undefined;
  } catch {
    return undefined;
  }
};

/** Where nothing can be written, each start does the work anew. */
const keep = (place, code) => {
  const draft = `${place}.${process.pid}`;
  try {
    mkdirSync(KEPT, { recursive: true });
    writeFileSync(draft, code);
    renameSync(draft, place);
  } catch {}
};

const codeOf = (path) => {
  const text = readFileSync(path, 'utf8');
  const made = createHash('sha256')
    .update(JSON.stringify([HOW, path]))
    .update(text)
    .digest('hex');
  const mark = `\n//${made}`;
  const place = KEPT + relative(ROOT, path).replaceAll(/[\\/:]/g, '~');
  const kept = keptAs(place, mark);
  if (kept !== undefined) return kept;
  const code = withoutTypes(path, text) + mark;
  keep(place, code);
  return code;
};

/** Imports name files with their endings, so nothing has to be resolved that Node does not resolve itself. */
export const load = (url, context, next) =>
  url.endsWith('.ts')
    ? { format: 'module', shortCircuit: true, source: codeOf(fileURLToPath(url)) }
    : next(url, context);

if (isMainThread) {
  process.setSourceMapsEnabled(true);
  // Newer versions of Node ask in this thread, which is cheaper; older ones load this file again in one of their own.
  if (module.registerHooks === undefined) module.register(import.meta.url);
  else module.registerHooks({ load });
}
