// The reading of bases runs where there is no Node: nothing that it is made of asks for one.
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import { ROOT } from '../world/source.ts';

it('bases are read by code that a browser can load', async () => {
  const { metafile } = await build({
    stdin: {
      contents: "export * from './src/client/knowledge/knowledge.ts';",
      resolveDir: ROOT,
    },
    bundle: true,
    platform: 'browser',
    format: 'iife',
    globalName: 'attestry',
    alias: { events: 'bare-events' },
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
});
