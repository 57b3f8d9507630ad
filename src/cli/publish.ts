// attestry publish: hands a packed tarball to the registry.
import { readFile } from 'node:fs/promises';
import type { JsonObject } from '../../keys/canonical.ts';
import { digestOf, integrityOf } from '../../storage/digest.ts';
import type { Tree } from '../protocol/faults.ts';
import { at, listOf, objectOf, textOf } from '../protocol/manifest/read.ts';
import { STATEMENT_HEADER } from '../protocol/statement-envelope.ts';
import { type RegistryReply, registryOf } from './ask.ts';
import { acting } from './command.ts';
import { inspectFile, type PackIdentity } from './pack-rules.ts';
import { type StatementChoice, statementHeader } from './statement-file.ts';

interface PublishOptions {
  readonly statement?: StatementChoice;
}

/** A version keeps what it was published with. */
const KEPT = 'It was published without a release statement before, and stays so.';

/** The receipt comes later where sealing takes long; the version is there all the same. */
const ACCEPTED = 202;

const placeOf = ({ body }: RegistryReply): string => {
  const index = objectOf(body['receipt'])?.['index'];
  return typeof index === 'number' ? `, leaf ${index} of the log` : '';
};

const outcomeLine = (
  reply: RegistryReply,
  { name, version, tree }: PackIdentity & { tree: Tree },
): string => {
  const what = `${name}@${version}`;
  if (reply.status === ACCEPTED)
    return `Accepted ${what} (${tree}); the log has not recorded it yet: ask ${reply.location ?? 'again later'}`;
  if (reply.status !== 201) return `Already there, with the same bytes: ${what} (${tree}).`;
  return `Published ${what} (${tree})${placeOf(reply)}.`;
};

/** What the registry says of a version that it took: nothing forbids it, and still it may be no good. */
const noteLines = (body: JsonObject): readonly string[] =>
  listOf(body['warnings']).map(
    (each) => `Note: ${textOf(at(each, 'where')) ?? ''}: ${textOf(at(each, 'message')) ?? ''}`,
  );

/** While its seal is late, nobody is told whether it was there before. */
const outcomeOf = ({ status, body, location }: RegistryReply) =>
  status === ACCEPTED
    ? { created: null, recorded: false, receiptUrl: location ?? null }
    : { created: status === 201, recorded: objectOf(body['receipt']) !== undefined };

export const publish = acting<PublishOptions>(async (settings, options, file = '') => {
  const bytes = await readFile(file);
  const { name, version, tree, manifestBytes } = await inspectFile(bytes);
  const statement = await statementHeader(file, { bytes, manifestBytes }, options.statement);
  const integrity = integrityOf(digestOf(bytes));
  const path = `/${tree}/packs/${encodeURIComponent(name)}/-/${encodeURIComponent(version)}.tgz`;
  const check: Record<string, string> = tree === 'v1' ? { 'x-pack-sha256': integrity } : {};
  const stated: Record<string, string> = statement === undefined ? {} : { [STATEMENT_HEADER]: statement };
  const headers = { 'content-type': 'application/gzip', ...check, ...stated };
  const reply = await registryOf(settings).put(path, bytes, headers);
  const { body } = reply;
  return {
    lines: [
      outcomeLine(reply, { name, version, tree }),
      ...noteLines(body),
      ...(statement !== undefined && body['statement'] === null ? [KEPT] : []),
      integrity,
    ],
    json: { ...body, name, version, tree, integrity, ...outcomeOf(reply) },
  };
});
