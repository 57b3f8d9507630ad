// The one door to the terminal: what registries, packs and files say is shown there and steers nothing.

/** Control characters, line ends, turns of the direction of reading, and halves of characters. */
const STEERING = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\p{Bidi_Control}]/gu;

/** A text on one line, with `\u001b` and the like in the place of what a terminal would obey. */
export const harmless = (text: string): string =>
  text.replace(STEERING, (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Colour only where somebody is looking; NO_COLOR and dumb terminals are asked by Node itself. */
const red = (text: string): string =>
  process.stderr.isTTY && process.stderr.hasColors() ? `\u001b[31m${text}\u001b[39m` : text;

const page = (lines: readonly string[]): string => lines.map(harmless).join('\n');

export const printLines = (lines: readonly string[]): void => void process.stdout.write(`${page(lines)}\n`);

/** One JSON document; inside its strings `\u` says what it says everywhere, so machines read the text unchanged. */
export const printDocument = (value: unknown): void => printLines(JSON.stringify(value, null, 2).split('\n'));

export const printFailure = (lines: readonly string[]): void =>
  void process.stderr.write(`${red(page(lines))}\n`);

/** Beside what is printed as the outcome: for whoever looks, also where the outcome itself is kept. */
export const printNotes = (lines: readonly string[]): void => {
  if (lines.length > 0) process.stderr.write(`${page(lines)}\n`);
};

/** Bytes as they are, for a file or another program; on a terminal as a text that steers nothing. */
export const printBytes = (bytes: Uint8Array): void => {
  if (!process.stdout.isTTY) process.stdout.write(bytes);
  else printLines(new TextDecoder().decode(bytes).replace(/\n$/, '').split('\n'));
};

/** What is being done, for people who wait and look; nothing where the output is kept. */
export const printProgress = (line: string): void => {
  if (process.stderr.isTTY) process.stderr.write(`${harmless(line)} …\n`);
};
