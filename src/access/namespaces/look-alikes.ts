// Which names pass for which: what looks the same folds into one skeleton, and a letter or two apart is near. Pure.

const AS_LETTER: Readonly<Record<string, string>> = {
  ...{ '0': 'o', '1': 'l', '3': 'e', '4': 'a', '5': 's', '7': 't', '8': 'b', '9': 'g' },
  i: 'l',
};

/** What is left of a name when spellings that people confuse are one: `acme-labs`, `acme_1abs`, `acrnelabs` → `acmelabs`. */
export const skeletonOf = (org: string): string =>
  org
    .replace(/[-_]/g, '')
    .replace(/[01345789i]/g, (letter) => AS_LETTER[letter] ?? letter)
    .replace(/rn/g, 'm')
    .replace(/vv/g, 'w');

/** Almost every abbreviation of three letters is one letter away from another, so those only pass for their like. */
const [SHORT, LONG] = [4, 8];

/** How many letters apart two skeletons still pass for each other, by the length of the shorter one. */
const nearnessOf = (length: number): number => {
  if (length < SHORT) return 0;
  return length < LONG ? 1 : 2;
};

/** Letters to insert, delete, exchange or swap with their neighbour (optimal string alignment). */
const distanceOf = (a: string, b: string): number => {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + same,
        swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? 0;
};

/** Whether two skeletons pass for each other. */
export const passFor = (a: string, b: string): boolean => {
  const most = nearnessOf(Math.min(a.length, b.length));
  return Math.abs(a.length - b.length) <= most && distanceOf(a, b) <= most;
};

/** Two names that are near have near beginnings, so that long ones need no more keys than others. */
const BEGINNING = 16;

const withoutOne = (text: string): readonly string[] =>
  Array.from(text, (_, index) => text.slice(0, index) + text.slice(index + 1));

/** What is left when up to that many letters are left out. */
const shortened = (text: string, most: number): ReadonlySet<string> => {
  const all = new Set([text]);
  let last: readonly string[] = [text];
  for (let step = 0; step < most; step += 1) {
    last = [...new Set(last.flatMap(withoutOne))];
    for (const each of last) all.add(each);
  }
  return all;
};

/** FNV-1a, as a signed number of 32 bits: keys that meet by chance only cost a comparison. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash | 0;
};

/**
 * Two skeletons that pass for each other have a key in common: an index over keys finds all of them without a look at
 * the rest. At most 137 for one name.
 * @param where names of different places have none in common
 */
export const lookKeys = (where: string, skeleton: string): readonly number[] =>
  [...shortened(skeleton.slice(0, BEGINNING), nearnessOf(skeleton.length))].map((each) =>
    hashOf(`${where}:${each}`),
  );
