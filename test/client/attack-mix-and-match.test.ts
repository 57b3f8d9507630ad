// Mix and match: every document is honest by itself, and they do not belong together.
import { describe, expect, it } from 'vitest';
import { makePack } from '../world/packs.ts';
import { partOf } from '../world/static-registry.ts';
import { newHost, TOOLS } from './host.ts';
import { assuranceAt, refusedAtOpening, refusedAtVersion, TOOLS_2, verdict, withoutLog } from './lies.ts';
import { CHECKPOINT, loggedRegistry, proofOf, statementOf } from './logged.ts';
import { otherLeaf } from './test-log.ts';
import { publisher } from './trusted.ts';

const both = async () =>
  [await makePack(publisher), await makePack(publisher, { version: '2.0.0' })] as const;

describe('documents of two versions', () => {
  it('are refused: the proof of one with the bytes of another', async () => {
    const [one, two] = await both();
    const registry = await loggedRegistry(one, two);
    registry.files.set(proofOf(two), registry.files.get(proofOf(one)) ?? new Uint8Array());
    const refused = await refusedAtVersion(await newHost(), registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'leaf', code: 'leaf_mismatch' });
    expect(refused.evidence).toMatchObject({
      expected: { subject: 'pack:vendor.acme.tools@2.0.0' },
      found: { subject: 'pack:vendor.acme.tools@1.0.0' },
    });
  });

  it('are refused: the bytes, manifest and signature of one under the address of another', async () => {
    const [one, two] = await both();
    const registry = await loggedRegistry(one, two);
    for (const ending of ['json', 'tgz', 'sig'])
      registry.files.set(partOf(two, ending), registry.files.get(partOf(one, ending)) ?? new Uint8Array());
    const refused = await refusedAtVersion(await newHost(), registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'digest', code: 'leaf_digest_mismatch' });
  });

  it('are refused: the statement of one with the bytes of another', async () => {
    const [one, two] = await both();
    const registry = await loggedRegistry(one, two);
    await registry.serveStatement(one);
    registry.files.set(statementOf(two), registry.files.get(statementOf(one)) ?? new Uint8Array());
    const refused = await refusedAtVersion(await newHost(), registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'statement', code: 'statement_mismatch' });
  });

  it('are refused: the event of one at the place of another', async () => {
    const [one, two] = await both();
    const registry = await loggedRegistry(one, two);
    const moved = await registry.log.proof(4, registry.log.leaves[3] ?? new Uint8Array());
    registry.files.set(proofOf(one), Buffer.from(moved));
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'leaf', code: 'leaf_not_included' });
    expect(refused.evidence).toMatchObject({ index: 4, size: 5 });
  });

  it('are refused: a version of one tree served in the other', async () => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry();
    registry.add(pack);
    registry.record(pack, { change: { tree: 'v2' } });
    await registry.serveLog();
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'leaf', code: 'leaf_mismatch' });
  });

  it('are refused: another event about the same version', async () => {
    const pack = await makePack(publisher);
    const registry = await loggedRegistry(pack);
    registry.record(pack, { kind: 'pack.yanked' });
    await registry.serveLog();
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'leaf', code: 'leaf_mismatch' });
    expect(refused.evidence).toMatchObject({ found: { kind: 'pack.yanked' } });
  });

  it('at a registry without a log are still told apart by name and version, and by nothing else', async () => {
    const [one, two] = await both();
    const registry = await withoutLog(one, two);
    for (const ending of ['json', 'tgz', 'sig'])
      registry.files.set(partOf(two, ending), registry.files.get(partOf(one, ending)) ?? new Uint8Array());
    expect((await (await newHost()).refusal(registry, TOOLS_2)).code).toBe('manifest_identity_mismatch');
    expect(await assuranceAt(await newHost(), registry, TOOLS)).toBe('manifest');
  });
});

describe('documents of two times', () => {
  it('are refused: a keyring of today with a head of the log of yesterday', async () => {
    const registry = await loggedRegistry(...(await both()));
    const yesterday = registry.files.get(CHECKPOINT) ?? new Uint8Array();
    registry.log.append(otherLeaf('today'));
    await registry.serveLog();
    await registry.serveKeyring({});
    registry.files.set(CHECKPOINT, yesterday);
    const refused = await refusedAtOpening(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'checkpoint_behind' });
    expect(refused.evidence).toEqual({ document: 'keyring', treeSize: 6, size: 5 });
  });

  it('are refused: a list of withdrawn versions of today with a head of the log of yesterday', async () => {
    const registry = await loggedRegistry(...(await both()));
    await registry.serveWithdrawals({ treeSize: 6 });
    const refused = await refusedAtOpening(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'checkpoint_behind' });
    expect(refused.evidence).toEqual({ document: 'withdrawals', treeSize: 6, size: 5 });
  });

  it('are refused: a proof out of a log of another history', async () => {
    const [pack] = await both();
    const registry = await loggedRegistry(pack);
    const foreign = await loggedRegistry();
    foreign.log.append(otherLeaf('another history'));
    foreign.record(pack);
    await foreign.serveLog();
    registry.files.set(proofOf(pack), foreign.files.get(proofOf(pack)) ?? new Uint8Array());
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(refused.question).toBe('checkpoint');
    expect(['log_fork', 'log_unprovable']).toContain(refused.code);
  });
});
