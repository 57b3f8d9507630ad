// Which registries a set is looked for at where no policy says so, and what of whoever asks each of them learns.
import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { requireLock } from '../../src/cli/lock-files.ts';
import { sourcesToChoose } from '../../src/cli/lock-sources.ts';
import { tempFolder } from '../client/host.ts';

const INSIDE = 'https://inside.example';
const OUTSIDE = 'https://outside.example';
const settings = { url: INSIDE, urlGiven: true, token: 'secret', allowPrivateAddresses: false };

const asked = async (name: string, more = {}) => {
  const { sourcesOf } = await sourcesToChoose(settings, { registry: [OUTSIDE], ...more }, undefined);
  return sourcesOf(name).map(({ url, token, pinnedRoot }) => [
    url,
    token,
    pinnedRoot && Buffer.from(pinnedRoot).toString(),
  ]);
};

describe('of several registries that are named', () => {
  it('all are asked in order, and only the first gets the token', async () => {
    expect(await asked('vendor.acme.tools')).toEqual([
      [INSIDE, 'secret', undefined],
      [OUTSIDE, undefined, undefined],
    ]);
  });

  it('only the first learns of a private name: whoever takes that name at another is not installed', async () => {
    expect(await asked('private.acme.tools')).toEqual([[INSIDE, 'secret', undefined]]);
  });

  it('each has the root that is named for it, and where one is named none is trusted at first sight', async () => {
    const folder = await tempFolder();
    const file = (name: string): string => join(folder, name);
    await writeFile(file('inside.json'), 'inside');
    await writeFile(file('outside.json'), 'outside');
    const inside = { url: INSIDE, file: file('inside.json') };
    const root = [inside, { url: OUTSIDE, file: file('outside.json') }];
    expect(await asked('vendor.acme.tools', { root })).toEqual([
      [INSIDE, 'secret', 'inside'],
      [OUTSIDE, undefined, 'outside'],
    ]);
    await expect(asked('vendor.acme.tools', { root: [inside] })).rejects.toThrow(
      `add --root ${OUTSIDE}=FILE`,
    );
    const unnamed = [{ url: undefined, file: file('inside.json') }];
    expect(await asked('vendor.acme.tools', { root: unnamed })).toEqual([
      [INSIDE, 'secret', 'inside'],
      [OUTSIDE, undefined, undefined],
    ]);
  });
});

describe('a lockfile', () => {
  it('that is a link to something without an end is refused, not read', async () => {
    const path = join(await tempFolder(), 'pack-lock.json');
    await symlink('/dev/zero', path);
    await expect(requireLock(path)).rejects.toThrow('larger than any');
  });
});
