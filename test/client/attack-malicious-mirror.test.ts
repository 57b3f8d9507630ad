// A malicious mirror: it has everything that was ever signed, and withholds, swaps or hides some of it.
import { describe, expect, it } from 'vitest';
import { digestOf } from '../../storage/digest.ts';
import { type MadePack, makePack, withOtherFiles } from '../world/packs.ts';
import { DISCOVERY, partOf, yank } from '../world/static-registry.ts';
import { newHost, TOOLS } from './host.ts';
import { assuranceAt, refusedAtOpening, refusedAtVersion, TOOLS_2, verdict, withoutLog } from './lies.ts';
import {
  CHECKPOINT,
  LOGGED_TRUST,
  type LoggedRegistry,
  loggedRegistry,
  proofOf,
  statementOf,
  WITHDRAWALS,
} from './logged.ts';
import { at, publisher, TRUST } from './trusted.ts';

const both = async () =>
  [await makePack(publisher), await makePack(publisher, { version: '2.0.0' })] as const;

/** A host that has seen the log at work once. */
const seasoned = async (registry: LoggedRegistry) => {
  const host = await newHost();
  await host.install(registry, TOOLS, at());
  return host;
};

const withdraw = async (registry: LoggedRegistry, pack: MadePack, kind = 'yanked'): Promise<void> =>
  registry.serveWithdrawals({
    version: 2,
    withdrawn: [{ sha256: digestOf(pack.tarball), kind }],
  });

describe('a mirror that withholds', () => {
  it('the proof of a version is refused', async () => {
    const [pack] = await both();
    const registry = await loggedRegistry(pack);
    registry.files.delete(proofOf(pack));
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'leaf', code: 'proof_missing' });
    expect(refused.evidence).toEqual({ path: proofOf(pack) });
  });

  it('the head of the log is refused', async () => {
    const registry = await loggedRegistry(...(await both()));
    registry.files.delete(CHECKPOINT);
    const refused = await refusedAtOpening(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'checkpoint_missing' });
  });

  it('the whole log is refused by a host that has seen it before', async () => {
    const registry = await loggedRegistry(...(await both()));
    const host = await seasoned(registry);
    registry.setTrust(TRUST);
    const refused = await refusedAtOpening(host, registry, TOOLS_2);
    expect(verdict(refused)).toEqual({ question: 'checkpoint', code: 'checkpoint_missing' });
    expect(refused.evidence).toMatchObject({ missing: '/trust/log', seen: 5 });
  });

  it('the whole log from a host that never saw it gets the assurance of a registry without one', async () => {
    const [pack] = await both();
    const registry = await loggedRegistry(pack);
    registry.setTrust(TRUST);
    expect(await assuranceAt(await newHost(), registry)).toBe('manifest');
    const changes = { ...at(), policy: { minAssurance: 'log+manifest' } as const };
    const refused = await (await newHost()).refusal(registry, TOOLS, changes);
    expect(verdict(refused)).toEqual({ question: 'leaf', code: 'assurance_too_low' });
  });

  it.each(['versionProof', 'withdrawals'])('only %s of a log is refused', async (member) => {
    const registry = await loggedRegistry(...(await both()));
    const { [member]: _withheld, ...trust } = LOGGED_TRUST;
    registry.setTrust(trust);
    const refused = await refusedAtOpening(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'registry', code: 'registry_endpoints_unresolvable' });
    expect(refused.evidence['where']).toBe(`/trust/${member}`);
  });

  it('the list of withdrawn versions is refused', async () => {
    const registry = await loggedRegistry(...(await both()));
    registry.files.delete(WITHDRAWALS);
    const refused = await refusedAtOpening(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'lifecycle', code: 'withdrawals_missing' });
  });

  it('a release statement is refused where the host requires one', async () => {
    const [pack] = await both();
    const registry = await loggedRegistry(pack);
    await registry.serveStatement(pack);
    registry.files.delete(statementOf(pack));
    const changes = { ...at(), policy: { requireStatement: true } };
    const refused = await refusedAtVersion(await newHost(), registry, TOOLS, changes);
    expect(verdict(refused)).toEqual({ question: 'statement', code: 'statement_missing' });
    expect(await assuranceAt(await newHost(), registry)).toBe('log+manifest');
  });
});

