// The auditor finds every lie that a registry can tell against its own log, names it, and finds none where there is none.
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../keys/canonical.ts';
import { envelopeText } from '../../keys/envelope.ts';
import type { AuditReport } from '../../src/client/audit/audit.ts';
import {
  AUDIT_FINDINGS,
  type AuditCode,
  type AuditFinding,
  foundAgain,
} from '../../src/client/audit/findings.ts';
import { Refusal } from '../../src/client/refusal.ts';
import { memoryTrustStore } from '../../src/client/trust-state.ts';
import { digestOf } from '../../storage/digest.ts';
import { delegationOf, rootOf, signedRoot, signer } from '../keys/trust-world.ts';
import { createPublisher } from '../world/publisher.ts';
import { DISCOVERY, partOf } from '../world/static-registry.ts';
import {
  type AuditedRegistry,
  audit,
  auditedRegistry,
  found as codesOf,
  openlyAudited,
  packNamed,
} from './audited.ts';

const shown = new Set<AuditCode>();

/** The codes of all findings, each with what it is about. */
const found = (report: AuditReport): readonly string[] => {
  for (const { code } of report.findings) shown.add(code);
  return codesOf(report);
};

const tools = () => packNamed('vendor.acme.tools');
const cards = () => packNamed('vendor.acme.cards', '2.1.0');

describe('an honest registry', () => {
  it('has nothing to be found, and is summed up', async () => {
    const [tool, card] = [await tools(), await cards()];
    const registry = await auditedRegistry(tool, card, await packNamed('vendor.acme.tools', '1.1.0'));
    registry.yank(card);
    await registry.serve();
    const report = await audit(registry, { tarballs: true });
    expect(found(report)).toEqual([]);
    expect(report.compared).toBe(true);
    expect(report.counts).toEqual({
      entries: 8,
      sealed: 1,
      packs: 2,
      versions: 3,
      yanked: 1,
      deprecated: 0,
      unpublished: 0,
      revokedVersions: 0,
      keys: 1,
      revoked: 0,
      roots: 1,
      namespaces: 1,
    });
  });

  it.each(['here', 'ever', 3] as const)('may have taken a key back (from: %s)', async (from) => {
    const registry = await auditedRegistry(await tools());
    registry.revoke('stolen', from);
    await registry.serve();
    expect(found(await audit(registry))).toEqual([]);
  });

  it('may hold more entries than a tile', async () => {
    const registry = await auditedRegistry(await tools());
    for (let number = 0; number < 600; number += 1)
      registry.record('token.created', `token:${number}`, { number });
    await registry.serve();
    expect(found(await audit(registry))).toEqual([]);
  });

  it('may grow while it is looked at', async () => {
    const registry = await auditedRegistry(await tools());
    const late = await cards();
    let published = false;
    registry.lieAbout(/v1\/index\.json$/, (response) => {
      // What is served from here on is of a later time than the head that was shown.
      if (!published) registry.publish(late);
      published = true;
      void registry.serve().then(() => {
        response.writeHead(200);
        response.end(registry.files.get('/v1/index.json'));
      });
    });
    const report = await audit(registry);
    expect(found(report)).toEqual([]);
  });
});

