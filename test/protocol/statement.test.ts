// The release statement: what it says, in which form, and what makes it no statement about this tarball.
import { describe, expect, it } from 'vitest';
import { canonicalBytes, parseCanonical } from '../../keys/canonical.ts';
import { signEnvelope } from '../../keys/envelope.ts';
import { describeRelease, requireAgreement } from '../../src/protocol/release.ts';
import {
  parseReleaseStatement,
  RELEASE_PAYLOAD_TYPE,
  type ReleaseStatement,
  releaseStatementPayload,
} from '../../src/protocol/statement.ts';
import {
  MAX_STATEMENT_CHARS,
  readStatementHeader,
  verifyReleaseStatement,
  writeStatementHeader,
} from '../../src/protocol/statement-envelope.ts';
import { StatementError, type StatementErrorCode } from '../../src/protocol/statement-errors.ts';
import { signer } from '../keys/trust-world.ts';

const DIGEST = '3'.repeat(64);
const PACK_JSON = '4'.repeat(64);

const releaseOf = (change: Partial<ReleaseStatement> = {}): ReleaseStatement => ({
  name: 'vendor.acme.tools',
  version: '1.0.0',
  sha256: DIGEST,
  packJsonSha256: PACK_JSON,
  engines: { openwop: '>=1.0.0 <3.0.0' },
  kind: 'node',
  ...change,
});

const statement = {
  _type: 'https://in-toto.io/Statement/v1',
  subject: [{ name: 'pkg:openwop/vendor.acme.tools@1.0.0', digest: { sha256: DIGEST } }],
  predicateType: 'urn:attestry:release:v1',
  predicate: { packJsonSha256: PACK_JSON, engines: { openwop: '>=1.0.0 <3.0.0' }, kind: 'node' },
};

