// The rules of the house that need no server: fast enough for every save.
import { defineConfig } from 'vitest/config';

// biome-ignore lint/style/noDefaultExport: vitest reads the default export
export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/architecture.test.ts', 'test/openapi.test.ts', 'test/secrets.test.ts'],
    reporters: ['default', './test/world/count-reporter.ts'],
  },
});
