// Reads the environment, the only file that does; says everything that is wrong with it at once.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type RateLimits,
  readRateLimits,
  readTrustedProxies,
  type TrustedProxies,
} from './protocol/limits.ts';
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
  /** Whether a vendor's namespace is published under before its domain stands for it. */
  readonly vendorDomainProof: 'optional' | 'required';
  /** What becomes of packs outside core that export ids of the protocol. */
  readonly protocolTypeIds: 'warn' | 'refuse';
  readonly logLevel: string;
  /** Started by npm, which dies of a signal without passing it on through its shell. */
  readonly underNpm: boolean;
  /** `undefined` = the embedded database under the data directory. */
  readonly databaseUrl: string | undefined;
  readonly blobUrl: string;
  /** Whether packs may be published into a catalogue for tests, which nobody else sees. */
  readonly testNamespace: boolean;
  /** Whom to tell of a hole, as security.txt names it; `undefined` = nobody is named. */
  readonly securityContact: string | undefined;
  /** Who is asked to sign each checkpoint of the log. */
  readonly witnesses: readonly Witness[];
  /** How often one sender may ask. */
  readonly rateLimits: RateLimits | 'off';
  /** Whether registries at addresses that are not public are mirrored. */
  readonly allowPrivateAddresses: boolean;
  /** Whose word counts about where a request comes from. */
  readonly trustedProxies: TrustedProxies;
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
  'ATTESTRY_VENDOR_DOMAIN_PROOF',
  'ATTESTRY_PROTOCOL_TYPE_IDS',
  'ATTESTRY_LOG_LEVEL',
  'ATTESTRY_WITNESSES',
  'ATTESTRY_RATE_LIMITS',
  'ATTESTRY_TRUSTED_PROXIES',
  'ATTESTRY_TEST_NAMESPACE',
  'ATTESTRY_SECURITY_CONTACT',
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

/** RFC 9116 §2.5.3: a URI, and over the web nothing that can be changed on its way. */
const isContact = (text: string): boolean => /^(?:mailto:|tel:|https:\/\/)[!-~]{3,500}$/.test(text);

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
  const rates = readRateLimits(from.get('ATTESTRY_RATE_LIMITS') ?? '');
  from.problems.push(...rates.problems.map((problem) => `ATTESTRY_RATE_LIMITS: ${problem}`));
  const trusted = readTrustedProxies(from.get('ATTESTRY_TRUSTED_PROXIES') ?? '');
  from.problems.push(...trusted.problems.map((problem) => `ATTESTRY_TRUSTED_PROXIES: ${problem}`));
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
    vendorDomainProof:
      from.oneOf('ATTESTRY_VENDOR_DOMAIN_PROOF', ['optional', 'required']) === 'required'
        ? 'required'
        : 'optional',
    protocolTypeIds:
      from.oneOf('ATTESTRY_PROTOCOL_TYPE_IDS', ['warn', 'refuse']) === 'refuse' ? 'refuse' : 'warn',
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
    testNamespace: from.oneOf('ATTESTRY_TEST_NAMESPACE', ['on', 'off']) === 'on',
    securityContact: from.check(
      'ATTESTRY_SECURITY_CONTACT',
      isContact,
      'must be a mailto:, https: or tel: address',
    ),
    witnesses,
    rateLimits: rates.limits,
    allowPrivateAddresses: ['1', 'true'].includes(
      from.oneOf('ATTESTRY_ALLOW_PRIVATE_ADDRESSES', ['1', 'true', '0', 'false']) ?? '',
    ),
    trustedProxies: trusted.proxies,
  };
  if (from.problems.length > 0) throw new ConfigError(from.problems.join('\n'));
  return config;
};
