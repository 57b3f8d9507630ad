// A registry that is told of a witness has its checkpoints signed by it, and serves them with that signature.
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parseVkey, type Vkey } from '../../keys/key.ts';
import { parseNote, verifyCosignature } from '../../src/protocol/signed-note.ts';
import { readWitnesses } from '../../src/protocol/witness.ts';
import { startRegistry, type TestRegistry } from '../world/registry.ts';
import { startWitness, type TestWitness } from '../world/witness.ts';

let registry: TestRegistry;
let witness: TestWitness;
let log: Vkey;

beforeAll(async () => {
  witness = await startWitness('one.example/w', randomBytes(32), () => log);
  registry = await startRegistry({ witnesses: readWitnesses(witness.line).witnesses });
  const discovery = await registry.call('GET', '/.well-known/openwop-registry');
  log = parseVkey(String(discovery.json.trust.log.vkey));
});
afterAll(async () => {
  await registry.stop();
  await witness.close();
});

it('serves the checkpoint and the newest witnessed one with the cosignature', {
  timeout: 60_000,
}, async () => {
  const read = async (path: string) => registry.call('GET', path);
  const statusOf = async () => (await read('/transparency/checkpoint/witnessed')).status;
  await expect.poll(statusOf, { timeout: 30_000, interval: 200 }).toBe(200);
  for (const path of ['/transparency/checkpoint', '/transparency/checkpoint/witnessed']) {
    const note = parseNote((await read(path)).bytes.toString('utf8'));
    expect(note.signatures.map(({ name }) => name)).toEqual([log.name, 'one.example/w']);
    expect(verifyCosignature(note, witness.vkey)).toBeDefined();
  }
});