describe('a lie about packs is found:', () => {
  it('another digest in a served manifest', async () => {
    const pack = await tools();
    const registry = await auditedRegistry(pack);
    const path = partOf(pack, 'json');
    registry.setJson(path, {
      ...registry.json(path),
      integrity: `sha256-${Buffer.alloc(32).toString('base64')}`,
    });
    const report = await audit(registry);
    expect(found(report)).toEqual(['version_digest pack:vendor.acme.tools@1.0.0 4']);
    expect(report.findings[0]?.evidence).toMatchObject({ where: path, expected: digestOf(pack.tarball) });
  });

  it('a manifest without any digest', async () => {
    const pack = await tools();
    const registry = await auditedRegistry(pack);
    const { integrity: _, ...rest } = registry.json(partOf(pack, 'json'));
    registry.setJson(partOf(pack, 'json'), rest);
    expect(found(await audit(registry))).toEqual(['version_digest pack:vendor.acme.tools@1.0.0 4']);
  });

  it('a hidden version', async () => {
    const hidden = await packNamed('vendor.acme.tools', '1.1.0');
    const registry = await auditedRegistry(await tools(), hidden);
    registry.setJson('/v1/packs/vendor.acme.tools/index.json', {
      name: 'vendor.acme.tools',
      versions: [{ version: '1.0.0', yanked: false }],
    });
    expect(found(await audit(registry))).toEqual(['version_missing pack:vendor.acme.tools@1.1.0 5']);
  });

  it('a version that is listed, and not served', async () => {
    const pack = await tools();
    const registry = await auditedRegistry(pack);
    registry.files.delete(partOf(pack, 'json'));
    expect(found(await audit(registry))).toEqual(['version_missing pack:vendor.acme.tools@1.0.0 4']);
  });

  it('a version that nobody logged', async () => {
    const registry = await auditedRegistry(await tools());
    registry.add(await packNamed('vendor.acme.tools', '6.6.6'));
    expect(found(await audit(registry))).toEqual(['version_unlogged pack:vendor.acme.tools@6.6.6 -']);
  });

  it('a whole pack that nobody logged', async () => {
    const registry = await auditedRegistry(await tools());
    registry.add(await packNamed('vendor.acme.secret'));
    await registry.serve({ index: (rows) => [...rows, { name: 'vendor.acme.secret', yanked: false }] });
    expect(found(await audit(registry))).toEqual([
      'pack_unlogged pack:vendor.acme.secret -',
      'version_unlogged pack:vendor.acme.secret@1.0.0 -',
    ]);
  });

  it('a pack that is left out of the index', async () => {
    const registry = await auditedRegistry(await tools(), await cards());
    await registry.serve({ index: (rows) => rows.filter(({ name }) => name !== 'vendor.acme.cards') });
    expect(found(await audit(registry))).toEqual(['pack_missing pack:vendor.acme.cards 5']);
  });

  it('a yank that only the served manifest denies', async () => {
    const pack = await tools();
    const registry = await auditedRegistry(pack, await packNamed('vendor.acme.tools', '1.1.0'));
    registry.yank(pack);
    await registry.serve();
    registry.setJson(partOf(pack, 'json'), { ...registry.json(partOf(pack, 'json')), yanked: false });
    const report = await audit(registry);
    expect(found(report)).toEqual(['version_standing pack:vendor.acme.tools@1.0.0 4']);
    expect(report.findings[0]?.evidence).toMatchObject({ expected: true, found: false });
  });

  it('an index that denies that all of a pack is yanked', async () => {
    const pack = await tools();
    const registry = await auditedRegistry(pack);
    registry.yank(pack);
    await registry.serve({ index: (rows) => rows.map((row) => ({ ...row, yanked: false })) });
    expect(found(await audit(registry))).toEqual(['pack_standing pack:vendor.acme.tools 4']);
  });

  it('another signature', async () => {
    const pack = await tools();
    const registry = await auditedRegistry(pack);
    registry.files.set(partOf(pack, 'sig'), new Uint8Array(64));
    expect(found(await audit(registry))).toEqual(['version_signature pack:vendor.acme.tools@1.0.0 4']);
  });

  it('another key in a served manifest', async () => {
    const pack = await tools();
    const registry = await auditedRegistry(pack);
    const path = partOf(pack, 'json');
    const signing = { method: 'manual', publicKeyRef: 'somebody', signatureRef: 'keys/pack.json.sig' };
    registry.setJson(path, { ...registry.json(path), signing });
    expect(found(await audit(registry))).toEqual(['version_key pack:vendor.acme.tools@1.0.0 4']);
  });

  it('a yank that the registrar’s list leaves out', async () => {
    const pack = await tools();
    const registry = await auditedRegistry(pack);
    const position = registry.yank(pack);
    await registry.serve({ withdrawn: [] });
    expect(position).toBe(5);
    expect(found(await audit(registry))).toEqual(['withdrawal_missing pack:vendor.acme.tools@1.0.0 4']);
  });

  it('bytes that are withdrawn and not yanked, where the log hides nothing', async () => {
    const registry = await openlyAudited(await tools());
    const sha256 = 'ab'.repeat(32);
    await registry.serve({ withdrawn: [{ sha256, kind: 'yanked' }] });
    expect(found(await audit(registry))).toEqual([`withdrawal_unlogged sha256:${sha256} -`]);
  });

  it('other bytes, where tarballs are fetched as well', async () => {
    const pack = await tools();
    const registry = await auditedRegistry(pack);
    registry.files.set(partOf(pack, 'tgz'), (await cards()).tarball);
    expect(found(await audit(registry))).toEqual([]);
    const report = await audit(registry, { tarballs: true });
    expect(found(report)).toEqual(['version_refused pack:vendor.acme.tools@1.0.0 4']);
    expect(report.findings[0]?.evidence).toMatchObject({ refusal: 'pack_integrity_mismatch' });
  });
});

