// Writes HTML in which nothing that was put in can be anything but text. Pure.

/** Text that is HTML already. */
export interface Html {
  readonly html: string;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

const escaped = (text: string): string => text.replace(/[&<>"']/g, (letter) => ESCAPES[letter] ?? '');

type Part = Html | string | number | readonly Html[];

const written = (part: Part): string => {
  if (typeof part === 'string' || typeof part === 'number') return escaped(String(part));
  return 'html' in part ? part.html : part.map(({ html: each }) => each).join('');
};

/** A template whose parts are escaped unless they are HTML. */
export const html = (texts: TemplateStringsArray, ...parts: readonly Part[]): Html => ({
  html: texts.map((text, at) => text + (at < parts.length ? written(parts[at] ?? '') : '')).join(''),
});

export const nothing: Html = { html: '' };

/** Text of ours with `code` in it. */
export const prose = (text: string): Html => ({
  html: escaped(text).replace(/`([^`]{1,200})`/g, '<code>$1</code>'),
});
