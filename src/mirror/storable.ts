// Makes what an upstream said fit to be kept: no NUL, no halves of characters, and no more of it than is looked at. Pure.

/** In JSON text: an escaped backslash stands for itself; what Postgres' jsonb refuses is marked as unreadable. */
const ESCAPES = /\\(?:\\|u0000|u[dD][89a-fA-F][0-9a-fA-F]{2})/g;

const HALF_AT_END = /\p{Surrogate}$/u;

export const storableText = (text: string, most: number): string =>
  text
    .slice(0, most)
    .replace(HALF_AT_END, '')
    .replace(/[\0\p{Surrogate}]/gu, '\ufffd');

/** As JSON text; what is longer is kept as the beginning of that text. */
export const storableJson = (value: Readonly<Record<string, unknown>>, most: number): string => {
  const text = JSON.stringify(value).replace(ESCAPES, (found) => (found === '\\\\' ? found : '\\ufffd'));
  return text.length <= most ? text : JSON.stringify({ clipped: storableText(text, most) });
};