describe('a version whose key the log says is revoked at its place', () => {
  it.each(['ever', 3] as const)('is known, and no finding: from %s', async (from) => {
    const registry = await openlyAudited(await tools(), await cards());
    registry.revoke('stolen', from);
    await registry.serve();
    const report = await audit(registry, { tarballs: true });
    expect(found(report)).toEqual([]);
    expect(report.counts).toMatchObject({ revoked: 1, revokedVersions: 2 });
  });

  it('is a finding where the log revokes the key only behind it, or its bytes are others', async () => {
    const [tool, card] = [await tools(), await cards()];
    const registry = await openlyAudited(tool, card);
    registry.revoke('stolen', 4);
    const { keyId } = signer('publisher');
    const issuedAt = '2026-05-02T00:00:00Z';
    await registry.serve({ revocations: [{ keyId, reason: 'stolen', fromPosition: 0, issuedAt }] });
    const report = await audit(registry, { tarballs: true });
    expect(found(report)).toContain('version_refused pack:vendor.acme.tools@1.0.0 3');
    expect(found(report).filter((line) => line.includes('cards'))).toEqual([]);
    registry.files.set(partOf(card, 'tgz'), tool.tarball);
    await registry.serve();
    expect(found(await audit(registry, { tarballs: true }))).toEqual([
      'version_refused pack:vendor.acme.cards@2.1.0 4',
    ]);
  });
});

describe('a lie about how versions stand is found:', () => {
  const world = async () => {
    const [old, current] = [await tools(), await packNamed('vendor.acme.tools', '1.1.0')];
    return { old, current, registry: await openlyAudited(old, current) };
  };
  const OLD = 'pack:vendor.acme.tools@1.0.0';

  it('none, where versions are deprecated and unpublished as the log says', async () => {
    const { old, current, registry } = await world();
    registry.deprecate(current, 'vendor.acme.next@2.0.0');
    registry.yank(old);
    registry.unpublish(old);
    await registry.serve();
    const report = await audit(registry, { tarballs: true });
    expect(found(report)).toEqual([]);
    expect(report.counts).toMatchObject({ versions: 2, yanked: 1, deprecated: 1, unpublished: 1 });
    registry.unpublish(current);
    await registry.serve();
    expect(found(await audit(registry, { tarballs: true }))).toEqual([]);
  });

  it('an unpublish that nobody logged', async () => {
    const { old, registry } = await world();
    for (const part of ['json', 'tgz', 'sig']) registry.files.delete(partOf(old, part));
    expect(found(await audit(registry))).toEqual([`version_missing ${OLD} 3`]);
  });

  it('a version, and a pack, that the log has unpublished and that is served all the same', async () => {
    const { old, current, registry } = await world();
    const kept = new Map(registry.files);
    registry.unpublish(old);
    await registry.serve();
    const [json = new Uint8Array(), index = new Uint8Array()] = [
      kept.get(partOf(old, 'json')),
      kept.get('/v1/packs/vendor.acme.tools/index.json'),
    ];
    registry.files.set(partOf(old, 'json'), json);
    expect(found(await audit(registry))).toEqual([`unpublished_served ${OLD} 3`]);
    registry.files.delete(partOf(old, 'json'));
    registry.files.set('/v1/packs/vendor.acme.tools/index.json', index);
    expect(found(await audit(registry))).toEqual([`unpublished_served ${OLD} 3`]);
    registry.unpublish(current);
    await registry.serve({ index: () => [{ name: 'vendor.acme.tools', yanked: false }] });
    expect(found(await audit(registry))).toContain('unpublished_served pack:vendor.acme.tools 3');
  });

  it('an unpublish that the registrar’s list leaves out, or calls a yank', async () => {
    const { old, registry } = await world();
    registry.unpublish(old);
    await registry.serve({ withdrawn: [] });
    expect(found(await audit(registry))).toEqual([`withdrawal_missing ${OLD} 3`]);
    await registry.serve({ withdrawn: [{ sha256: digestOf(old.tarball), kind: 'yanked' }] });
    expect(found(await audit(registry))).toEqual([`withdrawal_kind ${OLD} 3`]);
  });

  it('a deprecation that nobody logged, and one that is denied', async () => {
    const { old, current, registry } = await world();
    const path = partOf(old, 'json');
    registry.setJson(path, { ...registry.json(path), deprecated: true });
    const report = await audit(registry);
    expect(found(report)).toEqual([`version_deprecation ${OLD} 3`]);
    expect(report.findings[0]?.evidence).toMatchObject({ expected: false, found: true });
    registry.setJson(path, { ...registry.json(path), deprecated: false });
    registry.deprecate(current);
    await registry.serve();
    const denied = partOf(current, 'json');
    registry.setJson(denied, { ...registry.json(denied), deprecated: false });
    expect(found(await audit(registry))).toEqual(['version_deprecation pack:vendor.acme.tools@1.1.0 4']);
  });

  it('a deprecation that leads users elsewhere than the log says', async () => {
    const { old, registry } = await world();
    registry.deprecate(old, '1.1.0');
    await registry.serve();
    const path = partOf(old, 'json');
    registry.setJson(path, { ...registry.json(path), supersededBy: 'vendor.evil.tools@1.0.0' });
    const report = await audit(registry);
    expect(found(report)).toEqual([`version_deprecation ${OLD} 3`]);
    expect(report.findings[0]?.evidence).toMatchObject({
      expected: '1.1.0',
      found: 'vendor.evil.tools@1.0.0',
    });
  });

  it('an index that calls a pack deprecated', async () => {
    const { registry } = await world();
    await registry.serve({ index: (rows) => rows.map((row) => ({ ...row, deprecated: true })) });
    expect(found(await audit(registry))).toEqual(['pack_deprecation pack:vendor.acme.tools 3']);
  });
});

