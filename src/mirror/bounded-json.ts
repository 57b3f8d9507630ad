// Reads documents of an upstream in one go, unless they would keep the process from its other work for long. Pure.
import { type StrictObject, strictObjectOf } from '../client/strict-object.ts';

/** Room for an index of tens of thousands of packs; reading it takes a second, and little memory. */
const MOST_VALUES = 500_000;

const OPENING: ReadonlySet<number> = new Set([...',[{'].map((mark) => mark.charCodeAt(0)));

/** Never less than there are values: those inside of strings count too. */
const countValues = (bytes: Uint8Array): number => {
  let count = 0;
  for (const byte of bytes) if (OPENING.has(byte)) count += 1;
  return count;
};

export const boundedObjectOf = (bytes: Uint8Array): StrictObject =>
  countValues(bytes) <= MOST_VALUES
    ? strictObjectOf(bytes)
    : { ok: false, problem: { offset: 0, message: `it holds more than ${MOST_VALUES} values` } };
