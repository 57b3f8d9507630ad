// Whether a large JSON text is made of few parts and lies flat: its length alone bounds what reading it costs too little. Pure.
import { fault } from '../../protocol/faults.ts';

/** As many changes as any policy takes, each with all the facts about its document. */
const MAX_PARTS = 300_000;
/** Far deeper than anything that is asked for. */
const MAX_DEPTH = 32;

const [QUOTE, BACKSLASH, COMMA] = [0x22, 0x5c, 0x2c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** The place of the quote that ends a text; the end where there is none. */
const endOfText = (bytes: Uint8Array, from: number): number => {
  let at = from;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
};

interface Shape {
  readonly parts: number;
  readonly depth: number;
}

/** Counts until there is too much of something; what is no JSON has some shape, too. */
const shapeOf = (bytes: Uint8Array): Shape => {
  let [parts, depth] = [0, 0];
  for (let at = 0; at < bytes.length && parts <= MAX_PARTS && depth <= MAX_DEPTH; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfText(bytes, at + 1);
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      depth += 1;
      parts += 1;
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
    else if (byte === COMMA) parts += 1;
  }
  return { parts, depth };
};

/** Ask it before the text is read. @throws Fault validation_error */
export const requireModest = (bytes: Uint8Array): void => {
  const { parts, depth } = shapeOf(bytes);
  if (parts <= MAX_PARTS && depth <= MAX_DEPTH) return;
  const limit = { parts: MAX_PARTS, depth: MAX_DEPTH };
  throw fault(
    'validation_error',
    { limit },
    'The body has more parts, or is nested deeper, than is read here.',
  );
};