describe('a tarball that is not served', () => {
  const audited = async (lie: (response: ServerResponse, path: string) => void) => {
    const registry = await auditedRegistry(...(await many(12)));
    registry.lieAbout(/\.tgz$/, (response, _honest, request) => lie(response, request.url ?? ''));
    return registry;
  };
  const many = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, at) => packNamed('vendor.acme.tools', `1.${at}.0`)));

  it('is a finding of its version, with the status, and of as many as there are', async () => {
    const registry = await audited((response) => void response.writeHead(503).end());
    const report = await audit(registry, { tarballs: true });
    expect(found(report).filter((line) => line.startsWith('version_unserved'))).toHaveLength(12);
    expect(report.findings[0]).toMatchObject({ code: 'version_unserved', evidence: { status: 503 } });
    expect(report.findings).toHaveLength(12);
  });

  it('ends the audit where nothing answers several times in a row, and not before', async () => {
    const silent = await audited((response) => void response.destroy());
    await expect(audit(silent, { tarballs: true })).rejects.toMatchObject({
      code: 'pack_registry_unreachable',
    });
    const once = await auditedRegistry(...(await many(12)));
    once.lieAbout(/1\.5\.0\.tgz$/, (response) => void response.destroy());
    expect(found(await audit(once, { tarballs: true }))).toEqual([
      'version_unserved pack:vendor.acme.tools@1.5.0 9',
    ]);
  });
});

