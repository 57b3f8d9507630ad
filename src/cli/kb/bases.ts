// attestry kb list, show, register, policy: which bases there are and how they are governed.
import { readFile } from 'node:fs/promises';
import type { JsonObject } from '../../../keys/canonical.ts';
import { strictObjectOf } from '../../client/strict-object.ts';
import { objectOf, textOf } from '../../protocol/manifest/read.ts';
import { acting, type Result } from '../command.ts';
import { UsageError } from '../failure.ts';
import { rowsAt, table } from '../table.ts';
import { baseAddress, baseNamed } from './names.ts';
import { type AsOptions, type KnowledgeRegistry, knowledgeRegistry, placeOf } from './registry.ts';

const COLUMNS = ['knowledge_base_id', 'title', 'sensitivity', 'status', 'generation', 'current'];

/** Those that the principal's role names. */
export const listBases = async (registry: KnowledgeRegistry): Promise<Result> => {
  const body = await registry.read('/bases');
  return { lines: table(COLUMNS, rowsAt(body, 'bases')), json: body };
};

const policyLines = (policy: JsonObject): readonly string[] =>
  Object.entries(policy).map(([name, value]) => `  ${name}: ${JSON.stringify(value)}`);

const currentLine = (body: JsonObject): string => {
  const { version, generation } = objectOf(body['current']) ?? {};
  return typeof version === 'string'
    ? `current: ${version} (generation ${String(generation)})`
    : 'current: there is no version yet';
};

export const show = acting<AsOptions>(async (settings, options, name = '') => {
  const body = await knowledgeRegistry(settings, options).read(baseAddress(baseNamed(name)));
  const { sensitivity } = objectOf(body['data_manifest']) ?? {};
  const lines = [
    `${textOf(body['knowledge_base_id']) ?? name}: ${textOf(body['title']) ?? ''}`,
    `purpose: ${textOf(body['purpose']) ?? ''}`,
    `sensitivity: ${String(sensitivity)}, status: ${String(body['status'])}${body['held'] === true ? ', held' : ''}`,
    currentLine(body),
    `policy ${String(body['policy_version'])}:`,
    ...policyLines(objectOf(body['contribution_policy']) ?? {}),
  ];
  return { lines, json: body };
});

interface RegisterOptions extends AsOptions {
  readonly file?: string;
  readonly title?: string;
  readonly purpose?: string;
  readonly source: readonly string[];
  readonly sensitivity: string;
  readonly mode: string;
  readonly approvals?: number;
  readonly allowSelfReview?: boolean;
  readonly signedDecisions?: boolean;
  readonly steward?: string;
  readonly keepDays: number;
  readonly keepVersions: number;
}

/** @throws UsageError for what is no JSON object */
export const readJsonFile = async (path: string): Promise<JsonObject> => {
  const read = strictObjectOf(new Uint8Array(await readFile(path)));
  if (read.ok) return read.object;
  throw new UsageError(`${path} is no JSON object: ${read.problem.message}.`);
};

/** Whoever registers a base for himself answers for it. */
const stewardOf = async (
  settings: Parameters<typeof knowledgeRegistry>[0],
  { steward, as }: RegisterOptions,
): Promise<string> => {
  if (steward !== undefined) return steward;
  if (as !== undefined) return as;
  const { registryOf } = await import('../ask.ts');
  const { body } = await registryOf(settings).ask('GET', '/access/principals?account=own');
  const [only, ...others] = rowsAt(body, 'principals').filter((row) => row['ended_at'] === null);
  if (only !== undefined && others.length === 0) return textOf(only['principal']) ?? '';
  throw new UsageError('Say who answers for the base: --steward human:<authority>:<name>');
};

const registrationOf = async (
  settings: Parameters<typeof knowledgeRegistry>[0],
  options: RegisterOptions,
): Promise<JsonObject> => {
  const { title, purpose, source, sensitivity, mode, approvals, keepDays, keepVersions } = options;
  if (title === undefined || purpose === undefined || source.length === 0)
    throw new UsageError(
      'Say what it is and where its content comes from: --title, --purpose and --source, or --file FILE.json.',
    );
  return {
    title,
    purpose,
    steward: await stewardOf(settings, options),
    data_manifest: {
      sources: source.map((uri) => ({ uri, purpose })),
      sensitivity,
      residency: null,
      approval_model: mode,
    },
    retention: { min_days: keepDays, min_versions: keepVersions, legal_hold: false },
    contribution_policy: {
      mode,
      ...(approvals === undefined ? {} : { required_approvals: approvals }),
      ...(options.allowSelfReview === true ? { allow_self_review: true } : {}),
      ...(options.signedDecisions === true ? { signed_decisions: true } : {}),
    },
  };
};

export const register = acting<RegisterOptions>(async (settings, options, name = '') => {
  const base = baseNamed(name);
  const described =
    options.file === undefined ? await registrationOf(settings, options) : await readJsonFile(options.file);
  const body = { ...described, knowledge_base_id: base };
  const reply = await knowledgeRegistry(settings, options).write('POST', '/bases', body);
  return { lines: [`Registered ${base}${placeOf(reply)}.`], json: reply.body };
});

interface PolicyOptions extends AsOptions {
  readonly file?: string;
  readonly set: readonly string[];
  readonly evidence?: readonly string[];
}

const settingOf = (text: string): readonly [string, unknown] => {
  const [name = '', value] = [text.slice(0, text.indexOf('=')), text.slice(text.indexOf('=') + 1)];
  if (!text.includes('=') || name === '') throw new UsageError(`"${text}" is no setting: write name=value.`);
  try {
    return [name, JSON.parse(value)];
  } catch {
    return [name, value];
  }
};

/** What "--json" printed may come back: whether that went well is no part of the policy. */
const readPolicyFile = async (file: string) => {
  const { ok: _ok, ...policy } = await readJsonFile(file);
  return policy;
};

/** What is not set stays as it is; nobody overwrites a policy that he did not see. */
export const policy = acting<PolicyOptions>(async (settings, options, name = '') => {
  const base = baseNamed(name);
  const registry = knowledgeRegistry(settings, options);
  const before = await registry.read(baseAddress(base));
  const now = objectOf(before['contribution_policy']) ?? {};
  const { file, set, evidence } = options;
  if (file === undefined && set.length === 0) return { lines: policyLines(now), json: now };
  const from = file === undefined ? now : await readPolicyFile(file);
  const wanted = { ...from, ...Object.fromEntries(set.map(settingOf)) };
  const reply = await registry.write(
    'PUT',
    `${baseAddress(base)}/policy`,
    { contribution_policy: wanted, ...(evidence === undefined ? {} : { evidence }) },
    { 'if-match': `"${String(before['policy_version'])}"` },
  );
  const version = String(reply.body['policy_version']);
  return { lines: [`${base} has policy ${version} now${placeOf(reply)}.`], json: reply.body };
});
