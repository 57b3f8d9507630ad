// The trust modes of node-packs.md §Trust model, as rules over what was verified. Pure.
import { patternCovers } from '../../protocol/pack-id.ts';
import { type Finding, type PackFacts, refuse, warn } from './facts.ts';
import type { Policy } from './policy.ts';
import { isFingerprint } from './texts.ts';

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** What can be said of a name before any registry is asked. */
export const nameFindings = ({ allow, mode, pins }: Policy, name: string): readonly Finding[] => {
  const { namespaces } = allow;
  if (namespaces !== undefined && !namespaces.some((each) => patternCovers(each, name)))
    return [
      refuse(
        '/allow/namespaces',
        `no namespace that is allowed covers ${name}`,
        `Allowed are ${namespaces.slice(0, 10).join(', ')}; whoever keeps the policy may add ${name}.`,
      ),
    ];
  if (mode !== 'pinned' || pins.some((pin) => same(pin.name, name))) return [];
  return [refuse('/pins', `no version of ${name} is pinned`, 'Whoever keeps the policy may pin one.')];
};

/** Ids are unique at one registry only; a fingerprint means one key everywhere. */
const isListedKey = (keys: readonly string[], keyId: string | undefined, mark: string | undefined): boolean =>
  keys.some((key) => (isFingerprint(key) ? same(key, mark ?? '') : keyId !== undefined && key === keyId));

const keyFindings = ({ allow }: Policy, { keyId, proven }: PackFacts): readonly Finding[] => {
  const { keys } = allow;
  if (keys === undefined) return [];
  // Only the signature shows which key it is: until then a fingerprint may still fit.
  if (proven === undefined && (keyId === undefined || keys.some(isFingerprint))) return [];
  const id = proven === undefined ? keyId : proven.keyId;
  if (isListedKey(keys, id, proven?.fingerprint)) return [];
  const signed = id === undefined ? 'nobody signed it' : `key ${id} signed it`;
  const found = proven?.fingerprint === undefined ? '' : ` (${proven.fingerprint})`;
  const cure = `Take a version signed by ${keys.slice(0, 5).join(', ')}, or have the key added.`;
  return [refuse('/allow/keys', `${signed}${found}, and that is no key that is allowed`, cure)];
};

const pinFindings = ({ mode, pins }: Policy, { name, version, integrity }: PackFacts): readonly Finding[] => {
  if (mode !== 'pinned') return [];
  const pinned = pins.filter((pin) => same(pin.name, name));
  const versions = pinned.map((pin) => pin.version).join(', ');
  const pin = pinned.find((each) => each.version === version);
  if (pin === undefined)
    return [refuse('/pins', 'this version is not pinned', `Take ${versions || 'what is pinned'}.`)];
  if (pin.integrity === integrity) return [];
  const message = `it is pinned to other bytes: ${pin.integrity}, not ${integrity}`;
  return [refuse('/pins', message, 'Do not take it: published bytes never change.')];
};

/** Signature and chain must hold: whichever of the two was not asked about does not. */
const verifiedFindings = ({ mode }: Policy, { proven }: PackFacts): readonly Finding[] => {
  if (proven === undefined || (mode !== 'verified' && mode !== 'allowlist')) return [];
  const cure = 'Take a signed version, at a registry that says whose its keys are.';
  if (proven.keyId === undefined) return [refuse('/mode', `mode ${mode} takes no unsigned pack`, cure)];
  const open = (['signature', 'delegation'] as const).find(
    (question) => !proven.answers.some((each) => each.question === question && each.answer === 'yes'),
  );
  if (open === undefined) return [];
  return [refuse('/mode', `mode ${mode} needs the question of its ${open} answered, and it was not`, cure)];
};

const openFindings = ({ mode }: Policy, { proven }: PackFacts): readonly Finding[] =>
  mode === 'open' && proven !== undefined
    ? [
        warn(
          '/mode',
          'OPEN MODE: nothing had to vouch for this pack but the digest that its registry names; for development only',
        ),
      ]
    : [];

/** All that the mode and the lists that go with it say. */
export const modeFindings = (policy: Policy, facts: PackFacts): readonly Finding[] => [
  ...nameFindings(policy, facts.name),
  ...keyFindings(policy, facts),
  ...pinFindings(policy, facts),
  ...verifiedFindings(policy, facts),
  ...openFindings(policy, facts),
];
