// The release statement: what puts every byte of a tarball under its publisher's key (in-toto Statement v1). Pure.
import { canonicalBytes, type JsonValue } from '../../keys/canonical.ts';
import { parseStrictJson } from './json.ts';
import { at, listOf, objectOf, textOf } from './manifest/read.ts';
import { parsePackName, parsePackVersion } from './pack-id.ts';
import { StatementError, type StatementErrorCode } from './statement-errors.ts';

export const RELEASE_PAYLOAD_TYPE = 'application/vnd.in-toto+json';
export const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
export const RELEASE_PREDICATE_TYPE = 'urn:attestry:release:v1';

const MAX_ENGINES = 32;
const MAX_SOURCE = 2_048;

/** What a publisher says of one release. */
export interface ReleaseStatement {
  readonly name: string;
  readonly version: string;
  /** 64 lower-case hex digits: of the .tgz, and of the exact bytes of pack.json in it. */
  readonly sha256: string;
  readonly packJsonSha256: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly kind: string;
  /** Where it was built from, such as `git+https://…@<commit>`; nobody has checked that. */
  readonly source?: string;
}

const PURL = 'pkg:openwop/';

/** Build metadata begins with "+", which a package URL writes as %2B (purl-spec, "version"). */
const subjectName = (name: string, version: string): string =>
  `${PURL}${name}@${encodeURIComponent(version)}`;

const refuse = (code: StatementErrorCode, where: string, expected: string): never => {
  throw new StatementError(code, { where, expected });
};

const readSubject = (statement: JsonValue): Pick<ReleaseStatement, 'name' | 'version' | 'sha256'> => {
  const [subject, ...others] = listOf(at(statement, 'subject'));
  if (subject === undefined || others.length > 0) return refuse('subject', '/subject', 'one item');
  const text = textOf(at(subject, 'name')) ?? '';
  const [, nameText = '', versionText = ''] = /^pkg:openwop\/([^@]+)@([^@]+)$/.exec(text) ?? [];
  const [name, version] = [parsePackName(nameText), parsePackVersion(versionText.replaceAll('%2B', '+'))];
  if (!name.ok || !version.ok || subjectName(name.value, version.value) !== text)
    return refuse('subject', '/subject/0/name', `${PURL}<name>@<version>`);
  return {
    name: name.value,
    version: version.value,
    sha256: readDigest('subject', at(subject, 'digest', 'sha256'), '/subject/0/digest/sha256'),
  };
};

const readDigest = (code: StatementErrorCode, value: JsonValue | undefined, where: string): string => {
  const text = textOf(value) ?? '';
  return /^[0-9a-f]{64}$/.test(text) ? text : refuse(code, where, '64 lower-case hex digits');
};

const readText = (predicate: JsonValue, name: string, most: number): string => {
  const text = textOf(at(predicate, name)) ?? '';
  const sound = text !== '' && text.length <= most && !/\p{Cc}/u.test(text);
  return sound ? text : refuse('predicate', `/predicate/${name}`, `a text of 1 to ${most} characters`);
};

const readEngines = (predicate: JsonValue): Readonly<Record<string, string>> => {
  const entries = Object.entries(objectOf(at(predicate, 'engines')) ?? refuseEngines());
  if (entries.length > MAX_ENGINES) refuseEngines();
  return Object.fromEntries(entries.map(([name, range]) => [name, textOf(range) ?? refuseEngines()]));
};
const refuseEngines = (): never =>
  refuse('predicate', '/predicate/engines', `at most ${MAX_ENGINES} version ranges by name`);

/**
 * Reads the payload of a statement. Says nothing about who signed it. Members unknown here are ignored, as in-toto asks
 * (Statement v1, "parsing rules").
 * @throws StatementError `json`, `type`, `predicate_type`, `subject` or `predicate`
 */
export const parseReleaseStatement = (payload: Uint8Array): ReleaseStatement => {
  const parsed = parseStrictJson(payload);
  if (!parsed.ok) throw new StatementError('json', { ...parsed.problem });
  const statement = parsed.value;
  if (at(statement, '_type') !== STATEMENT_TYPE) refuse('type', '/_type', STATEMENT_TYPE);
  if (at(statement, 'predicateType') !== RELEASE_PREDICATE_TYPE)
    refuse('predicate_type', '/predicateType', RELEASE_PREDICATE_TYPE);
  const predicate = at(statement, 'predicate') ?? refuse('predicate', '/predicate', 'an object');
  const source = at(predicate, 'source');
  return {
    ...readSubject(statement),
    packJsonSha256: readDigest('predicate', at(predicate, 'packJsonSha256'), '/predicate/packJsonSha256'),
    engines: readEngines(predicate),
    kind: readText(predicate, 'kind', 64),
    ...(source === undefined ? {} : { source: readText(predicate, 'source', MAX_SOURCE) }),
  };
};

/**
 * The bytes to sign. What `parseReleaseStatement` would refuse is refused before anyone signs it.
 * @throws StatementError like `parseReleaseStatement`
 */
export const releaseStatementPayload = (release: ReleaseStatement): Uint8Array => {
  const { packJsonSha256, engines, kind, source } = release;
  const payload = canonicalBytes({
    _type: STATEMENT_TYPE,
    subject: [{ name: subjectName(release.name, release.version), digest: { sha256: release.sha256 } }],
    predicateType: RELEASE_PREDICATE_TYPE,
    predicate: { packJsonSha256, engines, kind, ...(source === undefined ? {} : { source }) },
  });
  parseReleaseStatement(payload);
  return payload;
};
