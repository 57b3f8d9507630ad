// Rollback: every document was once the newest, and the host has seen newer ones.
import { describe, expect, it } from 'vitest';
import { makePack } from '../world/packs.ts';
import { newHost, TOOLS } from './host.ts';
import { assuranceAt, refusedAtOpening, TOOLS_2, verdict, withoutLog } from './lies.ts';
import { CHECKPOINT, type LoggedRegistry, loggedRegistry, WITHDRAWALS } from './logged.ts';
import { otherLeaf } from './test-log.ts';
import { at, publisher } from './trusted.ts';

const KEYRING = '/trust/keyring.json';

/** A host that saw the registry move on; `before` holds what was served until then. */
const movedOn = async (move: (registry: LoggedRegistry) => Promise<unknown>) => {
  const packs = [await makePack(publisher), await makePack(publisher, { version: '2.0.0' })];
  const registry = await loggedRegistry(...packs);
  const before = new Map(registry.files);
  await move(registry);
  const host = await newHost();
  await host.install(registry, TOOLS, at());
  const serveAgain = (...paths: readonly string[]): void => {
    for (const path of paths) registry.files.set(path, before.get(path) ?? new Uint8Array());
  };
  return { registry, host, serveAgain };
};

const grow = async (registry: LoggedRegistry): Promise<void> => {
  registry.log.append(otherLeaf('growth'));
  await registry.serveLog();
};

describe('what is older than what was seen is refused:', () => {
  it('a head of the log, with both notes kept as evidence', async () => {
    const { registry, host, serveAgain } = await movedOn(grow);
    serveAgain(CHECKPOINT);
    const refused = await refusedAtOpening(host, registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'checkpoint_rollback' });
    expect(refused.evidence).toMatchObject({ seen: { size: 6 }, found: { size: 5 }, saved: 'memory' });
    expect(host.evidence).toMatchObject([{ remembered: { size: 6 }, found: { size: 5 } }]);
  });

  it('a keyring', async () => {
    const { registry, host, serveAgain } = await movedOn((each) => each.serveKeyring({ version: 8 }));
    serveAgain(KEYRING);
    const refused = await refusedAtOpening(host, registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'keyring', code: 'keyring_rollback' });
    expect(refused.evidence).toMatchObject({ seen: { version: 8 }, found: { version: 7 } });
  });

  it('a list of withdrawn versions', async () => {
    const { registry, host, serveAgain } = await movedOn((each) => each.serveWithdrawals({ version: 2 }));
    serveAgain(WITHDRAWALS);
    const refused = await refusedAtOpening(host, registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'lifecycle', code: 'withdrawals_rollback' });
    expect(refused.evidence).toMatchObject({ seen: { version: 2 }, found: { version: 1 } });
  });

  it('another list of withdrawn versions under the same number', async () => {
    const { registry, host } = await movedOn(async () => undefined);
    await registry.serveWithdrawals({ withdrawn: [{ sha256: '0'.repeat(64), kind: 'yanked' }] });
    const refused = await refusedAtOpening(host, registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'lifecycle', code: 'withdrawals_rollback' });
    expect(refused.evidence).toMatchObject({ reason: 'withdrawals_fork' });
  });

  it('a root, also where the older one is pinned', async () => {
    const { registry, host } = await movedOn((each) => each.serveRoot({ version: 2 }));
    await registry.serveRoot({ version: 1 });
    registry.files.delete('/trust/2.root.json');
    const pinnedRoot = registry.files.get('/trust/root.json') ?? new Uint8Array();
    const refused = await refusedAtOpening(host, registry, TOOLS_2, { ...at(), pinnedRoot });
    expect(verdict(refused)).toEqual({ question: 'root', code: 'root_rollback' });
  });

  it('everything at once, by whatever of it is asked about first', async () => {
    const { registry, host, serveAgain } = await movedOn(async (each) => {
      await grow(each);
      await each.serveKeyring({ version: 8 });
      await each.serveWithdrawals({ version: 2 });
    });
    serveAgain(CHECKPOINT, KEYRING, WITHDRAWALS);
    const refused = await refusedAtOpening(host, registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'keyring', code: 'keyring_rollback' });
  });

  it('nothing at a registry without a log, which has no yesterday', async () => {
    const [old, newer] = [await makePack(publisher), await makePack(publisher, { version: '2.0.0' })];
    const host = await newHost();
    expect(await assuranceAt(host, await withoutLog(old, newer), TOOLS_2)).toBe('manifest');
    expect(await assuranceAt(await newHost(), await withoutLog(old), 'vendor.acme.tools')).toBe('manifest');
  });
});
