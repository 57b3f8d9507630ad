// JSON texts that two parsers could read differently, and what a strict one says about them.
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalText } from '../../keys/canonical.ts';
import { parseStrictJson } from '../../src/protocol/json.ts';

interface Vector {
  readonly text?: string;
  readonly hex?: string;
  readonly canonical?: string;
  readonly why?: string;
  readonly offset?: number;
}

const vectors = JSON.parse(readFileSync(new URL('../vectors/json-strict.json', import.meta.url), 'utf8')) as {
  readonly accepted: readonly Vector[];
  readonly refused: readonly Vector[];
};

const bytesOf = ({ text, hex }: Vector): Uint8Array =>
  hex === undefined ? new TextEncoder().encode(text ?? '') : new Uint8Array(Buffer.from(hex, 'hex'));

const parse = (text: string, maxDepth?: number) =>
  parseStrictJson(new TextEncoder().encode(text), maxDepth === undefined ? undefined : { maxDepth });

const problemOf = (text: string, maxDepth?: number): string => {
  const parsed = parse(text, maxDepth);
  return parsed.ok ? 'none' : parsed.problem.message;
};

describe('strict JSON', () => {
  it.each(vectors.accepted)('reads $text', (vector) => {
    const parsed = parseStrictJson(bytesOf(vector));
    expect(parsed.ok && canonicalText(parsed.value)).toBe(vector.canonical);
  });

  it.each(vectors.refused)('refuses $why, and says where', (vector) => {
    const parsed = parseStrictJson(bytesOf(vector));
    expect(parsed).toMatchObject({ ok: false, problem: { offset: vector.offset } });
  });

  it('reads whatever JSON.stringify writes, as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = JSON.stringify(value);
        const parsed = parse(text);
        if (parsed.ok) expect(JSON.parse(canonicalText(parsed.value))).toEqual(JSON.parse(text));
        else expect(text).toMatch(/\p{Noncharacter_Code_Point}|\\ud[89a-f]|\\u0000|"__proto__"|[0-9]{16}/u);
      }),
      { numRuns: 500, seed: 7 },
    );
  });

  it('accepts nothing that JSON.parse refuses', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      ',',
      ':',
      '"a"',
      '"b"',
      '1',
      '-',
      '.5',
      'e3',
      'true',
      ' ',
      '"',
      '\\',
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        const text = tokens.join('');
        if (parse(text).ok) expect(() => JSON.parse(text)).not.toThrow();
      }),
      { numRuns: 5_000, seed: 7 },
    );
  });
});

describe('the character U+0000, where a C program ends the text and Postgres refuses it', () => {
  it.each([
    ['escaped in a string', '["a\\u0000b"]', 1],
    ['escaped and alone', '"\\u0000"', 0],
    ['escaped in a key', '{"a\\u0000b":1}', 1],
    ['raw in a string', '["a\u0000b"]', 3],
    ['raw in a key', '{"\u0000":1}', 2],
  ])('is refused by its name: %s', (_, text, offset) => {
    const parsed = parse(text);
    expect(parsed).toMatchObject({ ok: false, problem: { offset } });
    expect(problemOf(text)).toBe('a string holds U+0000, which databases and C programs cannot hold');
  });

  it('is not mistaken for its spelling, nor for other control characters', () => {
    expect(problemOf('"\\\\u0000"')).toBe('none');
    expect(problemOf('"\\u0001"')).toBe('none');
    expect(problemOf('"\u0001"')).toBe('a control character stands unescaped in a string');
  });
});

describe('objects', () => {
  it('have no prototype: what the text does not hold is absent', () => {
    const parsed = parse('{"name":"a"}');
    const value: object = parsed.ok ? Object(parsed.value) : {};
    for (const key of ['constructor', 'toString', '__proto__']) expect(key in value).toBe(false);
    expect(Object.getPrototypeOf(value)).toBeNull();
  });

  it('never reach the prototype of other objects', () => {
    parse('{"constructor":{"prototype":{"polluted":true}}}');
    expect('polluted' in {}).toBe(false);
  });
});

describe('nesting', () => {
  it('is counted in arrays and objects alike', () => {
    expect(problemOf('[[{"a":1}]]', 3)).toBe('none');
    expect(problemOf('[[{"a":[]}]]', 3)).toBe('the nesting is deeper than 3');
    expect(problemOf('1', 0)).toBe('none');
    expect(problemOf('[]', 0)).toContain('deeper than 0');
  });

  it('of 100,000 levels is refused at once and without a crash, however deep the caller would go', () => {
    const deep = [
      '['.repeat(100_000),
      '{"a":'.repeat(100_000),
      `${'['.repeat(100_000)}${']'.repeat(100_000)}`,
    ];
    const start = performance.now();
    for (const text of deep) {
      expect(problemOf(text)).toBe('the nesting is deeper than 64');
      expect(problemOf(text, Number.POSITIVE_INFINITY)).toBe('the nesting is deeper than 1000');
    }
    expect(performance.now() - start).toBeLessThan(1_000);
  });
});

describe('time', () => {
  const KB = 1_024;
  const filled = (open: string, part: (at: number) => string, close: string): string => {
    const parts: string[] = [];
    for (let size = 0; size < 256 * KB; size += parts.at(-1)?.length ?? 1) parts.push(part(parts.length));
    return `${open}${parts.join(',')}${close}`;
  };

  it.each([
    ['one long string', `"${'x'.repeat(256 * KB)}"`],
    ['one long string of escapes', `"${'\\u0041'.repeat(43 * KB)}"`],
    ['one long number', `0.${'1'.repeat(256 * KB)}`],
    ['many keys', filled('{', (at) => `"key${at}":${at}`, '}')],
    ['keys that are numbers', filled('{', (at) => `"${at * 7_919}":0`, '}')],
    ['many small lists', filled('[', () => '[[],[]]', ']')],
    ['blanks', `[${' '.repeat(256 * KB)}]`],
  ])('is linear in 256 KB of %s', (_, text) => {
    const start = performance.now();
    expect(problemOf(text)).toBe('none');
    expect(performance.now() - start).toBeLessThan(500);
  });

  it('is linear in a refusal at the very end', () => {
    const text = `${filled('{', (at) => `"k${at}":"é"`, '')},"k1":0}`;
    const start = performance.now();
    expect(problemOf(text)).toContain('stands twice');
    expect(performance.now() - start).toBeLessThan(500);
  });

  it('is linear in an integer of 256,000 digits', () => {
    expect(problemOf('1'.repeat(256_000))).toContain('too large');
  });
});
