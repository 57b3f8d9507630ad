// The question whether packs run on a host has an end in time, however slowly it is answered.
import { expect, it } from 'vitest';
import { compatOf } from '../../src/packs/compat/answer.ts';
import type { CompatRequest } from '../../src/packs/compat/request.ts';
import type { PackName, PackVersion } from '../../src/protocol/pack-id.ts';

it('is refused after two seconds, and nobody is asked any more', async () => {
  let [time, asked] = [0, 0];
  const slow = () => {
    time += 300;
    asked += 1;
  };
  const version = '1.0.0' as PackVersion;
  const check = compatOf({
    now: () => time,
    manifestsOf: async (_tree, wanted) => {
      slow();
      return wanted.map(({ name }) => {
        const next = `vendor.chain.p${Number(name.slice('vendor.chain.p'.length)) + 1}`;
        return { name, version, manifest: { dependencies: { [next]: '*' } } };
      });
    },
    versionsOfAll: async (_tree, names) => {
      slow();
      return names.map((name) => ({ name: name as PackName, version, yanked: false, deprecated: false }));
    },
    providersOf: async () => [],
  });
  const packs = [{ name: 'vendor.chain.p0', range: '*', by: undefined }];
  const request = { packs, installed: [], host: {} } as unknown as CompatRequest;
  await expect(check('v1', request)).rejects.toMatchObject({ code: 'validation_error' });
  expect(asked).toBeLessThan(10);
});
