// Settings: everything that is wrong is named at once, and nothing else is read.
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../src/config.ts';

const problemsOf = (env: Record<string, string>): string => {
  try {
    readConfig(env);
    return '';
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
};

describe('settings', () => {
  it('have defaults that run on this machine alone', () => {
    expect(readConfig({})).toMatchObject({
      host: '127.0.0.1',
      port: 8480,
      mode: 'public',
      allowUnsigned: false,
      vendorDomainProof: 'optional',
      protocolTypeIds: 'warn',
    });
    expect(readConfig({ ATTESTRY_DATA_DIR: '/srv/attestry' }).blobUrl).toBe('file:///srv/attestry/blobs');
  });

  it('empty count as unset, and a public address loses its trailing slash', () => {
    expect(
      readConfig({ ATTESTRY_PORT: '', ATTESTRY_PUBLIC_URL: 'https://packs.example.org/' }),
    ).toMatchObject({
      port: 8480,
      publicUrl: 'https://packs.example.org',
    });
  });

  it.each([
    ['ATTESTRY_PORT', '80a'],
    ['ATTESTRY_PORT', '65536'],
    ['ATTESTRY_PUBLIC_URL', 'packs.example.org'],
    ['ATTESTRY_REGISTRY_MODE', 'secret'],
    ['ATTESTRY_ALLOW_UNSIGNED', 'yes'],
    ['ATTESTRY_VENDOR_DOMAIN_PROOF', 'yes'],
    ['ATTESTRY_PROTOCOL_TYPE_IDS', 'forbid'],
    ['ATTESTRY_LOG_LEVEL', 'loud'],
    ['DATABASE_URL', 'mysql://x'],
    ['BLOB_URL', 'ftp://x'],
    ['ATTESTRY_WITNESSES', 'no-key https://witness.example.org'],
    ['ATTESTRY_RATE_LIMITS', 'writes=many'],
    ['ATTESTRY_RATE_LIMITS', 'writes=0/10'],
    ['ATTESTRY_TRUSTED_PROXIES', 'all'],
    ['ATTESTRY_TRUSTED_PROXIES', '99'],
    ['ATTESTRY_PROT', '8480'],
  ])('%s=%s is refused and named', (name, value) => {
    expect(problemsOf({ [name]: value })).toMatch(new RegExp(`^${name}: `));
  });

  it('that are wrong are all named at once', () => {
    const problems = problemsOf({ ATTESTRY_PORT: 'x', ATTESTRY_TYPO: '1', BLOB_URL: 'no url' });
    expect(problems.split('\n')).toHaveLength(3);
  });
});
