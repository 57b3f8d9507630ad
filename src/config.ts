// Reads the environment, the only file that does; says everything that is wrong with it at once.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { readWitnesses, type Witness } from './protocol/witness.ts';

export type RegistryMode = 'public' | 'private';

export interface Config {
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** Canonical base without a trailing slash; `undefined` = whatever address the server listens on. */
  readonly publicUrl: string | undefined;
  readonly mode: RegistryMode;
  readonly registryName: string;
  /** Whether unsigned packs are taken outside core and vendor; they are always flagged. */
  readonly allowUnsigned: boolean;
  readonly logLevel: string;
  /** Started by npm, which dies of a signal without passing it on through its shell. */
  readonly underNpm: boolean;
  /** `undefined` = the embedded database under the data directory. */
  readonly databaseUrl: string | undefined;
  readonly blobUrl: string;
  /** Who is asked to sign each checkpoint of the log. */
  readonly witnesses: readonly Witness[];
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Every setting of ours; those read by the command line only are known here so that they are not called unknown. */
const KNOWN = [
  'ATTESTRY_HOST',
  'ATTESTRY_PORT',
  'ATTESTRY_DATA_DIR',
  'ATTESTRY_PUBLIC_URL',
  'ATTESTRY_REGISTRY_MODE',
  'ATTESTRY_REGISTRY_NAME',
  'ATTESTRY_ALLOW_UNSIGNED',
  'ATTESTRY_LOG_LEVEL',
  'ATTESTRY_WITNESSES',
  'ATTESTRY_URL',
  'ATTESTRY_TOKEN',
  'ATTESTRY_ALLOW_PRIVATE_ADDRESSES',
] as const;

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'];

const isUrl = (text: string, protocols: readonly string[]): boolean =>
  URL.canParse(text) && protocols.includes(new URL(text).protocol);

/** Collects what is wrong instead of stopping at the first. */
const reader = (env: Environment) => {
  const problems: string[] = [];
  const get = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const check = (name: string, ok: (value: string) => boolean, rule: string): string | undefined => {
    const value = get(name);
    if (value === undefined || ok(value)) return value;
    problems.push(`${name}: ${rule}`);
    return undefined;
  };
  return {
    problems,
    get,
    check,
    oneOf: (name: string, values: readonly string[]) =>
      check(name, (value) => values.includes(value), `must be one of ${values.join(', ')}`),
  };
};

const unknownNames = (env: Environment): string[] =>
  Object.keys(env)
    .filter((name) => name.startsWith('ATTESTRY_') && !(KNOWN as readonly string[]).includes(name))
    .map((name) => `${name}: no such setting`);

const isPort = (text: string): boolean => /^\d{1,5}$/.test(text) && Number(text) <= 65_535;

/** @throws ConfigError naming every unknown or bad setting. */
export const readConfig = (env: Environment = process.env): Config => {
  const from = reader(env);
  from.problems.push(...unknownNames(env));
  const { witnesses, problems } = readWitnesses(from.get('ATTESTRY_WITNESSES') ?? '');
  from.problems.push(...problems.map((problem) => `ATTESTRY_WITNESSES: ${problem}`));
  const dataDir = resolve(from.get('ATTESTRY_DATA_DIR') ?? '.data');
  const config: Config = {
    host: from.get('ATTESTRY_HOST') ?? '127.0.0.1',
    port: Number(from.check('ATTESTRY_PORT', isPort, 'must be a port from 0 to 65535') ?? 8480),
    dataDir,
    publicUrl: from
      .check('ATTESTRY_PUBLIC_URL', (text) => isUrl(text, ['http:', 'https:']), 'must be an http(s) URL')
      ?.replace(/\/+$/, ''),
    mode: from.oneOf('ATTESTRY_REGISTRY_MODE', ['public', 'private']) === 'private' ? 'private' : 'public',
    registryName: from.get('ATTESTRY_REGISTRY_NAME') ?? 'attestry',
    allowUnsigned: from.oneOf('ATTESTRY_ALLOW_UNSIGNED', ['true', 'false']) === 'true',
    underNpm: env['npm_lifecycle_event'] !== undefined,
    logLevel: from.oneOf('ATTESTRY_LOG_LEVEL', LOG_LEVELS) ?? 'info',
    databaseUrl: from.check(
      'DATABASE_URL',
      (text) => isUrl(text, ['postgres:', 'postgresql:']),
      'must be a postgres:// URL',
    ),
    blobUrl:
      from.check(
        'BLOB_URL',
        (text) => isUrl(text, ['file:', 's3:']),
        'must be file:///path or s3://bucket/prefix?endpoint=…&region=…',
      ) ?? pathToFileURL(resolve(dataDir, 'blobs')).href,
    witnesses,
  };
  if (from.problems.length > 0) throw new ConfigError(from.problems.join('\n'));
  return config;
};
