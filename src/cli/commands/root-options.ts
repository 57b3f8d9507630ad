// The options of the root commands: keys as NAME=FILE.pub, and how long a root is good.
import { basename } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';

/** A file with a public key, and what that key is called; without a name it is called like the file. */
export interface KeyFile {
  readonly name: string;
  readonly file: string;
}

/** `alice=keys/alice.pub` or `keys/alice.pub`; may be given several times. */
export const keyFile = (text: string, before: readonly KeyFile[] = []): readonly KeyFile[] => {
  const [, name, file = text] = /^([A-Za-z0-9._~-]{1,128})=(.+)$/.exec(text) ?? [];
  return [...before, { name: name ?? basename(file).replace(/\.[^.]+$/, ''), file }];
};

/** When something ends that begins now. */
export type End = (now: Date) => Date;

const later = (now: Date, count: number, unit: string): Date => {
  const end = new Date(now);
  if (unit === 'y') end.setUTCFullYear(end.getUTCFullYear() + count);
  else end.setUTCDate(end.getUTCDate() + count);
  return end;
};

/** `5y`, `90d` or an instant. */
const readEnd = (text: string): End => {
  const [, count, unit = ''] = /^([1-9]\d{0,3})([dy])$/.exec(text) ?? [];
  if (count !== undefined) return (now) => later(now, Number(count), unit);
  const instant = new Date(/^\d{4}-\d\d-\d\dT[\d:]+Z$/.test(text) ? text : Number.NaN);
  if (Number.isNaN(instant.getTime()))
    throw new InvalidArgumentError('It is a time like 5y or 90d, or an instant like 2031-01-31T00:00:00Z.');
  return () => instant;
};

const USUAL_END = '5y';

/** Its value is an `End`. */
export const expiresOption = (): Option =>
  new Option('--expires <time>', 'when it ends, as in 5y or 90d')
    .argParser(readEnd)
    .default(readEnd(USUAL_END), USUAL_END);