describe('a lie about keys is found:', () => {
  it('a foreign key in the keyring', async () => {
    const registry = await auditedRegistry(await tools());
    await registry.serve({ delegations: [delegationOf('publisher'), delegationOf('intruder')] });
    expect(found(await audit(registry))).toEqual(['keyring_unlogged key:intruder -']);
  });

  it('a key that the keyring leaves out', async () => {
    const registry = await auditedRegistry();
    await registry.serve({ delegations: [] });
    expect(found(await audit(registry))).toEqual(['keyring_missing key:publisher 3']);
  });

  it('a keyring that lets a key sign for more', async () => {
    const registry = await auditedRegistry(await tools());
    await registry.serve({ delegations: [delegationOf('publisher', { namespaces: ['core.*'] })] });
    const report = await audit(registry);
    expect(found(report)).toEqual(['keyring_mismatch key:publisher 3']);
    expect(report.findings[0]?.evidence).toMatchObject({ found: { namespaces: ['core.*'] } });
  });

  it('a revocation that the keyring leaves out', async () => {
    const registry = await auditedRegistry(await tools());
    const position = registry.revoke('stolen');
    await registry.serve({ revocations: [] });
    expect(found(await audit(registry))).toEqual([`revocation_missing key:publisher ${position}`]);
  });

  it('a revocation from another position', async () => {
    const registry = await auditedRegistry(await tools());
    const position = registry.revoke('stolen', 'ever');
    const { keyId } = signer('publisher');
    const issuedAt = '2026-05-02T00:00:00Z';
    await registry.serve({ revocations: [{ keyId, reason: 'stolen', fromPosition: position, issuedAt }] });
    const report = await audit(registry);
    expect(found(report)).toEqual([`revocation_mismatch key:publisher ${position}`]);
    expect(report.findings[0]?.evidence).toMatchObject({
      expected: { fromPosition: null },
      found: { fromPosition: position },
    });
  });

  it('a revocation that nobody logged', async () => {
    const registry = await auditedRegistry(await tools());
    const revocation = { keyId: signer('publisher').keyId, reason: 'none', fromPosition: 0 };
    await registry.serve({ revocations: [{ ...revocation, issuedAt: '2026-05-02T00:00:00Z' }] });
    expect(found(await audit(registry))).toEqual(['revocation_unlogged key:publisher -']);
  });

  it('another public key under a known id, and none at all', async () => {
    const registry = await auditedRegistry(await tools());
    registry.files.set('/keys/publisher.pub', Buffer.from(createPublisher('other').publicKeyPem));
    expect(found(await audit(registry))).toEqual(['key_mismatch key:publisher 3']);
    registry.files.delete('/keys/publisher.pub');
    expect(found(await audit(registry))).toEqual(['key_missing key:publisher 3']);
  });

  const listing = (registry: AuditedRegistry, ...signingKeys: readonly JsonObject[]): void =>
    registry.setJson(DISCOVERY, { ...registry.json(DISCOVERY), signingKeys });

  it('a listed key that nobody logged, one that stands otherwise, and one that is left out', async () => {
    const registry = await auditedRegistry(await tools());
    listing(registry, { keyId: 'publisher', status: 'active' }, { keyId: 'intruder', status: 'active' });
    expect(found(await audit(registry))).toEqual(['key_unlogged key:intruder -']);
    listing(registry, { keyId: 'publisher', status: 'revoked' });
    const report = await audit(registry);
    expect(found(report)).toEqual(['key_standing key:publisher 3']);
    expect(report.findings[0]?.evidence).toEqual({ found: 'revoked' });
    listing(registry);
    expect(found(await audit(registry))).toEqual(['key_missing key:publisher 3']);
  });

  it('a root that is not served, another one under its version, and one that nobody logged', async () => {
    const registry = await auditedRegistry(await tools());
    const honest = registry.files.get('/trust/1.root.json') ?? new Uint8Array();
    registry.files.delete('/trust/1.root.json');
    expect(found(await audit(registry))).toEqual(['root_missing root:1 0']);
    const other = await signedRoot(rootOf({ expires: '2026-12-31T00:00:00Z' }), 'root-a', 'root-b');
    registry.files.set('/trust/1.root.json', Buffer.from(envelopeText(other)));
    expect(found(await audit(registry))).toEqual(['root_other root:1 0']);
    registry.files.set('/trust/1.root.json', honest);
    await registry.serveRoot({ version: 2 });
    expect(found(await audit(registry))).toEqual(['root_unlogged root:2 -']);
  });

  it('a namespace with another holder, one that is left out, and one that nobody logged', async () => {
    const registry = await auditedRegistry();
    const row = (namespace: string, owner: string) => ({ namespace: `${namespace}.*`, owner });
    await registry.serve({ assignments: [row('vendor.acme', 'mallory'), row('vendor.evil', 'mallory')] });
    expect(found(await audit(registry))).toEqual([
      'namespace_holder namespace:vendor.acme 2',
      'namespace_unlogged namespace:vendor.evil -',
    ]);
    await registry.serve({ assignments: [] });
    expect(found(await audit(registry))).toEqual(['namespace_missing namespace:vendor.acme 2']);
  });

  it('a namespace that changed hands in the log and not in the list, or the other way round', async () => {
    const registry = await auditedRegistry();
    const data = { namespace: 'vendor.acme', account: 'labs', from: 'acme', keys: [] };
    const position = registry.record('namespace.transferred', 'namespace:vendor.acme', data);
    const assigned = (owner: string) => ({ assignments: [{ namespace: 'vendor.acme.*', owner }] });
    await registry.serve(assigned('labs'));
    expect(found(await audit(registry))).toEqual([]);
    await registry.serve(assigned('acme'));
    expect(found(await audit(registry))).toEqual([`namespace_holder namespace:vendor.acme ${position}`]);
  });
});

