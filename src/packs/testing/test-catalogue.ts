// What the test catalogue holds, for those who may read packs.
import { integrityOf } from '../../../storage/digest.ts';
import type { Authenticate } from '../../access/authenticate.ts';
import { requireScope } from '../../access/grants.ts';
import type { Sql } from '../../database/connect.ts';
import { type Document, type DocumentKind, makeDocument } from '../../http/document.ts';
import { fault, type Tree } from '../../protocol/faults.ts';
import type { PackName } from '../../protocol/pack-id.ts';
import { compareVersions, latestOf } from '../../protocol/semver-range.ts';
import { type PackAddress, readName, readVersion } from '../policy.ts';
import { findTest, type TestVersion, testBytes, testsOf } from './test-store.ts';

export interface TestCatalogueDeps {
  readonly sql: Sql;
  readonly authenticate: Authenticate;
}

export interface TestAddress {
  readonly name: string;
  readonly version: string;
  readonly authorization: string | undefined;
}

/** Nobody between us and the reader keeps what the next reset takes away. */
const NOT_KEPT = 'private, no-store';
const KINDS = {
  json: { type: 'application/json; charset=utf-8', cacheControl: NOT_KEPT },
  tgz: { type: 'application/tar+gzip', cacheControl: NOT_KEPT, ranged: true },
  sig: { type: 'application/octet-stream', cacheControl: NOT_KEPT },
} as const satisfies Record<string, DocumentKind>;

export type TestPart = keyof typeof KINDS;
export const isTestPart = (text: string): text is TestPart => text in KINDS && Object.hasOwn(KINDS, text);

const jsonOf = (value: unknown): Document =>
  makeDocument(Buffer.from(`${JSON.stringify(value, null, 2)}\n`), KINDS.json);

/** Signatures are for everybody with a token, the rest for those who may read packs (v1 openapi, packs-test). */
const requireReader = async (
  the: TestCatalogueDeps,
  authorization: string | undefined,
  part?: TestPart,
): Promise<void> => {
  const reader = await the.authenticate(authorization);
  if (part !== 'sig') requireScope(reader, 'packs:read');
};

/** Where this catalogue stands in each tree. */
export const BASES = { v1: '/v1/packs-test', v2: '/conformance/seams/packs-test' } as const satisfies Record<
  Tree,
  string
>;

const rowOf = (version: TestVersion) => ({
  version: version.version,
  publishedAt: version.publishedAt.toISOString(),
  integrity: integrityOf(version.digest),
  tarballSha256: integrityOf(version.digest),
  signed: version.signed,
  size: version.size,
  tarballUrl: `${BASES[version.tree]}/${version.name}/-/${version.version}.tgz`,
});

export const requireAddress = ({ name, version }: Pick<TestAddress, 'name' | 'version'>): PackAddress => ({
  name: readName(name),
  version: readVersion(version),
});

/** @throws Fault pack_version_not_found, signature_not_available; forbidden and the like for who may not read */
export const readTestPart =
  (the: TestCatalogueDeps) =>
  async (tree: Tree, request: TestAddress, part: TestPart): Promise<Document> => {
    const address = requireAddress(request);
    await requireReader(the, request.authorization, part);
    const bytes = await testBytes(the.sql, tree, address, COLUMNS[part]);
    if (part === 'sig') return signatureOf(bytes ?? null);
    const version = bytes ? await findTest(the.sql, address) : undefined;
    if (!bytes || version === undefined) throw fault('pack_version_not_found', { ...address });
    if (part === 'tgz') return makeDocument(bytes, KINDS.tgz, version.digest);
    return jsonOf({ ...(JSON.parse(Buffer.from(bytes).toString('utf8')) as object), ...rowOf(version) });
  };

const COLUMNS = { json: 'manifest', tgz: 'tarball', sig: 'signature' } as const;

const signatureOf = (signature: Uint8Array | null): Document => {
  if (signature === null) throw fault('signature_not_available');
  return makeDocument(signature, KINDS.sig);
};

/** Keyed by version in v1, a list in v2, as in the real catalogue. @throws Fault pack_not_found */
export const readTestPack =
  (the: TestCatalogueDeps) =>
  async (tree: Tree, nameText: string, authorization: string | undefined): Promise<Document> => {
    const name = readName(nameText);
    await requireReader(the, authorization);
    const found = await testsOf(the.sql, tree, name);
    if (found.length === 0) throw fault('pack_not_found', { name });
    return jsonOf(packOf(tree, name, found));
  };

const packOf = (tree: Tree, name: PackName, found: readonly TestVersion[]) => {
  const rows = [...found].sort((a, b) => compareVersions(a.version, b.version)).map(rowOf);
  const latest = latestOf(found.map(({ version }) => ({ version, yanked: false, deprecated: false })));
  if (tree === 'v2') return { name, versions: rows, latest };
  return {
    name,
    versions: Object.fromEntries(rows.map((row) => [row.version, row])),
    'dist-tags': { latest },
  };
};
