// Texts for people who have to judge them: whatever hides, steers, or looks like nothing is spelled out. Pure.

/**
 * Control and format characters (turns of direction, joiners, tags, soft hyphens), private and unassigned ones, all that is
 * shown as nothing, and every blank but the plain one.
 */
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu;

/** Blanks at the end of a line, which nobody sees. */
const TRAILING = / +$/;

const spelled = (found: string): string => `\\u{${found.codePointAt(0)?.toString(16) ?? ''}}`;

export interface Visible {
  readonly text: string;
  /** How many characters are spelled out in it. */
  readonly spelled: number;
}

/** One line without its end. */
export const visible = (line: string): Visible => {
  let count = 0;
  const spell = (found: string): string => {
    count += 1;
    return spelled(found);
  };
  const text = line.replace(HIDDEN, spell).replace(TRAILING, (blanks) => [...blanks].map(spell).join(''));
  return { text, spelled: count };
};
