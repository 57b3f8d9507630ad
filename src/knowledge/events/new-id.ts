// Ids that sort by the time at which they were made (ULID): 48 bits of milliseconds, 80 of chance.
import { randomBytes } from 'node:crypto';

const DIGITS = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_DIGITS = 10;
const CHANCE_DIGITS = 16;

const timePart = (at: Date): string => {
  let [text, left] = ['', at.getTime()];
  for (let digit = 0; digit < TIME_DIGITS; digit += 1) {
    text = DIGITS.charAt(left % DIGITS.length) + text;
    left = Math.floor(left / DIGITS.length);
  }
  return text;
};

/** 26 digits of Crockford's base32 in lower case. */
export const newUlid = (at: Date): string =>
  timePart(at) + [...randomBytes(CHANCE_DIGITS)].map((byte) => DIGITS.charAt(byte % DIGITS.length)).join('');