describe('a mirror that swaps', () => {
  it('the tarball is refused', async () => {
    const [pack] = await both();
    const registry = await loggedRegistry(pack);
    const swapped = await withOtherFiles(pack, { 'index.mjs': 'evil' });
    registry.files.set(partOf(pack, 'tgz'), swapped.tarball);
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'digest', code: 'pack_integrity_mismatch' });
  });

  it('the key of the log in the discovery document changes nothing: the root says whose log it is', async () => {
    const registry = await loggedRegistry(...(await both()));
    expect(JSON.stringify(registry.json(DISCOVERY))).toContain('only the root counts');
    expect(await assuranceAt(await newHost(), registry)).toBe('log+manifest');
  });

  it('the signature of a pack for another one by the same key is refused', async () => {
    const [pack, other] = await both();
    const registry = await loggedRegistry(pack, other);
    registry.files.set(partOf(pack, 'sig'), other.signature);
    const refused = await refusedAtVersion(await newHost(), registry);
    expect(verdict(refused)).toEqual({ question: 'signature', code: 'leaf_signature_mismatch' });
  });
});

describe('a mirror that hides a yank', () => {
  it('leads no range to the version: the registrar’s list names its bytes', async () => {
    const [pack] = await both();
    const registry = await loggedRegistry(pack);
    await withdraw(registry, pack);
    const refused = await refusedAtVersion(await newHost(), registry, 'vendor.acme.tools@^1');
    expect(verdict(refused)).toEqual({ question: 'lifecycle', code: 'pack_version_yanked' });
    expect(refused.evidence).toMatchObject({ withdrawn: 'yanked', version: '1.0.0' });
  });

  it('does not keep the warning from whoever names the exact version', async () => {
    const [pack] = await both();
    const registry = await loggedRegistry(pack);
    await withdraw(registry, pack);
    const [installed] = await (await newHost()).install(registry, TOOLS, at());
    expect(installed?.verified?.warnings.join()).toContain('withdrawn (yanked)');
  });

  it('nor one that was unpublished: its bytes are on the list, and whoever serves them is named a keeper', async () => {
    const [pack] = await both();
    const registry = await loggedRegistry(pack);
    await withdraw(registry, pack, 'unpublished');
    const refused = await refusedAtVersion(await newHost(), registry, 'vendor.acme.tools@^1');
    expect(verdict(refused)).toEqual({ question: 'lifecycle', code: 'pack_version_unpublished' });
    const [installed] = await (await newHost()).install(registry, TOOLS, at());
    expect(installed?.verified?.warnings.join()).toContain(
      'was unpublished, and is served here all the same',
    );
  });

  it('does not keep it from a host that has the version already and asks for a range', async () => {
    const [pack] = await both();
    const registry = await loggedRegistry(pack);
    const host = await seasoned(registry);
    await withdraw(registry, pack);
    const refused = await host.refusal(registry, 'vendor.acme.tools@^1', at());
    expect(verdict(refused)).toEqual({ question: 'lifecycle', code: 'pack_version_yanked' });
  });

  it('succeeds at a registry without a log, which says nothing about it', async () => {
    const [pack] = await both();
    const honest = await withoutLog(pack);
    yank(honest, pack, 'it was broken');
    expect(verdict(await (await newHost()).refusal(honest, 'vendor.acme.tools@1', at()))).toEqual({
      question: 'registry',
      code: 'no_version_satisfies',
    });
    const hiding = await withoutLog(pack);
    expect(await assuranceAt(await newHost(), hiding, 'vendor.acme.tools@1')).toBe('manifest');
  });
});
