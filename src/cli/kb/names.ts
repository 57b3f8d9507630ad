// Reads the names that commands about bases are given, or says what is wrong with them.
import { type KnowledgeReference, parseKnowledgeReference } from '../../client/knowledge/reference.ts';
import { parseCid } from '../../protocol/cid.ts';
import { ContentError } from '../../protocol/content-errors.ts';
import {
  type BaseId,
  type PrincipalId,
  parseBaseId,
  parseContributionId,
  parsePrincipalId,
} from '../../protocol/knowledge/ids.ts';
import { type KnowledgePath, parseKnowledgePath } from '../../protocol/knowledge-path.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import { StandingError, UsageError } from '../failure.ts';
import { rowsAt } from '../table.ts';
import type { KnowledgeRegistry } from './registry.ts';

/** @throws UsageError */
export const baseNamed = (text: string): BaseId => {
  const base = parseBaseId(text);
  if (base !== undefined) return base;
  throw new UsageError(`"${text.slice(0, 200)}" is no base: one reads kb:<authority>:<workforce>:<name>.`);
};

/** @throws UsageError */
export const principalNamed = (text: string): PrincipalId => {
  const principal = parsePrincipalId(text);
  if (principal !== undefined) return principal;
  throw new UsageError(
    `"${text.slice(0, 200)}" is nobody: one reads human:<authority>:<name> or worker:<authority>:<workforce>:<name>.`,
  );
};

/** @throws RequestInvalid */
export const referenceNamed = (text: string): KnowledgeReference => parseKnowledgeReference(text);

const asUsage = <T>(read: () => T, what: string): T => {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof ContentError)) throw error;
    throw new UsageError(`${what}: ${error.message}`);
  }
};

/** @throws UsageError */
export const pathNamed = (text: string): KnowledgePath =>
  asUsage(() => parseKnowledgePath(text), `"${text.slice(0, 200)}" is no path in a base`);

/** A version by its id, with or without its base before it. @throws UsageError */
export const versionNamed = (text: string): string =>
  asUsage(() => parseCid(text.slice(text.lastIndexOf('@') + 1)), `"${text.slice(0, 200)}" is no version`);

/** A document by the content id of its bytes, as "kb get --json" names it under `blob`. @throws UsageError */
export const documentNamed = (text: string): string =>
  asUsage(() => parseCid(text), `"${text.slice(0, 200)}" is no document`);

export const baseAddress = (base: string): string => `/bases/${encodeURIComponent(base)}`;

export const contributionAddress = (id: string): string => `/contributions/${encodeURIComponent(id)}`;

const onlyWaiting = async (registry: KnowledgeRegistry, base: BaseId): Promise<string> => {
  const body = await registry.read(`${baseAddress(base)}/contributions?state=in_review`);
  const ids = rowsAt(body, 'contributions').map((row) => textOf(row['contribution_id']) ?? '');
  const [only, ...others] = ids;
  if (only !== undefined && others.length === 0) return only;
  if (ids.length === 0)
    throw new StandingError(
      'nothing_waits',
      `Nothing waits for review in ${base}, or none that you may see.`,
    );
  throw new UsageError(`Name one contribution. These wait there: ${ids.join(', ')}`);
};

/** A contribution by its id, or the only one that waits for review in a base. @throws UsageError, StandingError */
export const contributionNamed = async (registry: KnowledgeRegistry, text: string): Promise<string> => {
  const base = parseBaseId(text);
  if (base !== undefined) return onlyWaiting(registry, base);
  const id = parseContributionId(text);
  if (id !== undefined) return id;
  throw new UsageError(
    `"${text.slice(0, 200)}" is no contribution; "attestry kb review" lists those that wait.`,
  );
};
