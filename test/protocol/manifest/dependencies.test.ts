// What a pack says it needs and nobody could give it: said when it is published, and never a reason to refuse it.
import { describe, expect, it } from 'vitest';
import { checkManifest } from '../../../src/protocol/manifest/index.ts';
import { manifestOf, TREES } from '../../world/manifests.ts';

const NAME = 'vendor.acme.tools';

describe.each(TREES)('in tree %s', (tree) => {
  const warned = (dependencies: Readonly<Record<string, string>>, name = NAME) => {
    const manifest = manifestOf('node', tree, { '/name': name, '/dependencies': dependencies });
    const { stage, warnings } = checkManifest(manifest, tree);
    expect(stage).toBeUndefined();
    return warnings.map(({ where }) => where);
  };

  it('a range that is none, a name that is none and the pack itself are each a warning', () => {
    expect(warned({ 'community.demo.base': '^^1' })).toEqual(['/dependencies/community.demo.base']);
    expect(warned({ hello: '^1' })).toEqual(['/dependencies/hello']);
    expect(warned({ [NAME]: '^1' })).toEqual([`/dependencies/${NAME}`]);
    expect(warned({ 'vendor.acme.Tools': '^1' })).toEqual(['/dependencies/vendor.acme.Tools']);
    expect(warned({ hello: 'latest' })).toHaveLength(2);
  });

  it('what can be met is none', () => {
    for (const range of ['1.2.3', '^1', '*', '', '>=1.0.0 <3.0.0 || ^4.1.0-beta.1', '1.x', '~2.0'])
      expect(warned({ 'vendor.acme.base': range })).toEqual([]);
  });

  it('ten thousand of them are said in fifty, and in no time', () => {
    const many = Object.fromEntries(Array.from({ length: 10_000 }, (_, at) => [`x${at}`, '^^1']));
    const started = process.cpuUsage();
    expect(warned(many)).toHaveLength(51);
    expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
  });
});
