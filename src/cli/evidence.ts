// The evidence of a refusal as lines for people: every violation, then whatever else was found. Pure.

export type Details = Readonly<Record<string, unknown>>;

/** What a registry lists is only believed to be a violation where it has the form of one. */
interface ListedViolation {
  readonly code: string;
  readonly line: string;
}

const memberOf = (value: unknown, name: string): string | undefined => {
  const member: unknown = typeof value === 'object' && value !== null ? (value as Details)[name] : undefined;
  return typeof member === 'string' ? member : undefined;
};

const violationOf = (value: unknown): ListedViolation => {
  const [code = '', where = '', message] = ['code', 'where', 'message'].map((name) => memberOf(value, name));
  if (message === undefined) return { code, line: JSON.stringify(value) };
  const place = where === '' ? 'archive' : where;
  return { code, line: `${place}: ${message}${code === '' ? '' : ` (${code})`}` };
};

const violationsIn = ({ violations }: Details): readonly ListedViolation[] =>
  Array.isArray(violations) ? violations.map(violationOf) : [];

/** The codes of all violations, in their order. */
export const violationCodes = (details: Details): readonly string[] =>
  violationsIn(details).map(({ code }) => code);

const isListed = (name: string, value: unknown): boolean => name === 'violations' && Array.isArray(value);

/** What says nothing is not shown. */
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (typeof value === 'object' && Object.keys(value).length === 0);

const isPlain = (value: unknown): boolean => typeof value !== 'object' || value === null;

/** Of the same name as the code of the failure itself, and of another meaning. */
const labelOf = (name: string): string => (name === 'code' ? 'because' : name);

const valueLines = (label: string, value: unknown, indent: string): readonly string[] => {
  if (isEmpty(value)) return [];
  if (isPlain(value)) return [`${indent}${label}: ${String(value)}`];
  if (Array.isArray(value) && value.every(isPlain)) return [`${indent}${label}: ${value.join(', ')}`];
  const deeper = Object.entries(value as Details).flatMap(([name, member]) =>
    valueLines(name, member, `${indent}  `),
  );
  return deeper.length === 0 ? [] : [`${indent}${label}:`, ...deeper];
};

/** Objects within it are indented below their name. */
export const evidenceLines = (details: Details): readonly string[] => [
  ...violationsIn(details).map(({ line }) => `  ${line}`),
  ...Object.entries(details)
    .filter(([name, value]) => !isListed(name, value))
    .flatMap(([name, value]) => valueLines(labelOf(name), value, '  ')),
];
