// What differs between two texts, line by line, with a few lines around it. Pure.

export type DiffLine =
  /** `text` is without the line end; `ended` is false for a last line that has none. */
  | { readonly kind: 'same' | 'removed' | 'added'; readonly text: string; readonly ended: boolean }
  /** Lines that are the same on both sides and are not shown. */
  | { readonly kind: 'skipped'; readonly count: number };

type Line = Exclude<DiffLine, { readonly kind: 'skipped' }>;

const CONTEXT = 3;
/** Beyond that many differing lines the shortest difference is not looked for. */
const MAX_EDITS = 2_000;

/** Each with its end, so that lines with and without one differ. */
const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? [];

const tagged =
  (kind: Line['kind']) =>
  (line: string): Line => ({ kind, text: line.replace(/\n$/, ''), ended: line.endsWith('\n') });

/** The furthest point on each diagonal, for each number of edits (Myers 1986); undefined where there are too many. */
const reachOf = (
  before: readonly string[],
  after: readonly string[],
): readonly ReadonlyMap<number, number>[] | undefined => {
  const trace: Map<number, number>[] = [];
  let reach = new Map<number, number>([[1, 0]]);
  for (let edits = 0; edits <= Math.min(before.length + after.length, MAX_EDITS); edits += 1) {
    const next = new Map<number, number>();
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      const [left, right] = [reach.get(diagonal - 1) ?? -1, reach.get(diagonal + 1) ?? -1];
      let x = diagonal === -edits || (diagonal !== edits && left < right) ? right : left + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1;
      next.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return [...trace, reach];
    }
    trace.push(reach);
    reach = next;
  }
  return undefined;
};

const walkBack = (
  before: readonly string[],
  after: readonly string[],
  trace: readonly ReadonlyMap<number, number>[],
): readonly Line[] => {
  const lines: Line[] = [];
  let [x, y] = [before.length, after.length];
  for (let edits = trace.length - 1; edits >= 0; edits -= 1) {
    const reach = trace[edits] ?? new Map<number, number>();
    const diagonal = x - y;
    const [left, right] = [reach.get(diagonal - 1) ?? -1, reach.get(diagonal + 1) ?? -1];
    const down = diagonal === -edits || (diagonal !== edits && left < right);
    const fromX = down ? right : left;
    const fromY = fromX - (down ? diagonal + 1 : diagonal - 1);
    for (; x > fromX && y > fromY && x > 0 && y > 0; x -= 1, y -= 1)
      lines.push(tagged('same')(before[x - 1] ?? ''));
    if (edits === 0) break;
    lines.push(down ? tagged('added')(after[y - 1] ?? '') : tagged('removed')(before[x - 1] ?? ''));
    [x, y] = [fromX, fromY];
  }
  return lines.reverse();
};

const isNear = (lines: readonly Line[], at: number): boolean =>
  lines.slice(Math.max(0, at - CONTEXT), at + CONTEXT + 1).some(({ kind }) => kind !== 'same');

const withoutTheRest = (lines: readonly Line[]): readonly DiffLine[] => {
  const shown: DiffLine[] = [];
  let count = 0;
  for (const [at, line] of lines.entries()) {
    if (!isNear(lines, at)) {
      count += 1;
      continue;
    }
    if (count > 0) shown.push({ kind: 'skipped', count });
    count = 0;
    shown.push(line);
  }
  return count > 0 ? [...shown, { kind: 'skipped', count }] : shown;
};

/** One shortest way from the one text to the other; where they have too little in common, all of both. */
export const diffLines = (before: string, after: string): readonly DiffLine[] => {
  const [older, newer] = [linesOf(before), linesOf(after)];
  const trace = reachOf(older, newer);
  if (trace === undefined) return [...older.map(tagged('removed')), ...newer.map(tagged('added'))];
  return withoutTheRest(walkBack(older, newer, trace));
};
