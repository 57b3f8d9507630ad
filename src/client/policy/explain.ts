// Says in sentences what a policy asks for, for whoever has to live with it. Pure.
import { ASSURANCES } from '../assurance.ts';
import { MODES, type Policy, type PolicyRegistry, SEVERITIES } from './policy.ts';
import { isFingerprint } from './texts.ts';

const MAX_SHOWN = 12;

const listed = (items: readonly string[]): string =>
  items.length <= MAX_SHOWN
    ? items.join(', ')
    : `${items.slice(0, MAX_SHOWN).join(', ')} and ${items.length - MAX_SHOWN} more`;

const modeSentences = ({ mode, assurance, pins }: Policy): readonly string[] => [
  `Mode ${mode}: takes ${MODES[mode]}.`,
  ...(mode === 'pinned' ? [`Pinned: ${listed(pins.map(({ name, version }) => `${name}@${version}`))}.`] : []),
  ...(assurance === undefined
    ? []
    : [`Takes nothing that rests on less than ${assurance}: ${ASSURANCES[assurance]}.`]),
];

const allowSentences = ({ allow }: Policy): readonly string[] => [
  ...(allow.namespaces === undefined ? [] : [`Names: only ${listed(allow.namespaces)}.`]),
  ...(allow.keys === undefined ? [] : [`Keys: only ${listed(allow.keys)}.`]),
  ...(allow.keys?.some((key) => !isFingerprint(key))
    ? ['A key id means one key at one registry only; a fingerprint means one key everywhere.']
    : []),
];

const ageSentences = ({ minimumAge }: Policy): readonly string[] => {
  if (minimumAge === undefined) return ['Takes versions of any age.'];
  const { text, except } = minimumAge;
  const but = except.length === 0 ? '' : `, but for ${listed(except)}`;
  return [
    `Takes only versions that are ${text} old${but}: by the log of the registry, or where there is none by its word.`,
  ];
};

const advisorySentences = ({ advisories }: Policy): readonly string[] => {
  if (advisories === undefined) return ['Asks for no advisories.'];
  const { refuse, required } = advisories;
  const worse = SEVERITIES.slice(SEVERITIES.indexOf(refuse)).join(', ');
  const otherwise = required ? 'refuses everything' : 'says so and goes on';
  return [
    `Refuses what an advisory names whose severity is ${worse}; warns of the rest.`,
    `Where the advisories cannot be had it ${otherwise}.`,
  ];
};

const MISSING = {
  refuse: 'what names none is refused',
  warn: 'what names none is warned of',
  allow: 'what names none is taken',
} as const;

const standingSentences = ({ yanks, deprecated, licenses }: Policy): readonly string[] => [
  yanks === 'refuse'
    ? 'Refuses yanked versions, also where they are named exactly.'
    : 'Warns of yanked versions that are named exactly; ranges never choose one.',
  deprecated === 'refuse' ? 'Refuses deprecated versions.' : 'Warns of deprecated versions.',
  licenses === undefined
    ? 'Takes any licence.'
    : `Licences: only ${listed(licenses.allow)}; ${MISSING[licenses.missing]}.`,
];

const registrySentence = ({ url, root, names, token }: PolicyRegistry, index: number): string => {
  const parts = [
    root === undefined ? 'its root as seen first' : `starting from the root in ${root}`,
    ...(names.length === 0 ? [] : [`the only source of ${listed(names)}`]),
    ...(token ? ['the token is for it'] : []),
  ];
  return `Registry ${index + 1}: ${url}, ${parts.join('; ')}.`;
};

const sourceSentences = ({ registries }: Policy): readonly string[] =>
  registries.length === 0
    ? ['Names no registries: whoever installs says which with --url.']
    : [
        ...registries.map(registrySentence),
        'Other names are asked for in that order; the next is asked only where one has no such pack.',
        'A private name that is bound to none of them is asked for nowhere.',
      ];

/** One sentence for each thing that a policy decides, in the order of the file. */
export const sentencesOf = (policy: Policy): readonly string[] => [
  ...modeSentences(policy),
  ...allowSentences(policy),
  ...ageSentences(policy),
  ...advisorySentences(policy),
  ...standingSentences(policy),
  ...sourceSentences(policy),
];
