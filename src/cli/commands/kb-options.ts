// The options that commands about bases share.
import { type Command, InvalidArgumentError } from 'commander';

/** Gathers an option that may be given several times. */
export const each = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];

/** From 0 to 1. */
export const share = (text: string): number => {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('It is a number from 0 to 1.');
};

const CODE = /^[a-z0-9][a-z0-9_.-]{0,63}$/;

/** Goes into events, where no text has a place. */
export const code = (text: string): string => {
  if (CODE.test(text)) return text;
  throw new InvalidArgumentError('It is a key of a-z, 0-9, _, . and -, as in out-of-date.');
};

export const addAs = (command: Command): Command =>
  command.option('--as <principal>', 'which principal acts, where the account acts as several');

/** Whatever is read is proven; these say what that begins with. */
export const addBelief = (command: Command): Command =>
  addAs(command)
    .option('--root <file>', 'root document to start from; default: the one seen first')
    .option('--state <file>', 'where to remember what was believed; default: below ~/.attestry/trust')
    .option('--trust-pins', 'take a pinned version for its content alone, whoever signed it');
