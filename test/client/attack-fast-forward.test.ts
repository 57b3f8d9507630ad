// Fast-forward: a stolen key signs the highest number there is, so that its honest successor would seem to be old.
import { describe, expect, it } from 'vitest';
import { vkeyOf } from '../../keys/key.ts';
import { checkpointText } from '../../src/protocol/checkpoint.ts';
import { formatNote, signNoteLine } from '../../src/protocol/signed-note.ts';
import { role, signer } from '../keys/trust-world.ts';
import { makePack } from '../world/packs.ts';
import { newHost, TOOLS } from './host.ts';
import { assuranceAt, refusedAtOpening, TOOLS_2, verdict, withoutLog } from './lies.ts';
import { CHECKPOINT, type LoggedRegistry, loggedRegistry } from './logged.ts';
import { testLog } from './test-log.ts';
import { at, publisher } from './trusted.ts';

const HIGHEST = Number.MAX_SAFE_INTEGER;
const world = async () =>
  loggedRegistry(await makePack(publisher), await makePack(publisher, { version: '2.0.0' }));

/** A head of the size that is given, by the log's key, for a tree that nobody has. */
const hugeHead = async (size = HIGHEST): Promise<Uint8Array> =>
  Buffer.from(await testLog().head(size, new Uint8Array(32).fill(9)));

describe('a stolen registrar that signs the highest versions there are', () => {
  const stolen = async () => {
    const registry = await world();
    await registry.serveKeyring({ version: HIGHEST });
    await registry.serveWithdrawals({ version: HIGHEST });
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    return { registry, host };
  };

  it('does not lock out its successor: a new root names another registrar, whose numbers begin afresh', async () => {
    const { registry, host } = await stolen();
    await registry.serveRoot({ version: 2, registrar: role(1, 'registrar-2') });
    await registry.serveKeyring({ version: 8 }, 'registrar-2');
    await registry.serveWithdrawals({ version: 2 }, 'registrar-2');
    expect(await assuranceAt(host, registry, TOOLS_2)).toBe('log+manifest');
    const { keyring, withdrawals } = (await host.store.recall()) ?? {};
    expect([keyring?.version, withdrawals?.version]).toEqual([8, 2]);
  });

  it('does lock out itself: without that root its own next documents are refused', async () => {
    const { registry, host } = await stolen();
    await registry.serveKeyring({ version: 8 });
    expect((await refusedAtOpening(host, registry, TOOLS_2)).code).toBe('keyring_rollback');
  });
});

describe('a stolen log key that signs a head of the highest size there is', () => {
  it('leads nobody forward who has seen the log: there is no proof', async () => {
    const registry = await world();
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    registry.files.set(CHECKPOINT, await hugeHead());
    const refused = await refusedAtOpening(host, registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'log_unprovable' });
    expect(host.evidence).toMatchObject([{ found: { size: HIGHEST } }]);
  });

  it('does not lock out its successor from whoever saw nothing else', async () => {
    const registry: LoggedRegistry = await world();
    const host = await newHost();
    registry.files.set(CHECKPOINT, await hugeHead());
    await host.refusal(registry, TOOLS, at());
    expect((await host.store.recall())?.checkpoint?.size).toBe(HIGHEST);

    const vkey = vkeyOf('log.example.com', signer('log-2').publicKey);
    await registry.serveRoot({ version: 2, log: { origin: 'log.example.com', vkey } });
    await registry.serveLog(testLog(registry.log.leaves, 'log-2'));
    expect(await assuranceAt(host, registry)).toBe('log+manifest');
    expect((await host.store.recall())?.checkpoint?.size).toBe(5);
  });

  it.each([
    ['of a size beyond what numbers hold', `${HIGHEST + 1}`],
    ['of a size with a leading zero', '05'],
    ['of a negative size', '-5'],
  ])('is refused where the head is %s', async (_name, size) => {
    const registry = await world();
    const honest = checkpointText({ origin: 'log.example.com', size: 5, root: new Uint8Array(32) });
    const text = honest.replace('\n5\n', `\n${size}\n`);
    const vkey = vkeyOf('log.example.com', signer('log').publicKey);
    const note = formatNote(text, [await signNoteLine(text, vkey, signer('log').sign)]);
    registry.files.set(CHECKPOINT, Buffer.from(note));
    const refused = await refusedAtOpening(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'reply_malformed' });
  });
});

it('a registry without a log has no numbers to run ahead with', async () => {
  expect(await assuranceAt(await newHost(), await withoutLog(await makePack(publisher)))).toBe('manifest');
});
