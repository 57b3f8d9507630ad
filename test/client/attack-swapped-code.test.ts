// Swapped code under a good manifest signature: what the wire signature cannot tell, the log and the statement can.
import { describe, expect, it } from 'vitest';
import { digestOf, integrityOf } from '../../storage/digest.ts';
import { makePack, withOtherFiles } from '../world/packs.ts';
import { newHost, TOOLS } from './host.ts';
import { assuranceAt, refusedAtVersion, verdict, withoutLog } from './lies.ts';
import { loggedRegistry } from './logged.ts';
import { at, publisher } from './trusted.ts';

const swappedPair = async () => {
  const pack = await makePack(publisher);
  const swapped = await withOtherFiles(pack, { 'index.mjs': 'export const nodes = { evil: true };' });
  return { pack, swapped };
};

describe('swapped code with the signed pack.json, its signature and a fitting integrity', () => {
  it('is refused where the log records other bytes', async () => {
    const { pack, swapped } = await swappedPair();
    const registry = await loggedRegistry(pack);
    registry.add(swapped);
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'digest', code: 'leaf_digest_mismatch' });
    expect(refused.evidence).toEqual({
      expected: integrityOf(digestOf(pack.tarball)),
      found: integrityOf(digestOf(swapped.tarball)),
      index: 3,
    });
  });

  it('is refused by the statement where the registry itself recorded the swapped bytes', async () => {
    const { pack, swapped } = await swappedPair();
    const registry = await loggedRegistry(swapped);
    await registry.serveStatement(pack);
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'statement', code: 'statement_mismatch' });
    expect(refused.evidence).toMatchObject({
      members: ['sha256'],
      expected: { sha256: digestOf(swapped.tarball) },
      found: { sha256: digestOf(pack.tarball) },
    });
  });

  it('is refused where the host asks for every byte under the key and the registry leaves the statement out', async () => {
    const { swapped } = await swappedPair();
    const registry = await loggedRegistry(swapped);
    const changes = { ...at(), policy: { minAssurance: 'log+bytes' } as const };
    const refused = await refusedAtVersion(await newHost(), registry, TOOLS, changes);
    expect(verdict(refused)).toEqual({ question: 'statement', code: 'assurance_too_low' });
    expect(refused.evidence).toEqual({ expected: 'log+bytes', found: 'log+manifest' });
  });

  it('is refused where it comes with a statement by another key of the same namespace', async () => {
    const { swapped } = await swappedPair();
    const registry = await loggedRegistry(swapped);
    await registry.serveStatement(swapped, {}, 'evil');
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'statement', code: 'statement_signature' });
    expect(refused.evidence).toMatchObject({ keyId: 'publisher' });
  });

  it('is believed at a registry without a log, but only at the assurance "manifest"', async () => {
    const { swapped } = await swappedPair();
    expect(await assuranceAt(await newHost(), await withoutLog(swapped))).toBe('manifest');
  });

  it('is refused at a registry without a log by a host that asks for more', async () => {
    const { swapped } = await swappedPair();
    const policy = { minAssurance: 'log' } as const;
    const refused = await (await newHost()).refusal(await withoutLog(swapped), TOOLS, { ...at(), policy });
    expect(verdict(refused)).toEqual({ question: 'leaf', code: 'assurance_too_low' });
    expect(refused.message).toContain('the registry alone vouches');
  });
});
