// A registry in a process of its own that may mirror what this machine serves, and limits nobody.
import { once } from 'node:events';
import { pino } from 'pino';
import { compose } from '../../src/compose.ts';
import { testConfig } from '../world/registry.ts';

const { dataDir, databaseUrl } = JSON.parse(process.argv[2] ?? '{}') as {
  readonly dataDir: string;
  readonly databaseUrl: string;
};
const config = testConfig(dataDir, databaseUrl, { allowPrivateAddresses: true, rateLimits: 'off' });
const registry = await compose(config, pino({ level: 'silent' }));
registry.server.listen(0, '127.0.0.1');
await once(registry.server, 'listening');
process.stdout.write(`${registry.url()}\n`);
process.once('SIGTERM', async () => {
  await registry.drain(10_000);
  await registry.close();
});
