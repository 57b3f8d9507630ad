// Reads attestry.policy.json: a closed document, strict JSON, every mistake named with its line. Pure.
import { ASSURANCES, type Assurance } from '../assurance.ts';
import { strictObjectOf } from '../strict-object.ts';
import { lineOfOffset, linesOf } from './json-place.ts';
import {
  type AdvisoryRule,
  type Allowed,
  type LicenseRule,
  type MinimumAge,
  MODES,
  type Mode,
  type Pin,
  type Policy,
  type PolicyRegistry,
  SEVERITIES,
} from './policy.ts';
import { PolicyInvalid } from './policy-invalid.ts';
import { type MemberProblem, type Members, membersOf } from './read-member.ts';
import * as form from './texts.ts';

/** Room for every list at its longest. */
export const MAX_POLICY_BYTES = 512 * 1024;

const MEMBERS = [
  'attestryPolicy',
  'mode',
  'assurance',
  'allow',
  'pins',
  'minimumAge',
  'advisories',
  'yanks',
  'deprecated',
  'licenses',
  'registries',
];

const MODE_NAMES = Object.keys(MODES) as Mode[];
const ASSURANCE_NAMES = Object.keys(ASSURANCES) as Assurance[];
const REFUSE_OR_WARN = ['refuse', 'warn'] as const;

const readAllowed = (of: Members): Allowed => {
  const allow = of.object('allow', ['namespaces', 'keys']);
  return {
    namespaces: allow?.texts('namespaces', form.patternIn, form.PATTERN_FORM),
    keys: allow?.texts('keys', form.keyIn, form.KEY_FORM),
  };
};

const needed = <T>(of: Members, name: string, value: T | undefined): T | undefined =>
  value === undefined && !of.has(name) ? of.complain(name, 'is missing') : value;

const readPin = (of: Members): readonly Pin[] => {
  const name = needed(of, 'name', of.parsed('name', form.nameIn, 'the name of a pack'));
  const version = needed(of, 'version', of.parsed('version', form.versionIn, 'one version'));
  const integrity = needed(
    of,
    'integrity',
    of.parsed('integrity', form.integrityIn, '"sha256-" and the base64 of a digest'),
  );
  if (name === undefined || version === undefined || integrity === undefined) return [];
  return [{ name, version, integrity }];
};

const readAge = (of: Members): MinimumAge | undefined => {
  const age = of.object('minimumAge', ['age', 'except']);
  if (age === undefined) return undefined;
  const ms = needed(age, 'age', age.parsed('age', form.durationIn, form.DURATION_FORM));
  const except = age.texts('except', form.patternIn, form.PATTERN_FORM) ?? [];
  return ms === undefined ? undefined : { ms, text: age.text('age') ?? '', except };
};

const readAdvisories = (of: Members): AdvisoryRule | undefined => {
  const advisories = of.object('advisories', ['refuse', 'required']);
  if (advisories === undefined) return undefined;
  const refuse = needed(advisories, 'refuse', advisories.word('refuse', SEVERITIES));
  const required = advisories.flag('required') ?? false;
  return refuse === undefined ? undefined : { refuse, required };
};

const readLicenses = (of: Members): LicenseRule | undefined => {
  const licenses = of.object('licenses', ['allow', 'missing']);
  if (licenses === undefined) return undefined;
  const allow = needed(licenses, 'allow', licenses.texts('allow', form.licenseIn, form.LICENSE_FORM));
  const missing = licenses.word('missing', ['refuse', 'warn', 'allow']) ?? 'refuse';
  return allow === undefined ? undefined : { allow, missing };
};

const readRegistry = (of: Members): readonly PolicyRegistry[] => {
  const url = needed(of, 'url', of.parsed('url', form.addressIn, 'an http or https address'));
  const root = of.parsed('root', form.pathIn, 'the path of a file beside this one or below it');
  const names = of.texts('names', form.patternIn, form.PATTERN_FORM) ?? [];
  const token = of.flag('token') ?? false;
  return url === undefined ? [] : [{ url, root, names, token }];
};

