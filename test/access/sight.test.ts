// Which sealed events a token may see opened, also after a namespace went to somebody else.
import { describe, expect, it } from 'vitest';
import type { Principal } from '../../src/access/principal.ts';
import { sightOf } from '../../src/access/sight.ts';

const reader = (more: Partial<Principal> = {}): Principal => ({
  tokenId: 't',
  account: 'alice',
  scopes: ['audit:read'],
  namespaces: ['private.host.*', 'private.kept.*'],
  ...more,
});
const lost =
  (...namespaces: string[]) =>
  async (account: string) =>
    account === 'alice' ? namespaces : [];

const seenBy = async (by: Principal, ...given: string[]) => {
  const sight = await sightOf(by, lost(...given));
  if (typeof sight === 'string') return sight;
  const subjects = [
    'pack:private.host.tool@1.0.0',
    'namespace:private.host',
    'pack:private.kept.tool@1.0.0',
    'token:t',
  ];
  return subjects.filter(sight);
};

describe('an audit token', () => {
  it('sees what it is limited to, and nothing without the scope', async () => {
    expect(await seenBy(reader())).toEqual([
      'pack:private.host.tool@1.0.0',
      'namespace:private.host',
      'pack:private.kept.tool@1.0.0',
    ]);
    expect(await seenBy(reader({ scopes: ['packs:read'] }))).toBe('none');
    expect(await seenBy(reader({ namespaces: null }))).toBe('all');
  });

  it('of a former holder sees nothing of what went to somebody else', async () => {
    expect(await seenBy(reader(), 'private.host')).toEqual(['pack:private.kept.tool@1.0.0']);
    expect(await seenBy(reader({ account: 'auditor' }), 'private.host')).toHaveLength(3);
  });
});
