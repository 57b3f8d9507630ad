// Reads the members of a closed document one by one and collects everything that is wrong with them. Pure.
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import { objectOf, textOf } from '../../protocol/manifest/read.ts';

export interface MemberProblem {
  /** JSON pointer. */
  readonly where: string;
  readonly message: string;
}

/** One object of the document; every read tells what is wrong and answers undefined then. */
export interface Members {
  readonly has: (name: string) => boolean;
  readonly complain: (name: string, message: string) => undefined;
  readonly text: (name: string) => string | undefined;
  readonly flag: (name: string) => boolean | undefined;
  readonly word: <W extends string>(name: string, words: readonly W[]) => W | undefined;
  readonly parsed: <T>(name: string, parse: (text: string) => T | undefined, form: string) => T | undefined;
  readonly texts: <T>(
    name: string,
    parse: (text: string) => T | undefined,
    form: string,
  ) => readonly T[] | undefined;
  readonly object: (name: string, members: readonly string[]) => Members | undefined;
  readonly objects: (name: string, members: readonly string[]) => readonly Members[] | undefined;
}

/** Nobody writes longer lists by hand, and every one of them is gone through for every version. */
const MAX_ITEMS = 1_024;

const shown = (value: JsonValue | undefined): string => JSON.stringify(value ?? null).slice(0, 60);

const closest = (name: string, members: readonly string[]): string => {
  const found = members.find((each) => each.toLowerCase() === name.toLowerCase() || `${each}s` === name);
  return found === undefined ? `it is one of ${members.join(', ')}` : `write "${found}"`;
};

const listAt = (
  of: JsonObject,
  name: string,
  complain: Members['complain'],
): readonly JsonValue[] | undefined => {
  const value = of[name];
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) return complain(name, `is a list, not ${shown(value)}`);
  if (value.length === 0) return complain(name, 'is empty: leave it out, or list something');
  if (value.length > MAX_ITEMS) return complain(name, `has at most ${MAX_ITEMS} items`);
  return value;
};

/** Reads an object that may have these members and no others. */
export const membersOf = (
  of: JsonObject,
  where: string,
  members: readonly string[],
  problems: MemberProblem[],
): Members => {
  const complain: Members['complain'] = (name, message) => {
    problems.push({ where: `${where}/${name}`, message });
    return undefined;
  };
  for (const name of Object.keys(of))
    if (!members.includes(name)) complain(name, `is no member here; ${closest(name, members)}`);

  const text: Members['text'] = (name) => {
    if (of[name] === undefined) return undefined;
    return textOf(of[name]) ?? complain(name, `is a text, not ${shown(of[name])}`);
  };
  const parsed: Members['parsed'] = (name, parse, form) => {
    const found = text(name);
    if (found === undefined) return undefined;
    return parse(found) ?? complain(name, `is ${form}, not ${shown(found)}`);
  };
  const within = (value: JsonValue, at: string, inner: readonly string[]): Members | undefined => {
    const object = objectOf(value);
    if (object === undefined) return complain(at, `is an object, not ${shown(value)}`);
    return membersOf(object, `${where}/${at}`, inner, problems);
  };
  return {
    has: (name) => of[name] !== undefined,
    complain,
    text,
    parsed,
    flag: (name) => {
      const value = of[name];
      if (value === undefined || typeof value === 'boolean') return value;
      return complain(name, `is true or false, not ${shown(value)}`);
    },
    word: (name, words) =>
      parsed(name, (found) => words.find((each) => each === found), `one of ${words.join(', ')}`),
    texts: (name, parse, form) =>
      listAt(of, name, complain)?.flatMap((value, at) => {
        const found = typeof value === 'string' ? parse(value) : undefined;
        if (found !== undefined) return [found];
        complain(`${name}/${at}`, `is ${form}, not ${shown(value)}`);
        return [];
      }),
    object: (name, inner) => (of[name] === undefined ? undefined : within(of[name], name, inner)),
    objects: (name, inner) =>
      listAt(of, name, complain)?.flatMap((value, at) => within(value, `${name}/${at}`, inner) ?? []),
  };
};
