// What belongs to hosts stays with hosts: host-extensions.md and RFC 0069, in every kind and both trees.
import { describe, expect, it } from 'vitest';
import { hostExtensionRules } from '../../../src/protocol/manifest/host-extensions.ts';
import { checkManifest } from '../../../src/protocol/manifest/index.ts';
import { manifestOf } from '../../world/manifests.ts';

const found = (edits: Readonly<Record<string, string>>, kind: Parameters<typeof manifestOf>[0] = 'node') =>
  hostExtensionRules(manifestOf(kind, 'v1', edits)).map(({ code, where }) => `${code} ${where}`);

describe('a tool that runs commands (RFC 0069)', () => {
  it.each([
    'core.exec',
    'core.tools.Shell',
    'openwop.run-command',
    'OPENWOP.tools.run_script',
    'core.openwop.subprocess',
    'core.acme.system-call',
    'core.eval',
  ])('is none of the protocol’s: %s', (typeId) => {
    expect(found({ '/nodes/0/typeId': typeId })).toEqual(['invalid_manifest /nodes/0/typeId']);
  });

  it.each(['vendor.acme.exec', 'private.host.shell', 'x-host-acme-exec', 'core.workflowChain.event'])(
    'is the host’s own, or none: %s',
    (typeId) => expect(found({ '/nodes/0/typeId': typeId })).toEqual([]),
  );

  it('is found in whatever a pack gives to others', () => {
    expect(found({ '/artifactTypes/0/artifactTypeId': 'core.spawn' }, 'artifact-type')).toHaveLength(1);
    expect(found({ '/chains/0/chainId': 'openwop.exec' }, 'workflow-chain')).toHaveLength(1);
    expect(found({ '/prompts/0/templateId': 'core.exec' }, 'prompt')).toHaveLength(1);
    expect(found({ '/nodes/0/mcp': { toolName: 'core.exec' } as never })).toEqual([
      'invalid_manifest /nodes/0/mcp/toolName',
    ]);
  });

  it.each(['host.exec', 'host.shell', 'core.exec', 'openwop.run-command'])(
    'cannot be asked of a host as %s',
    (peer) =>
      expect(found({ [`/peerDependencies/${peer}`]: 'supported' })).toEqual([
        `pack_peer_dependency_undefined /peerDependencies/${peer}`,
      ]),
  );
});

describe('an extension of a host', () => {
  it.each(['x-host-acme-exec', 'x-host-acme-canvas-sync', 'x-host-a1-b2', 'host.fs', 'acme.canvas'])(
    'may be asked for as %s',
    (peer) => expect(found({ [`/peerDependencies/${peer}`]: 'supported' })).toEqual([]),
  );

  it.each(['x-host-acme', 'x-host', 'x-host-Acme-exec', 'X-Host-acme-exec', 'x-host--exec', 'x-host-acme-'])(
    'is not called %s',
    (peer) => expect(found({ [`/peerDependencies/${peer}`]: 'supported' })).toHaveLength(1),
  );
});

it('the name of a pack that is not published is given to nobody (RFC 0043 §A.5)', () => {
  expect(found({ '/nodes/0/typeId': 'local.dev.echo' })).toEqual(['invalid_manifest /nodes/0/typeId']);
});

it.each(['v1', 'v2'] as const)('a publish in %s is refused for it among the rules of the kind', (tree) => {
  const report = checkManifest(manifestOf('node', tree, { '/nodes/0/typeId': 'core.acme.exec' }), tree);
  expect([report.stage, report.violations[0]?.where]).toEqual(['rules', '/nodes/0/typeId']);
  expect(report.violations[0]?.message).toContain('x-host-<vendor>-exec');
});
