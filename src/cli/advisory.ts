// attestry advisory publish, change, withdraw: warns of versions, which yanks them, says it anew, and takes it back.
import { readFile } from 'node:fs/promises';
import type { JsonObject } from '../../keys/canonical.ts';
import { strictObjectOf } from '../client/strict-object.ts';
import { at, listOf, objectOf, textOf } from '../protocol/manifest/read.ts';
import { registryOf } from './ask.ts';
import { acting, type Result } from './command.ts';
import { UsageError } from './failure.ts';

interface SayOptions {
  readonly severity?: string;
  readonly summary?: string;
  readonly affected?: readonly string[];
  readonly fixedIn?: string;
  readonly details?: string;
  readonly advisoryUrl?: string;
  readonly cve?: readonly string[];
}

const addressOf = (id: string): string => `/security/advisories/${encodeURIComponent(id)}`;

const fromFile = async (file: string): Promise<JsonObject> => {
  const read = strictObjectOf(await readFile(file));
  if (read.ok) return read.object;
  throw new UsageError(`${file} is no JSON object: an advisory reads {"severity", "summary", "affected"}.`);
};

/** `vendor.acme.tools@<1.0.1` */
const affectedRow = (text: string, fixedIn: string | undefined): JsonObject => {
  const split = text.indexOf('@');
  if (split <= 0)
    throw new UsageError(`Write what is affected as in "vendor.acme.tools@<1.0.1", not "${text}".`);
  const row = { packName: text.slice(0, split), versions: text.slice(split + 1) };
  return fixedIn === undefined ? row : { ...row, fixedIn };
};

const fromOptions = (options: SayOptions): JsonObject => {
  const { severity, summary, affected = [], fixedIn, details, advisoryUrl, cve } = options;
  if (severity === undefined || summary === undefined || affected.length === 0)
    throw new UsageError('Give a file, or --severity, --summary and --affected.');
  return {
    severity,
    summary,
    affected: affected.map((each) => affectedRow(each, fixedIn)),
    ...(details === undefined ? {} : { details }),
    ...(advisoryUrl === undefined ? {} : { advisoryUrl }),
    ...(cve === undefined ? {} : { cveIds: cve }),
  };
};

const SAYING = ['severity', 'summary', 'affected', 'fixedIn', 'details', 'advisoryUrl', 'cve'] as const;

/** What the file says is all of it: an option beside it would say something that nobody hears. */
const bodyOf = async (file: string, options: SayOptions): Promise<JsonObject> => {
  if (file === '') return fromOptions(options);
  if (SAYING.every((name) => options[name] === undefined)) return fromFile(file);
  throw new UsageError('Say it in a file or by options, not by both.');
};

const named = (body: JsonObject, member: string): readonly string[] =>
  listOf(body[member]).flatMap((each) => textOf(each) ?? []);

/** One line for each group of versions that there is any of. */
const linesOf = (body: JsonObject): readonly string[] => {
  const line = (says: string, versions: readonly string[]) =>
    versions.length === 0 ? [] : [`${says}: ${versions.join(', ')}`];
  const unmatched = listOf(body['unmatched']).map(
    (row) => `${textOf(at(row, 'packName')) ?? ''}@${textOf(at(row, 'versions')) ?? ''}`,
  );
  return [
    ...line('Yanked', named(body, 'yanked')),
    ...line('Yanked before', named(body, 'alreadyYanked')),
    ...line(
      'Not named any more, and still yanked ("attestry unyank" offers them again)',
      named(body, 'released'),
    ),
    ...line('Names no version that is there', unmatched),
  ];
};

const told = (did: string, body: JsonObject): Result => {
  const id = textOf(at(objectOf(body['advisory']), 'id')) ?? '';
  return { lines: [`${did} ${id}.`, ...linesOf(body)], json: body };
};

export const publish = acting<SayOptions>(async (settings, options, file = '') => {
  const wanted = await bodyOf(file, options);
  const { status, body } = await registryOf(settings).ask('POST', '/security/advisories', wanted);
  return told(status === 200 ? 'Already in force:' : 'Published', body);
});

export const change = acting<SayOptions>(async (settings, options, id = '', file = '') => {
  const wanted = await bodyOf(file, options);
  const { body } = await registryOf(settings).ask('PUT', addressOf(id), wanted);
  return told('Changed', body);
});

export const withdraw = acting<{ readonly reason: string }>(async (settings, { reason }, id = '') => {
  const { body } = await registryOf(settings).ask('DELETE', addressOf(id), { reason });
  return told('Withdrew', body);
});
