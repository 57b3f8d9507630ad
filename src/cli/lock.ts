// attestry lock: chooses versions that fit together, verifies each of them, and writes down which they are.
import { namesBeyondSchema } from '../client/lock/lockfile.ts';
import { type MadeLock, makeLock } from '../client/lock/make-lock.ts';
import { companionPath, type Moment } from '../client/lock/names.ts';
import { wishesOfLock } from '../client/lock/outdated.ts';
import { openSources } from '../client/policy/open-sources.ts';
import { parseRequest } from '../client/request.ts';
import { acting } from './command.ts';
import type { PolicyOptions } from './commands/trust-options.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { openModeLines } from './governed.ts';
import { type LockOnDisk, readLock, writeLock } from './lock-files.ts';
import { sourcesToChoose } from './lock-sources.ts';
import { printProgress } from './terminal.ts';
import { passedLines, policiesJson } from './verify.ts';

interface LockCommandOptions extends PolicyOptions {
  readonly out: string;
  readonly registry?: readonly string[];
  readonly override?: readonly string[];
  readonly at?: Moment;
}

const wishesFor = (requests: readonly string[], before: LockOnDisk | undefined): readonly string[] => {
  if (requests.length > 0) return requests;
  if (before !== undefined) return wishesOfLock(before.lock, before.companion);
  throw new UsageError("missing required argument 'name@range': nothing was locked here before");
};

/** Named anew, what was overridden before is asked for anew as well. */
const overridesFor = (
  options: LockCommandOptions,
  requests: readonly string[],
  before: LockOnDisk | undefined,
) => {
  const given = (options.override ?? []).map((text) => {
    const { name, exact } = parseRequest(text);
    if (exact === undefined) throw new UsageError(`--override takes one version, as in ${name}@1.0.0.`);
    return [name, exact] as const;
  });
  return { ...(requests.length === 0 ? before?.lock.overrides : {}), ...Object.fromEntries(given) };
};

const changeLine = (name: string, from: string | undefined, to: string | undefined): readonly string[] => {
  if (from === to) return [];
  if (from === undefined) return [`+ ${name}@${to}`];
  return [to === undefined ? `- ${name}@${from}` : `  ${name}  ${from} → ${to}`];
};

const changes = ({ lock }: MadeLock, before: LockOnDisk | undefined): readonly string[] => {
  const [old, now] = [before?.lock.packs ?? [], lock.packs].map(
    (packs) => new Map(packs.map(({ name, version }) => [name, version])),
  );
  const names = [...new Set([...(old?.keys() ?? []), ...(now?.keys() ?? [])])].sort();
  return names.flatMap((name) => changeLine(name, old?.get(name), now?.get(name)));
};

const SHOWN = 3;

/** What is true of many packs is said once. */
const warningsOf = ({ lock, packs }: MadeLock): readonly string[] => {
  const about = new Map<string, readonly string[]>();
  for (const { name, version, warnings } of packs)
    for (const each of warnings) about.set(each, [...(about.get(each) ?? []), `${name}@${version}`]);
  const grouped = [...about].map(([text, names]) => {
    const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
    return `${names.slice(0, SHOWN).join(', ')}${more}: ${text}`;
  });
  const beyond = namesBeyondSchema(lock).map(
    (name) =>
      `${name}: tools that keep to the letter of the lockfile's schema refuse capitals and underscores`,
  );
  return [...grouped, ...beyond];
};

const logLine = ({ origin, size, asOf }: MadeLock['companion']['logs'][number]): string =>
  asOf === undefined
    ? `As of ${counted(size, 'entry', 'entries')} of ${origin}`
    : `As of ${counted(asOf.size, 'entry', 'entries')} of ${origin}, of ${size} today`;

export const lock = acting<LockCommandOptions>(async (settings, options, ...requests) => {
  const { out, at } = options;
  const before = await readLock(out);
  const wishes = wishesFor(requests, before);
  const overrides = overridesFor(options, requests, before);
  const { policies, verifyPolicy: policy, sourcesOf } = await sourcesToChoose(settings, options, before);
  const onOpen = (base: string): void => printProgress(`Asking ${base}`);
  const sources = openSources({ sourcesOf, tree: options.tree, onOpen });
  const onVerifying = (name: string, version: string): void => printProgress(`Verifying ${name}@${version}`);
  const made = await makeLock({
    sources,
    policy,
    wishes,
    overrides,
    before,
    at,
    now: new Date(),
    onVerifying,
  });
  const changed = await writeLock(out, made.lock, made.companion);
  const said = `${changed ? 'Wrote' : 'Nothing changed in'} ${out}: ${counted(made.lock.packs.length, 'pack')}`;
  const warnings = warningsOf(made);
  return {
    lines: [
      ...openModeLines(policies),
      ...changes(made, before),
      ...made.companion.logs.map(logLine),
      ...[...made.passed].flatMap(([name, passed]) => passedLines(passed).map((line) => `${name}: ${line}`)),
      ...warnings.map((each) => `Warning: ${each}`),
      said,
    ],
    json: {
      ok: true,
      path: out,
      companion: companionPath(out),
      changed,
      packs: made.lock.packs,
      logs: made.companion.logs.map(({ note: _note, ...log }) => log),
      passedOver: [...made.passed].flatMap(([name, passed]) => passed.map((each) => ({ name, ...each }))),
      warnings,
      ...policiesJson(policies),
    },
  };
});
