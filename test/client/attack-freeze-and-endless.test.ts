// Indefinite freeze and endless data: a registry that never shows anything new, or never stops showing.
import { describe, expect, it } from 'vitest';
import { endlessBody } from '../world/lying-registry.ts';
import { makePack } from '../world/packs.ts';
import { newHost, TOOLS } from './host.ts';
import { assuranceAt, refusedAtOpening, refusedAtVersion, TOOLS_2, verdict, withoutLog } from './lies.ts';
import { CHECKPOINT, loggedRegistry } from './logged.ts';
import { otherLeaf } from './test-log.ts';
import { at, publisher } from './trusted.ts';

const world = async () =>
  loggedRegistry(await makePack(publisher), await makePack(publisher, { version: '2.0.0' }));

describe('a registry frozen at a time', () => {
  const NEXT_WEEK = new Date('2026-06-08T00:00:00Z');

  it('is refused once its keyring has expired', async () => {
    const refused = await refusedAtOpening(await newHost(), await world(), TOOLS, at(NEXT_WEEK));
    expect(verdict(refused)).toEqual({ question: 'keyring', code: 'keyring_expired' });
  });

  it('is refused once its list of withdrawn versions has expired, although the keyring is fresh', async () => {
    const registry = await world();
    await registry.serveKeyring({ expires: '2026-07-01T00:00:00Z' });
    const refused = await refusedAtOpening(await newHost(), registry, TOOLS, at(NEXT_WEEK));
    expect(verdict(refused)).toEqual({ question: 'lifecycle', code: 'withdrawals_expired' });
    expect(refused.evidence).toMatchObject({ expires: '2026-06-07T00:00:00Z' });
  });

  it('is refused in the log alone as soon as the registrar has signed anything of a later time', async () => {
    const registry = await world();
    const frozen = registry.files.get(CHECKPOINT) ?? new Uint8Array();
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    registry.log.append(otherLeaf('later'));
    await registry.serveLog();
    await registry.serveKeyring({ version: 8 });
    registry.files.set(CHECKPOINT, frozen);
    const refused = await refusedAtOpening(host, registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'checkpoint_behind' });
  });

  it('is believed for ever where it has no trust documents, which is what the assurance says', async () => {
    const registry = await withoutLog(await makePack(publisher));
    const [pack] = await (await newHost()).install(registry, TOOLS, at(new Date('2099-01-01T00:00:00Z')));
    expect(pack?.verified?.assurance).toBe('manifest');
  });
});

describe('endless data', () => {
  it.each([
    ['the head of the log', /transparency\/checkpoint/, 'checkpoint'],
    ['the list of withdrawn versions', /withdrawals/, 'lifecycle'],
  ])('is cut off in %s', async (_name, path, question) => {
    const registry = await world();
    registry.lieAbout(path, endlessBody);
    const refused = await refusedAtOpening(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question, code: 'reply_too_large' });
  });

  it.each([
    ['the proof of a version', /\.proof$/, 'leaf'],
    ['the release statement', /intoto/, 'statement'],
    ['the tarball', /tgz$/, 'digest'],
  ])('is cut off in %s', async (_name, path, question) => {
    const registry = await world();
    await registry.serveStatement(await makePack(publisher));
    registry.lieAbout(path, endlessBody);
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question, code: 'reply_too_large' });
  });

  it('is cut off in the tiles of the log', async () => {
    const registry = await world();
    const host = await newHost();
    await host.install(registry, TOOLS, at());
    for (let more = 0; more < 9; more += 1) registry.log.append(otherLeaf(`more ${more}`));
    await registry.serveLog();
    registry.lieAbout(/transparency\/tile/, endlessBody);
    const refused = await refusedAtOpening(host, registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'reply_too_large' });
  });

  it('is cut off at a registry without a log as well', async () => {
    const registry = await withoutLog(await makePack(publisher));
    expect(await assuranceAt(await newHost(), registry)).toBe('manifest');
    registry.lieAbout(/tgz$/, endlessBody);
    expect((await (await newHost()).refusal(registry, TOOLS)).code).toBe('reply_too_large');
  });
});
