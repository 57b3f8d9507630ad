// What is shown of a change to a text, and of characters that would rather not be seen.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DiffLine, diffLines } from '../../src/cli/line-diff.ts';
import { visible } from '../../src/cli/visible.ts';

const MARKS = { same: ' ', removed: '-', added: '+' } as const;
const shown = (lines: readonly DiffLine[]): readonly string[] =>
  lines.map((line) =>
    line.kind === 'skipped' ? `@${line.count}` : MARKS[line.kind] + line.text + (line.ended ? '' : '|'),
  );

describe('a difference of lines', () => {
  it('shows what went and what came, with a few lines around it', () => {
    const before = Array.from({ length: 20 }, (_, at) => `line ${at}`);
    const after = before.map((line, at) => (at === 10 ? 'another' : line));
    const text = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
    expect(shown(diffLines(text(before), text(after)))).toEqual([
      '@7',
      ' line 7',
      ' line 8',
      ' line 9',
      '-line 10',
      '+another',
      ' line 11',
      ' line 12',
      ' line 13',
      '@6',
    ]);
  });

  it.each([
    ['nothing to something', '', 'a\nb', ['+a', '+b|']],
    ['something to nothing', 'a\nb\n', '', ['-a', '-b']],
    ['one line end more', 'a', 'a\n', ['-a|', '+a']],
    ['an empty line', 'a\n', 'a\n\n', [' a', '+']],
    ['nothing at all', 'a\nb\n', 'a\nb\n', ['@2']],
  ])('of %s is exact', (_name, before, after, expected) => {
    expect(shown(diffLines(before, after))).toEqual(expected);
  });

  it('is one way from the one text to the other, whatever they are', () => {
    const text = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });
    fc.assert(
      fc.property(text, text, (before, after) => {
        const whole = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');
        const full = diffLines(whole(before), whole(after));
        const kept = (kind: 'removed' | 'added', all: readonly string[]) => {
          let at = 0;
          for (const line of full) {
            if (line.kind === 'skipped') at += line.count;
            else if (line.kind === 'same' || line.kind === kind) {
              if (all[at] !== line.text) return false;
              at += 1;
            }
          }
          return at === all.length;
        };
        return kept('removed', before) && kept('added', after);
      }),
    );
  });

  it('of texts that have nothing in common is shown whole, and soon', () => {
    const text = (name: string) => Array.from({ length: 20_000 }, (_, at) => `${name} ${at}`).join('\n');
    expect(diffLines(text('a'), text('b'))).toHaveLength(40_000);
  });
});

describe('a line that is judged', () => {
  it.each([
    ['a turn of direction', 'a\u202eb', 'a\\u{202e}b'],
    ['a control character', 'a\u001b[2J', 'a\\u{1b}[2J'],
    ['a tab', 'a\tb', 'a\\u{9}b'],
    ['a carriage return', 'a\r', 'a\\u{d}'],
    ['a joiner of no width', 'a\u200bb', 'a\\u{200b}b'],
    ['a byte order mark', '\ufeffa', '\\u{feff}a'],
    ['a blank that is none', 'a\u00a0b', 'a\\u{a0}b'],
    ['letters of the tag plane', 'a\u{e0041}', 'a\\u{e0041}'],
    ['half of a character', 'a\ud800', 'a\\u{d800}'],
    ['blanks at its end', 'a  ', 'a\\u{20}\\u{20}'],
    ['a filler that shows nothing', 'a\u3164', 'a\\u{3164}'],
  ])('spells out %s', (_name, line, expected) => {
    expect(visible(line).text).toBe(expected);
    expect(visible(line).spelled).toBeGreaterThan(0);
  });

  it('shows letters of all scripts as they are', () => {
    for (const line of ['Grüße, 世界 – ok?', 'שלום', 'emoji 🎉'])
      expect(visible(line)).toEqual({ text: line, spelled: 0 });
  });
});