describe('a lie in the log is found:', () => {
  const changed = (bytes: Uint8Array, at: number): Uint8Array => bytes.with(at, (bytes[at] ?? 0) ^ 1);

  it('one changed byte of an entry: the place is named', async () => {
    const registry = await auditedRegistry(await tools());
    const leaves = [...registry.log.leaves];
    const text = Buffer.from(leaves[2] ?? []).toString('utf8');
    leaves[2] = Buffer.from(text.replaceAll('"acme"', '"evil"'));
    registry.serveEntries(leaves);
    expect(found(await audit(registry))).toEqual([
      'namespace_holder namespace:vendor.acme 2',
      'root_mismatch log -',
      'tile_mismatch tile/0/000.p/5 2',
    ]);
  });

  it('a bundle that is no bundle: nothing is compared with it', async () => {
    const registry = await auditedRegistry(await tools());
    const path = '/transparency/tile/entries/000.p/5';
    registry.files.set(path, changed(registry.files.get(path) ?? new Uint8Array(), 0));
    const report = await audit(registry);
    expect(found(report)).toEqual(['entries_malformed tile/entries/000.p/5 0']);
    expect(report.compared).toBe(false);
  });

  it('entries that are not served', async () => {
    const registry = await auditedRegistry(await tools());
    registry.files.delete('/transparency/tile/entries/000.p/5');
    expect(found(await audit(registry))).toEqual(['entries_missing tile/entries/000.p/5 0']);
  });

  it('a changed hash tile, on every level', async () => {
    const registry = await auditedRegistry(await tools());
    for (let number = 0; number < 600; number += 1)
      registry.record('token.created', `token:${number}`, { number });
    await registry.serve();
    for (const [path, byte] of [
      ['tile/0/001', 7 * 32],
      ['tile/1/000.p/2', 32],
    ] as const) {
      const at = `/transparency/${path}`;
      registry.files.set(at, changed(registry.files.get(at) ?? new Uint8Array(), byte));
    }
    expect(found(await audit(registry))).toEqual([
      'tile_mismatch tile/0/001 263',
      'tile_mismatch tile/1/000.p/2 256',
    ]);
  });

  it('hashes that are not served', async () => {
    const registry = await auditedRegistry(await tools());
    registry.files.delete('/transparency/tile/0/000.p/5');
    expect(found(await audit(registry))).toEqual(['tile_missing tile/0/000.p/5 0']);
  });

  it('a head with another root', async () => {
    const registry = await auditedRegistry(await tools());
    await registry.serve({ root: new Uint8Array(32).fill(7) });
    const proofs = await audit(registry);
    expect(found(proofs)).toEqual(['root_mismatch log -']);
  });

  it('entries in another order', async () => {
    const registry = await auditedRegistry(await tools(), await cards());
    const [a, b, c, d, e, f] = registry.log.leaves;
    registry.serveEntries([a, b, c, d, f, e].flatMap((leaf) => leaf ?? []));
    expect(found(await audit(registry))).toEqual(['root_mismatch log -', 'tile_mismatch tile/0/000.p/6 4']);
  });

  it('a log that became shorter, by whoever saw it longer', async () => {
    const registry = await auditedRegistry(await tools(), await cards());
    const store = memoryTrustStore();
    await audit(registry, { store });
    await registry.serve({ size: 5 });
    const refusal = await audit(registry, { store }).catch((error: unknown) => error);
    expect((refusal as Refusal).code).toMatch(/rollback|behind/);
  });

  it('a log that was cut before anybody saw it: what is served beyond it was never logged', async () => {
    const registry = await auditedRegistry(await tools(), await cards());
    await registry.serve({ size: 5 });
    expect(found(await audit(registry))).toEqual([
      'pack_unlogged pack:vendor.acme.cards -',
      'version_unlogged pack:vendor.acme.cards@2.1.0 -',
    ]);
  });

  it('an entry that is no event', async () => {
    const registry = await auditedRegistry();
    registry.log.append(Buffer.from('{"v": 1}'));
    await registry.serve();
    expect(found(await audit(registry))).toEqual(['leaf_malformed entry:4 4']);
  });

  it('a version that is published twice, and a yank of one that never was', async () => {
    const pack = await tools();
    const registry = await auditedRegistry(pack);
    const data = JSON.parse(Buffer.from(registry.log.leaves[4] ?? []).toString('utf8')).data;
    registry.record('pack.published', 'pack:vendor.acme.tools@1.0.0', { ...data, sha256: '0'.repeat(64) });
    registry.record('pack.yanked', 'pack:vendor.acme.none@1.0.0', {
      name: 'vendor.acme.none',
      version: '1.0.0',
    });
    await registry.serve();
    expect(found(await audit(registry))).toEqual([
      'standing_without_version pack:vendor.acme.none@1.0.0 6',
      'version_republished pack:vendor.acme.tools@1.0.0 5',
    ]);
  });

  it('a key that is delegated twice', async () => {
    const registry = await auditedRegistry();
    const data = JSON.parse(Buffer.from(registry.log.leaves[3] ?? []).toString('utf8')).data;
    registry.record('key.delegated', 'key:publisher', data);
    await registry.serve();
    const report = await audit(registry);
    expect(found(report)).toEqual(['key_relisted key:publisher 4']);
    expect(report.findings[0]?.evidence).toEqual({ keyId: 'publisher', first: 3 });
  });

  it('a delegation that no registrar signed, and a root that follows from none', async () => {
    const registry = await auditedRegistry();
    registry.record('key.delegated', 'key:intruder', {
      statement: JSON.stringify({ payloadType: 'x', payload: '', signatures: [] }),
    });
    registry.record('root.published', 'root:2', { envelope: '{}' });
    registry.record('key.revoked', 'key:nobody', { keyId: 'nobody', reason: 'x', from: 'here' });
    await registry.serve();
    expect(found(await audit(registry))).toEqual([
      'delegation_invalid key:intruder 4',
      'revocation_without_key key:nobody 6',
      'root_invalid root:2 5',
    ]);
  });
});

