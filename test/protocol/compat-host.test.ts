// Which discovery documents are read as what, and which are refused.
import { describe, expect, it } from 'vitest';
import { readHost } from '../../src/protocol/compat/host.ts';
import { parseStrictJson } from '../../src/protocol/json.ts';
import { hostOf, record, reportOf, TODAY, V1, V2 } from './compat-world.ts';

const read = (document: unknown) => readHost({ document: document as never, today: TODAY });

describe('a discovery document', () => {
  it.each([
    ['v1', V1],
    ['v1', { ...V1, protocolVersions: ['1.0', '2.0'], preferredVersion: '1.0' }],
    ['v1', { ...V2, capabilities: {} }],
    ['v2', V2],
    ['v2', { ...V2, protocolVersion: '2.0', supportedEnvelopes: record({ kinds: [] }) }],
  ])('is of %s: %j', (generation, document) => {
    expect(hostOf(document).generation).toBe(generation);
  });

  it('names each version once, the lowest first', () => {
    const { versions } = hostOf({ ...V2, protocolVersions: ['2.1', '1.0', '2.0'], protocolVersion: '2.0' });
    expect(versions.map(({ text }) => text)).toEqual(['1.0', '2.0', '2.1']);
  });

  it('of v1 that lacks what v1 demands is read, and that is told', () => {
    const { notChecked } = reportOf({}, { protocolVersion: '1.0', limits: {} });
    expect(notChecked).toMatchObject([
      { pack: '', where: '/supportedEnvelopes' },
      { where: '/schemaVersions' },
    ]);
  });

  it('of v2 that does not say that packs are resolved through registries is told to be one', () => {
    const { packs, ...bare } = V2;
    expect(packs).toBeDefined();
    expect(reportOf({}, bare).notChecked).toMatchObject([{ pack: '', where: '/packs' }]);
  });

  it.each([
    ['', null],
    ['', []],
    ['', 'text'],
    ['/protocolVersions', {}],
    ['/protocolVersions', { protocolVersions: [] }],
    ['/protocolVersions', { protocolVersions: '2.0' }],
    ['/protocolVersions', { protocolVersions: { 0: '2.0' } }],
    ['/protocolVersions', { protocolVersions: ['2.0', 2] }],
    ['/protocolVersions', { protocolVersion: '9'.repeat(5_000) }],
    ['/protocolVersions', { protocolVersion: 'two' }],
    ['/protocolVersions', { protocolVersions: Array.from({ length: 51 }, (_, minor) => `2.${minor}`) }],
    ['/capabilities', { ...V1, capabilities: [] }],
  ])('is refused at %j: %j', (where, document) => {
    expect(read(document)).toMatchObject({ ok: false, where });
  });

  it.each([
    ['__proto__', '{"protocolVersions":["2.0"],"__proto__":{"sql":{}}}'],
    ['depth', `{"protocolVersions":["2.0"],"sql":${'['.repeat(100)}${']'.repeat(100)}}`],
    ['a key twice', '{"protocolVersions":["2.0"],"sql":{},"sql":null}'],
  ])('with %s is not even read', (_, text) => {
    expect(parseStrictJson(Buffer.from(text)).ok).toBe(false);
  });

  it('claims nothing by names that every object has', () => {
    const sent = parseStrictJson(Buffer.from('{"protocolVersions":["2.0"],"preferredVersion":"2.0"}'));
    const document = sent.ok ? (sent.value as never) : V2;
    const peerDependencies = {
      toString: 'supported',
      constructor: 'supported',
      'a.constructor.name': 'supported',
    };
    expect(reportOf({ peerDependencies }, document, { tree: 'v1' }).unmet).toHaveLength(3);
    expect(reportOf({ peerDependencies }, V2, { tree: 'v1' }).unmet).toHaveLength(3);
  });

  it('of many thousand names, and a pack of many needs, takes no time to speak of', () => {
    const names = Array.from({ length: 10_000 }, (_, index) => [`x-host-acme-n${index}`, record()] as const);
    const extensions = Object.fromEntries(
      Array.from({ length: 5_000 }, (_, index) => [`acme${index}.chat`, { status: 'gone' }] as const),
    );
    const document = { ...V2, ...Object.fromEntries(names), extensions };
    const peerDependencies = Object.fromEntries(names.slice(0, 900).map(([name]) => [name, 'required']));
    const agents = [
      { agentId: 'a', requiresCapabilities: Array.from({ length: 900 }, () => 'chat') },
    ] as never;
    const started = performance.now();
    reportOf({ peerDependencies, agents }, document, { tree: 'v1' });
    expect(performance.now() - started).toBeLessThan(10_000);
  });
});
