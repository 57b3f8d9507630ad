// How much a registry may say of itself.
import { expect, it } from 'vitest';
import { memoryTrustStore, openRegistry } from '../../src/client/index.ts';
import { DISCOVERY } from '../world/static-registry.ts';
import { registryWith } from './host.ts';

/** A discovery document with so many keys that it has about this many bytes. */
const registryOfSize = async (bytes: number) => {
  const registry = await registryWith([]);
  const key = (index: number) => ({
    keyId: `key-${index}`,
    algorithm: 'ed25519',
    publicKeyUrl: `/keys/key-${index}.pub`,
    permittedNamespaces: ['vendor.acme.*'],
    status: 'active',
  });
  const count = Math.ceil(bytes / JSON.stringify(key(10_000)).length);
  const signingKeys = Array.from({ length: count }, (_none, index) => key(index));
  registry.setJson(DISCOVERY, { ...registry.json(DISCOVERY), signingKeys });
  return { count, open: () => openRegistry({ url: registry.url, store: memoryTrustStore() }) };
};

it('a registry may list thousands of keys', async () => {
  const { count, open } = await registryOfSize(4 * 1024 * 1024);
  const { discovery } = await open();
  expect(discovery.signingKeys).toHaveLength(count);
});

it('a registry may not list keys without end', async () => {
  const { open } = await registryOfSize(17 * 1024 * 1024);
  await expect(open()).rejects.toMatchObject({ code: 'reply_too_large', question: 'registry' });
});