const errorOf = (action: () => unknown): StatementError => {
  try {
    action();
  } catch (error) {
    if (error instanceof StatementError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

const signed = async (release: ReleaseStatement, name = 'acme', payloadType = RELEASE_PAYLOAD_TYPE) =>
  signEnvelope({ payloadType, payload: releaseStatementPayload(release) }, [signer(name)]);

describe('a release statement', () => {
  it('is an in-toto Statement v1, in canonical JSON', () => {
    expect(parseCanonical(releaseStatementPayload(releaseOf()))).toEqual(statement);
  });

  it.each([
    ['as it was made', {}],
    ['with its source', { source: 'git+https://acme.example/packs.git@0123abc' }],
    ['of a version with build metadata', { version: '1.0.0-rc.1+build.5' }],
    ['without engines', { engines: {} }],
  ])('is read back %s', (_name, change) => {
    expect(parseReleaseStatement(releaseStatementPayload(releaseOf(change)))).toEqual(releaseOf(change));
  });

  it('writes the "+" of build metadata as package URLs do', () => {
    const payload = releaseStatementPayload(releaseOf({ version: '1.0.0+b' }));
    expect(parseCanonical(payload)).toMatchObject({
      subject: [{ name: 'pkg:openwop/vendor.acme.tools@1.0.0%2Bb' }],
    });
  });

  it('may say more than is known here, in any spelling of JSON', () => {
    const more = {
      ...statement,
      note: 1,
      predicate: { ...statement.predicate, builder: 'ci' },
      subject: [{ ...statement.subject[0], digest: { sha256: DIGEST, sha512: 'x' } }],
    };
    expect(parseReleaseStatement(Buffer.from(JSON.stringify(more, null, 2)))).toEqual(releaseOf());
  });

  it.each<[string, object, StatementErrorCode]>([
    ['of another in-toto version', { _type: 'https://in-toto.io/Statement/v0.1' }, 'type'],
    ['about a build', { predicateType: 'https://slsa.dev/provenance/v1' }, 'predicate_type'],
    ['about nothing', { subject: [] }, 'subject'],
    ['about two things', { subject: [statement.subject[0], statement.subject[0]] }, 'subject'],
    [
      'about a package of npm',
      { subject: [{ ...statement.subject[0], name: 'pkg:npm/tools@1.0.0' }] },
      'subject',
    ],
    [
      'about a pack without a version',
      { subject: [{ ...statement.subject[0], name: 'pkg:openwop/vendor.acme.tools' }] },
      'subject',
    ],
    [
      'with a bare "+"',
      { subject: [{ ...statement.subject[0], name: 'pkg:openwop/vendor.acme.tools@1.0.0+b' }] },
      'subject',
    ],
    ['without a SHA-256', { subject: [{ ...statement.subject[0], digest: { sha512: DIGEST } }] }, 'subject'],
    ['without a predicate', { predicate: undefined }, 'predicate'],
    [
      'without the digest of pack.json',
      { predicate: { ...statement.predicate, packJsonSha256: undefined } },
      'predicate',
    ],
    [
      'with engines that are no ranges',
      { predicate: { ...statement.predicate, engines: { openwop: 1 } } },
      'predicate',
    ],
    ['without a kind', { predicate: { ...statement.predicate, kind: '' } }, 'predicate'],
    [
      'with control characters in its source',
      { predicate: { ...statement.predicate, source: 'a\u0007' } },
      'predicate',
    ],
  ])('%s is refused', (_name, change, code) => {
    const bytes = Buffer.from(JSON.stringify({ ...statement, ...change }));
    expect(errorOf(() => parseReleaseStatement(bytes)).code).toBe(code);
  });

  it('with a name twice is refused: two readers would read two statements', () => {
    const text = JSON.stringify(statement).replace('"kind":"node"', '"kind":"node","kind":"prompt"');
    expect(errorOf(() => parseReleaseStatement(Buffer.from(text))).code).toBe('json');
  });

  it('is refused before anyone signs it, where it would be refused later', () => {
    expect(errorOf(() => releaseStatementPayload(releaseOf({ sha256: 'x' }))).code).toBe('subject');
  });
});

describe('who stated it', () => {
  it('is the key that is asked for, under the payload type of in-toto', async () => {
    expect(verifyReleaseStatement(await signed(releaseOf()), signer('acme'))).toEqual(releaseOf());
    const other = await signed(releaseOf(), 'other');
    expect(errorOf(() => verifyReleaseStatement(other, signer('acme'))).code).toBe('signature');
    const foreign = await signed(releaseOf(), 'acme', 'application/vnd.attestry.keyring+json');
    expect(errorOf(() => verifyReleaseStatement(foreign, signer('acme'))).code).toBe('payload_type');
  });
});

describe('what it is about', () => {
  const manifest = canonicalBytes({
    name: 'vendor.acme.tools',
    version: '1.0.0',
    engines: { openwop: '^1.0.0' },
    nodes: [],
  });

  it('is a tarball and the pack.json in it, however old its manifest', () => {
    const release = describeRelease(DIGEST, manifest);
    expect(release).toMatchObject({ kind: 'node', engines: { openwop: '^1.0.0' }, sha256: DIGEST });
    requireAgreement({ ...release, source: 'https://acme.example' }, release);
  });

  it('is told apart from every other, member by member', () => {
    const release = describeRelease(DIGEST, manifest);
    const wrong = { ...release, version: '1.0.1', sha256: '5'.repeat(64), kind: 'prompt' };
    expect(errorOf(() => requireAgreement(wrong, release))).toMatchObject({
      code: 'disagrees',
      details: {
        members: ['version', 'sha256', 'kind'],
        expected: { version: '1.0.0' },
        found: { version: '1.0.1' },
      },
    });
  });
});

describe('the header that carries it', () => {
  it('is base64 of the envelope, and read back', async () => {
    const envelope = await signed(releaseOf());
    const read = readStatementHeader(writeStatementHeader(envelope));
    expect(verifyReleaseStatement(read, signer('acme'))).toEqual(releaseOf());
  });

  it.each<[string, string, StatementErrorCode]>([
    ['that is not base64', '{"payload":""}', 'encoding'],
    ['in the alphabet of URLs', Buffer.from('{"a":"??>"}').toString('base64url'), 'encoding'],
    ['that is no UTF-8', Buffer.from([0xff, 0xfe]).toString('base64'), 'encoding'],
    ['that is no envelope', Buffer.from('{"payload":1}').toString('base64'), 'envelope'],
    ['that is too large', 'A'.repeat(MAX_STATEMENT_CHARS + 4), 'too_large'],
  ])('%s is refused', (_name, header, code) => {
    expect(errorOf(() => readStatementHeader(header)).code).toBe(code);
  });

  it('is refused before it is sent, where it would be too large', async () => {
    const payload = new Uint8Array(MAX_STATEMENT_CHARS);
    const envelope = await signEnvelope({ payloadType: RELEASE_PAYLOAD_TYPE, payload }, [signer('acme')]);
    expect(errorOf(() => writeStatementHeader(envelope)).code).toBe('too_large');
  });
});
