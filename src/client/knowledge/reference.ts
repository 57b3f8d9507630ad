// Reads which base is meant, and which version of it: the current one, or one by its content id. Pure.
import { parseCid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import { type BaseId, parseBaseId, type Selector } from '../../protocol/knowledge/ids.ts';
import { RequestInvalid } from '../request-invalid.ts';

/** `kb:…@<version>` means the same for ever; `kb:…@current` whatever the pointer names when it is asked. */
export interface KnowledgeReference {
  readonly base: BaseId;
  readonly selector: Selector;
}

const selectorOf = (text: string): Selector => {
  if (text === 'current') return text;
  try {
    return parseCid(text);
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    throw new RequestInvalid(`"${text.slice(0, 100)}" is no version: ${error.message}`);
  }
};

/** Reads `kb:<authority>:<workforce>:<name>`, with `@current` or `@<version>` behind it. @throws RequestInvalid */
export const parseKnowledgeReference = (text: string): KnowledgeReference => {
  const [name = '', version = 'current', ...more] = text.split('@');
  const base = parseBaseId(name);
  if (base === undefined || more.length > 0)
    throw new RequestInvalid(
      `"${text.slice(0, 200)}": a base reads kb:<authority>:<workforce>:<name>, with @<version> behind it where one is meant.`,
    );
  return { base, selector: selectorOf(version) };
};

export const formatKnowledgeReference = ({ base, selector }: KnowledgeReference): string =>
  `${base}@${selector}`;