describe('a registry with more lies than are listed', () => {
  it('has the others counted', async () => {
    const registry = await auditedRegistry();
    const more = 60;
    const strangers = Array.from({ length: 10_000 + more }, (_, at) => ({
      namespace: `vendor.evil${at}.*`,
      owner: 'mallory',
    }));
    await registry.serve({ assignments: [{ namespace: 'vendor.acme.*', owner: 'acme' }, ...strangers] });
    const { findings, leftOut } = await audit(registry);
    expect({ listed: findings.length, leftOut }).toEqual({ listed: 10_000, leftOut: more });
  });
});

describe('what was found twice', () => {
  const some = (...subjects: readonly string[]): readonly AuditFinding[] =>
    subjects.map((subject) => ({ code: 'pack_missing', subject, position: null, message: '', evidence: {} }));

  it('is all there was, where nothing was left out of either look', () => {
    const [before, after] = [some('a', 'b', 'gone'), some('a', 'b', 'new')];
    expect(foundAgain({ findings: before, leftOut: 0 }, { findings: after, leftOut: 0 })).toEqual({
      findings: some('a', 'b'),
      leftOut: 0,
    });
  });

  it('may be as much as the smaller look had, where something was', () => {
    const before = { findings: some('a', 'b'), leftOut: 5 };
    const after = { findings: some('b', 'c'), leftOut: 4 };
    expect(foundAgain(before, after)).toEqual({ findings: some('b'), leftOut: 5 });
  });
});

describe('a registry that cannot be audited', () => {
  it('is refused where it does not answer, and nothing is made of half an answer', async () => {
    const registry = await auditedRegistry(await tools());
    registry.lieAbout(/entries/, (response) => {
      response.writeHead(503);
      response.end();
    });
    await expect(audit(registry)).rejects.toMatchObject({ code: 'pack_registry_unreachable' });
  });

  it('is refused where it shows no log', async () => {
    const registry = await auditedRegistry(await tools());
    registry.hideTrust();
    await expect(audit(registry)).rejects.toBeInstanceOf(Refusal);
  });
});

describe('the ways in which a registry and its log can disagree', () => {
  it('are all shown above, but for those that have a file of their own', () => {
    const elsewhere = /^(?:advisory|rotation)_/;
    const here = Object.keys(AUDIT_FINDINGS).filter((code) => !elsewhere.test(code));
    expect([...shown].sort()).toEqual(here.sort());
  });
});
