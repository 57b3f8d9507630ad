// How the files of a version are called in addresses. Pure.

export const STATEMENT_ENDING = '.intoto.json';
export const SBOM_ENDING = '.sbom.json';

/** `1.0.0.tgz` → version and ending; the ending is what follows the last full stop, but for those of two words. */
export const splitFile = (file: string): { readonly version: string; readonly ending: string } => {
  const twoWords = [STATEMENT_ENDING, SBOM_ENDING].find((ending) => file.endsWith(ending));
  const at = twoWords === undefined ? file.lastIndexOf('.') : file.length - twoWords.length;
  return { version: file.slice(0, Math.max(at, 0)), ending: file.slice(at + 1) };
};
