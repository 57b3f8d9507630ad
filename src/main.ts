// Starts the registry, says where it is and what to try, and ends it cleanly.
import { once } from 'node:events';
import { join, relative } from 'node:path';
import type { Logger } from 'pino';
import type { Registry } from './compose.ts';
import { type Config, ConfigError, readConfig } from './config.ts';
import type { Progress } from './upkeep/fsck.ts';

const DRAIN_MS = 10_000;
const PARENT_CHECK_MS = 500;

/** Diagnostics go to standard error, so that standard output stays for people. */
const makeLog = async (config: Config): Promise<Logger> => {
  const { pino } = await import('pino');
  return pino({ level: config.logLevel }, pino.destination({ fd: 2, sync: true }));
};

const listen = async (registry: Registry, config: Config): Promise<void> => {
  registry.server.listen(config.port, config.host);
  await once(registry.server, 'listening');
};

/** Where it is in truth; behind a proxy others are told another address. */
const addressesOf = (registry: Registry): string => {
  const local = registry.listeningAt();
  const url = registry.url();
  return url === local ? local : `${local}, public address ${url}`;
};

const greeting = (registry: Registry, config: Config): string => {
  const token = relative(process.cwd(), join(config.dataDir, 'admin-token')) || 'admin-token';
  const url = registry.url();
  return `
attestry is listening on ${addressesOf(registry)}
The admin token is in ${token}: it may do everything, so keep it to yourself.

Try, in a second shell:
  export ATTESTRY_URL=${url} ATTESTRY_TOKEN=$(cat ${token})
  npx attestry new community.demo.hello && npx attestry keygen --key-id demo-1 && npx attestry keys add --key-id demo-1 --key demo-1.pem --namespaces 'community.demo.*'
  npx attestry pack community.demo.hello --key demo-1.pem --key-id demo-1 && npx attestry publish community.demo.hello-1.0.0.tgz
  npx attestry install community.demo.hello@^1 --dir packs
`;
};

const drain = async (registry: Registry): Promise<void> => {
  await registry.drain(DRAIN_MS);
  await registry.close();
};

const orphaned = (): Promise<void> => {
  const parent = process.ppid;
  return new Promise((resolve) => {
    const watch = setInterval(() => {
      if (process.ppid === parent) return;
      clearInterval(watch);
      resolve();
    }, PARENT_CHECK_MS).unref();
  });
};

const untilToldToStop = ({ underNpm }: Config): Promise<unknown> =>
  Promise.race([once(process, 'SIGTERM'), once(process, 'SIGINT'), ...(underNpm ? [orphaned()] : [])]);

/** Runs until it is told to stop; rejects with a sentence for people where it cannot start. */
export const serve = async (): Promise<void> => {
  const config = readConfig();
  const log = await makeLog(config);
  // Only here: upkeep needs no server.
  const { compose } = await import('./compose.ts');
  const registry = await compose(config, log);
  try {
    await listen(registry, config);
  } catch (error) {
    await registry.close();
    throw explain(error, config);
  }
  process.stdout.write(greeting(registry, config));
  log.info({ url: registry.url() }, 'listening');
  await untilToldToStop(config);
  log.info('draining');
  await drain(registry);
};

/** What operators do to a registry that may be standing still. `progress` hears how far each part of it has come. */
export const openUpkeep = async (progress: Progress) => {
  const config = readConfig();
  const { backup, fsck, gc, restore } = await import('./upkeep/upkeep.ts');
  return {
    config,
    fsck: fsck(config, progress),
    gc: gc(config, progress),
    backup: backup(config, progress),
    restore: restore(config, progress),
  };
};

const explain = (error: unknown, config: Config): unknown => {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const at = `${config.host}:${config.port}`;
  if (code === 'EADDRINUSE') return new ConfigError(`ATTESTRY_PORT: ${at} is in use; choose another port`);
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new ConfigError(`ATTESTRY_HOST: cannot listen on ${at}`);
  return error;
};
