// How the whole suite runs: one embedded database server for all files, a database of its own for each.
import { defineConfig } from 'vitest/config';
import { HeavyFirst } from './world/heavy-first.ts';

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/world/count-reporter.ts'],
    // Files wait for the database and for processes of their own more than they compute; the usual is one core less.
    maxWorkers: '100%',
    // To load the house anew for each file would take a tenth of the time of all tests.
    isolate: false,
    sequence: { sequencer: HeavyFirst },
    globalSetup: ['./test/world/global-setup.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
