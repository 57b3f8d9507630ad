// Options that say how long: 500ms, 10s, 5m, 24h or 7d, with a default that help shows as it would be typed.
import { InvalidArgumentError, Option } from 'commander';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

export interface DurationBounds {
  /** Both in milliseconds. */
  readonly least: number;
  readonly most: number;
  /** What is taken where the option is not given. */
  readonly usual: string;
  /** Shown to whoever writes something else, as in `10s, 5m or 1h`. */
  readonly examples: string;
}

/** In milliseconds. @throws InvalidArgumentError */
const parse = (text: string, { least, most, examples }: DurationBounds): number => {
  const [, digits, unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(digits) * (UNITS[unit] ?? Number.NaN);
  if (!(ms >= least && ms <= most)) throw new InvalidArgumentError(`It is a time such as ${examples}.`);
  return ms;
};

/** Its value is a number of milliseconds. */
export const durationOption = (flags: string, description: string, bounds: DurationBounds): Option =>
  new Option(flags, description)
    .argParser((text) => parse(text, bounds))
    .default(parse(bounds.usual, bounds), bounds.usual);
