// Reads the project's own source as text: which files there are and what each imports.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** With these Node runs our TypeScript in a process of its own, as the launcher does. */
export const TYPESCRIPT = [
  '--import',
  new URL('../../src/cli/typescript.mjs', import.meta.url).href,
] as const;

export interface SourceFile {
  /** Path from the top of the checkout, with forward slashes. */
  readonly path: string;
  readonly text: string;
  /** Files of ours that it imports, as paths from the top. */
  readonly imports: readonly string[];
  /** Packages and Node modules that it imports. */
  readonly packages: readonly string[];
  /** Those of `imports` and `packages` that are still there when types are erased. */
  readonly atRuntime: ReadonlySet<string>;
  /** Those of `atRuntime` that are loaded together with the file, and not by `import()` when it comes to them. */
  readonly atOnce: ReadonlySet<string>;
}

const IMPORT =
  /(?:^|\n)\s*(?:import|export)\b[^'";]*?from\s*'([^']+)'|import\(\s*'([^']+)'\s*\)|(?:^|\n)import '([^']+)'/g;

const walk = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });

const read = (absolute: string): SourceFile => {
  const text = readFileSync(absolute, 'utf8');
  const found = [...text.matchAll(IMPORT)].map((match) => ({
    target: match[1] ?? match[2] ?? match[3] ?? '',
    typesOnly: /^\s*(?:import|export) type\b/.test(match[0]),
    late: match[2] !== undefined,
  }));
  const resolved = (target: string): string =>
    target.startsWith('.')
      ? relative(ROOT, resolve(dirname(absolute), target)).replaceAll('\\', '/')
      : target;
  const targets = found.map(({ target }) => target);
  const atRuntime = found.filter(({ typesOnly }) => !typesOnly);
  return {
    path: relative(ROOT, absolute).replaceAll('\\', '/'),
    text,
    imports: targets.filter((target) => target.startsWith('.')).map(resolved),
    packages: targets.filter((target) => !target.startsWith('.')),
    atRuntime: new Set(atRuntime.map(({ target }) => resolved(target))),
    atOnce: new Set(atRuntime.filter(({ late }) => !late).map(({ target }) => resolved(target))),
  };
};

/** Every source file of the product (not of its tests). */
export const sourceFiles = (): readonly SourceFile[] =>
  ['src', 'keys', 'storage']
    .flatMap((room) => walk(join(ROOT, room)))
    .filter((path) => /\.(ts|mjs|cjs)$/.test(path))
    .map(read);
