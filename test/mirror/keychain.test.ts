// A host that asks for the keys of a mirrored pack learns which key signed it, and whose word that is.
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { formatPublicKeySpki, parsePublicKey } from '../../keys/key.ts';
import { auditRegistry } from '../../src/client/audit/audit.ts';
import { httpTransport } from '../../src/client/network/http-transport.ts';
import { memoryTrustStore } from '../../src/client/trust-state.ts';
import { makePack } from '../world/packs.ts';
import { createPublisher, delegate } from '../world/publisher.ts';
import type { TestRegistry } from '../world/registry.ts';
import { DISCOVERY } from '../world/static-registry.ts';
import { listing, mirror, startMirror, syncAgain, upstreamOf } from './mirroring.ts';

let registry: TestRegistry;
beforeAll(async () => {
  registry = await startMirror();
});
afterAll(() => registry.stop());

const keysOf = async (name: string, tree = 'v1') =>
  (await registry.call('GET', `/${tree}/packs/${name}/-/keychain`, { token: null })).json.keys;

it('the key that signed stands in the keychain, with the registry that lists it and as it stands there', async () => {
  const publisher = createPublisher('chained-1');
  const name = 'vendor.chained.tools';
  const upstream = await upstreamOf(
    [listing(publisher, 'vendor.chained.*')],
    [await makePack(publisher, { name })],
  );
  onTestFinished(() => upstream.close());
  const { id } = await mirror(registry, upstream.url);
  const expected = {
    kid: 'chained-1',
    algorithm: 'ed25519',
    publicKey: formatPublicKeySpki(parsePublicKey(publisher.publicKeyPem)),
    status: 'active',
    mirroredFrom: upstream.url,
    permittedNamespaces: ['vendor.chained.*'],
  };
  expect(await keysOf(name)).toEqual([expected]);
  expect(await keysOf(name, 'v2')).toEqual([expected]);
  const document = upstream.json(DISCOVERY) as { signingKeys: readonly object[] };
  const signingKeys = document.signingKeys.map((key) => ({ ...key, status: 'revoked' }));
  upstream.setJson(DISCOVERY, { ...document, signingKeys });
  await syncAgain(registry, id);
  await expect.poll(() => keysOf(name)).toEqual([{ ...expected, status: 'revoked' }]);
});

it('a key that is delegated here too stands there once, as it is delegated', async () => {
  const publisher = createPublisher('twofold-1');
  await delegate(registry.call, publisher, ['vendor.elsewhere.*']);
  const name = 'vendor.twofold.tools';
  const upstream = await upstreamOf(
    [listing(publisher, 'vendor.twofold.*')],
    [await makePack(publisher, { name })],
  );
  onTestFinished(() => upstream.close());
  await mirror(registry, upstream.url);
  const keys = await keysOf(name);
  expect(keys).toEqual([expect.objectContaining({ kid: 'twofold-1', validFrom: expect.any(String) })]);
  expect(keys[0].mirroredFrom).toBeUndefined();
});

const findings = async () => {
  const report = await auditRegistry({
    ...{ url: registry.url, store: memoryTrustStore(), settleMs: 0 },
    transport: httpTransport({ registry: registry.url }),
  });
  return report.findings.map(({ code, subject }) => `${code} ${subject}`);
};

it('an auditor finds the log behind it, and a key that is not the one of the log', async () => {
  expect(await findings()).toEqual([]);
  const publisher = createPublisher('swapped-1');
  const name = 'vendor.swapped.tools';
  const upstream = await upstreamOf(
    [listing(publisher, 'vendor.swapped.*')],
    [await makePack(publisher, { name })],
  );
  onTestFinished(() => upstream.close());
  await mirror(registry, upstream.url);
  const other = parsePublicKey(createPublisher('other').publicKeyPem);
  await registry.sql`update mirrored_keys set public_key = ${other} where key_id = 'swapped-1'`;
  expect(await findings()).toEqual([`key_unlogged pack:${name}`]);
});
