// A version that is there already, at a registry with a log: asked about like any other, but for its tarball.
import { describe, expect, it } from 'vitest';
import { loadInstalled } from '../../src/client/index.ts';
import { makePack, withOtherFiles } from '../world/packs.ts';
import { newHost, TOOLS } from './host.ts';
import { verdict } from './lies.ts';
import { type LoggedRegistry, loggedRegistry, proofOf, statementOf } from './logged.ts';
import { at, publisher } from './trusted.ts';

const NAME = 'vendor.acme.tools';

const installed = async () => {
  const pack = await makePack(publisher);
  const registry = await loggedRegistry(pack);
  const host = await newHost();
  await host.install(registry, TOOLS, at());
  registry.requests.length = 0;
  return { pack, registry, host };
};

const tarballsAsked = ({ requests }: LoggedRegistry) => requests.filter((path) => path.endsWith('.tgz'));

describe('an install of a version that is there and recorded', () => {
  it('asks for the proof again, and for no tarball', async () => {
    const { pack, registry, host } = await installed();
    expect(await host.install(registry, TOOLS, at())).toMatchObject([{ installed: false }]);
    expect(registry.requests).toContain(proofOf(pack));
    expect(tarballsAsked(registry)).toEqual([]);
  });

  it('is refused where the log does not prove it any more', async () => {
    const { pack, registry, host } = await installed();
    registry.files.delete(proofOf(pack));
    expect(verdict(await host.refusal(registry, TOOLS, at()))).toEqual({
      question: 'leaf',
      code: 'proof_missing',
    });
  });

  it('is refused where the registry names other bytes than the log records', async () => {
    const { pack, registry, host } = await installed();
    registry.add(await withOtherFiles(pack, { 'index.mjs': 'evil' }));
    expect((await host.refusal(registry, TOOLS, at())).code).toBe('leaf_digest_mismatch');
  });

  it('is refused where the host asks for more than it rests on', async () => {
    const { registry, host } = await installed();
    const policy = { minAssurance: 'log+bytes' } as const;
    expect((await host.refusal(registry, TOOLS, { ...at(), policy })).code).toBe('assurance_too_low');
    const stated = { ...at(), policy: { requireStatement: true } };
    expect((await host.refusal(registry, TOOLS, stated)).code).toBe('statement_missing');
  });

  it('verifies it anew where there is a statement now, and records the better assurance', async () => {
    const { pack, registry, host } = await installed();
    await registry.serveStatement(pack);
    expect(await host.install(registry, TOOLS, at())).toMatchObject([{ installed: true }]);
    expect((await loadInstalled(host.dir, NAME)).marker.assurance).toBe('log+bytes');
    registry.requests.length = 0;
    expect(await host.install(registry, TOOLS, at())).toMatchObject([{ installed: false }]);
    expect(registry.requests).toContain(statementOf(pack));
    expect(tarballsAsked(registry)).toEqual([]);
  });

  it('is refused where the statement is about other bytes now', async () => {
    const { pack, registry, host } = await installed();
    await registry.serveStatement(pack, { sha256: '0'.repeat(64) });
    expect((await host.refusal(registry, TOOLS, at())).code).toBe('statement_mismatch');
  });

  it('verifies it anew where the log records it in another place now', async () => {
    const { pack, registry, host } = await installed();
    registry.record(pack);
    await registry.serveLog();
    expect(await host.install(registry, TOOLS, at())).toMatchObject([{ installed: true }]);
    expect((await loadInstalled(host.dir, NAME)).marker.recorded?.index).toBe(4);
  });
});
