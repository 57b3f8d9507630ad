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

export const evidenceLines = (details: Details): readonly string[] => [
  ...violationsIn(details).map(({ line }) => `  ${line}`),
  ...Object.entries(details)
    .filter(([name, value]) => !isListed(name, value))
    .map(([name, value]) => `  ${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`),
];
