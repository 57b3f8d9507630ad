// Puts the code of a child into one file, since a process that starts loads one file in a third of the time that it takes for all.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build, type Plugin } from 'esbuild';
import { ROOT } from './source.ts';

/** From there Node finds the packages, which stay where they are. */
const KEPT = join(ROOT, 'node_modules/.cache/attestry-tests');

/** What lies beside a source is still looked for beside it. */
const inPlace: Plugin = {
  name: 'in place',
  setup: ({ onLoad }) =>
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8');
      const address = JSON.stringify(pathToFileURL(path).href);
      return { loader: 'ts', contents: text.replaceAll('import.meta.url', address) };
    }),
};

const bundle = async (entry: string): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20.19',
    packages: 'external',
    plugins: [inPlace],
    write: false,
    logLevel: 'silent',
  });
  const place = join(KEPT, basename(entry).replace(/\.ts$/, '.mjs'));
  const draft = `${place}.${randomUUID()}`;
  await mkdir(KEPT, { recursive: true });
  await writeFile(draft, outputFiles[0]?.contents ?? '');
  await rename(draft, place);
  return place;
};

const made = new Map<string, Promise<string>>();

/** @returns the path of a module that Node runs as it is; made once by each process that asks for it. */
export const bundled = (entry: string): Promise<string> => {
  const known = made.get(entry) ?? bundle(entry);
  made.set(entry, known);
  return known;
};
