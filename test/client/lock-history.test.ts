// A lockfile remembers a head of the log: a registry that goes back behind it, or beside it, is caught by whoever has it.
import { describe, expect, it } from 'vitest';
import { memoryTrustStore } from '../../src/client/index.ts';
import { planFromLock } from '../../src/client/lock/frozen.ts';
import { makeLock } from '../../src/client/lock/make-lock.ts';
import { openSources } from '../../src/client/policy/open-sources.ts';
import { makePack } from '../world/packs.ts';
import { newHost } from './host.ts';
import { type LoggedRegistry, loggedRegistry } from './logged.ts';
import { otherLeaf, testLog } from './test-log.ts';
import { at, publisher } from './trusted.ts';

const NAME = 'vendor.acme.tools';

const grow = async (registry: LoggedRegistry, by = 3): Promise<void> => {
  for (let each = 0; each < by; each += 1) registry.log.append(otherLeaf(`growth ${each}`));
  await registry.serveLog();
};

/** A machine that has seen nothing but the lockfile. */
const freshLook = () => {
  const store = memoryTrustStore();
  return { store, look: (registry: LoggedRegistry) => ({ url: registry.url, store, ...at() }) };
};

const lockAt = (registry: LoggedRegistry, before?: Awaited<ReturnType<typeof makeLock>>) => {
  const { store, look } = freshLook();
  const sources = openSources({ sourcesOf: () => [look(registry)] });
  const made = makeLock({ sources, wishes: [`${NAME}@^1`], before, now: at().now() });
  return { made, evidence: store.evidence };
};

const world = async () => {
  const registry = await loggedRegistry(await makePack(publisher));
  await grow(registry);
  return { registry, locked: await lockAt(registry).made };
};

const forkOf = ({ log }: LoggedRegistry, more: number) =>
  testLog([...log.leaves.slice(0, 4), ...Array.from({ length: more }, (_, at) => otherLeaf(`evil ${at}`))]);

describe('a log that goes on from a lockfile', () => {
  it('is believed, also by an install elsewhere', async () => {
    const { registry, locked } = await world();
    await grow(registry, 300);
    expect((await lockAt(registry, locked).made).companion.logs).toMatchObject([{ size: 307 }]);
    const host = await newHost();
    const more = { ...at(), planned: planFromLock(locked.lock, []), continues: locked.companion.logs };
    expect(await host.install(registry, [], more)).toMatchObject([{ name: NAME, installed: true }]);
  });
});

describe('a log that does not go on from a lockfile is refused, with both heads kept:', () => {
  it('one that went back to an earlier state', async () => {
    const { registry, locked } = await world();
    await registry.serveLog(registry.log, 4);
    const { made, evidence } = lockAt(registry, locked);
    await expect(made).rejects.toMatchObject({ question: 'checkpoint', code: 'checkpoint_rollback' });
    expect(evidence).toMatchObject([{ remembered: { size: 7 }, found: { size: 4 } }]);
  });

  it.each([
    ['as large', 3],
    ['larger', 40],
  ])('another history that is %s', async (_name, more) => {
    const { registry, locked } = await world();
    await registry.serveLog(forkOf(registry, more));
    const { made, evidence } = lockAt(registry, locked);
    await expect(made).rejects.toMatchObject({ question: 'checkpoint', code: 'log_fork' });
    expect(evidence).toMatchObject([{ remembered: { note: locked.companion.logs[0]?.note } }]);
  });

  it('a registry that shows no log any more', async () => {
    const { registry, locked } = await world();
    registry.setTrust({
      root: '/trust/root.json',
      rootVersion: '/trust/{version}.root.json',
      keyring: '/trust/keyring.json',
    });
    await expect(lockAt(registry, locked).made).rejects.toMatchObject({ code: 'checkpoint_missing' });
  });

  it('for an install as well, which leaves nothing', async () => {
    const { registry, locked } = await world();
    await registry.serveLog(forkOf(registry, 3));
    const host = await newHost();
    const more = { ...at(), planned: planFromLock(locked.lock, []), continues: locked.companion.logs };
    await expect(host.install(registry, [], more)).rejects.toMatchObject({ code: 'log_fork' });
  });
});