/** What no member alone can show: what a mode needs, and what would say two things of one. */
const checkWhole = (of: Members, policy: Omit<Policy, 'file'>): void => {
  const { mode, allow, pins, registries } = policy;
  if (mode === 'allowlist' && allow.namespaces === undefined && allow.keys === undefined && !of.has('allow'))
    of.complain('allow', 'is missing: mode allowlist takes what it lists in "namespaces" and "keys"');
  if (of.has('allow') && allow.namespaces === undefined && allow.keys === undefined)
    of.complain('allow', 'lists nothing: write "namespaces", "keys" or both');
  if (mode === 'pinned' && !of.has('pins'))
    of.complain('pins', 'is missing: mode pinned takes what it lists');
  if (mode !== 'pinned' && of.has('pins')) of.complain('pins', 'goes with mode pinned only');
  requireOneSource(of, registries);
  requirePinnedOnce(of, pins);
};

const firstTwice = (values: readonly string[]): string | undefined =>
  values.find((value, at) => values.indexOf(value) !== at);

const requireOneSource = (of: Members, registries: readonly PolicyRegistry[]): void => {
  const url = firstTwice(registries.map((each) => each.url));
  if (url !== undefined) of.complain('registries', `names ${url} twice`);
  const name = firstTwice(registries.flatMap((each) => [...new Set(each.names)]));
  if (name !== undefined) of.complain('registries', `binds ${name} to two sources: it may have one`);
  if (registries.filter((each) => each.token).length > 1)
    of.complain('registries', 'gives the token to two: it is for one');
};

const requirePinnedOnce = (of: Members, pins: readonly Pin[]): void => {
  const twice = firstTwice(pins.map(({ name, version }) => `${name}@${version}`));
  if (twice !== undefined) of.complain('pins', `pins ${twice} twice`);
};

const readPolicy = (of: Members): Omit<Policy, 'file'> => ({
  mode: needed(of, 'mode', of.word('mode', MODE_NAMES)) ?? 'verified',
  assurance: of.word('assurance', ASSURANCE_NAMES),
  allow: readAllowed(of),
  pins: of.objects('pins', ['name', 'version', 'integrity'])?.flatMap(readPin) ?? [],
  minimumAge: readAge(of),
  advisories: readAdvisories(of),
  yanks: of.word('yanks', REFUSE_OR_WARN) ?? 'warn',
  deprecated: of.word('deprecated', REFUSE_OR_WARN) ?? 'warn',
  licenses: readLicenses(of),
  registries: of.objects('registries', ['url', 'root', 'names', 'token'])?.flatMap(readRegistry) ?? [],
});

/**
 * Reads a policy. `file`: what to call it in refusals.
 * @throws PolicyInvalid with everything that is wrong
 */
export const parsePolicy = (bytes: Uint8Array, file: string): Policy => {
  const whole = (line: number, message: string) => new PolicyInvalid(file, [{ line, where: '', message }]);
  if (bytes.length > MAX_POLICY_BYTES) throw whole(1, `is larger than ${MAX_POLICY_BYTES} bytes`);
  const text = new TextDecoder().decode(bytes);
  const read = strictObjectOf(bytes);
  if (!read.ok) {
    const before = new TextDecoder().decode(bytes.subarray(0, read.problem.offset));
    throw whole(lineOfOffset(before, before.length), `is no JSON object: ${read.problem.message}`);
  }
  const lineOf = linesOf(text);
  const { attestryPolicy } = read.object;
  // A later version may have rules that this reader would leave out without a word: of its members nothing can be said.
  if (attestryPolicy !== undefined && attestryPolicy !== 1)
    throw new PolicyInvalid(file, [
      {
        line: lineOf('/attestryPolicy'),
        where: '/attestryPolicy',
        message: 'is 1 in every policy read here',
      },
    ]);
  const problems: MemberProblem[] = [];
  const of = membersOf(read.object, '', MEMBERS, problems);
  if (attestryPolicy === undefined) of.complain('attestryPolicy', 'is missing: write "attestryPolicy": 1');
  const policy = readPolicy(of);
  checkWhole(of, policy);
  if (problems.length === 0) return { file, ...policy };
  const placed = problems.map((each) => ({ ...each, line: lineOf(each.where) }));
  throw new PolicyInvalid(file, placed.sort((a, b) => a.line - b.line).slice(0, 50));
};
