// What a base has now, as far as whoever proposes may read it: proven, so that a proposal changes what it seems to.
import { Refusal } from '../../client/refusal.ts';
import type { Entry } from '../../protocol/knowledge/entry.ts';
import type { BaseId } from '../../protocol/knowledge/ids.ts';
import { objectOf, textOf } from '../../protocol/manifest/read.ts';
import type { Settings } from '../command.ts';
import { printProgress } from '../terminal.ts';
import { type BeliefOptions, openBases } from './believe.ts';
import { baseAddress } from './names.ts';
import type { KnowledgeRegistry } from './registry.ts';
import type { Standing } from './upload.ts';

/** What a proposal is made from. */
export interface Ground {
  readonly version: string | null;
  /** Undefined where this principal may propose and not read. */
  readonly standing: Standing | undefined;
  /** How many changes the policy takes at once. */
  readonly mostChanges: number | undefined;
}

const PAGE = 1_000;

const standingIn = async (
  settings: Settings,
  options: BeliefOptions,
  base: BaseId,
): Promise<Standing | undefined> => {
  try {
    const knowledge = await openBases(settings, options);
    const version = await knowledge.version({ base, selector: 'current' });
    const standing = new Map<string, Entry>();
    let page = await knowledge.list(version, { limit: PAGE });
    for (;;) {
      for (const { path, entry } of page.entries) standing.set(path, entry);
      if (page.next === undefined) return standing;
      page = await knowledge.list(version, { limit: PAGE, after: page.next });
    }
  } catch (error) {
    if (error instanceof Refusal && error.code === 'knowledge_denied') return undefined;
    throw error;
  }
};

export const NOTHING: Standing = new Map();

/** @throws Refusal where what the base has now is not proven */
export const groundOf = async (
  settings: Settings,
  options: BeliefOptions,
  registry: KnowledgeRegistry,
  base: BaseId,
): Promise<Ground> => {
  const body = await registry.read(baseAddress(base));
  const version = textOf(objectOf(body['current'])?.['version']) ?? null;
  const most = objectOf(body['contribution_policy'])?.['max_changes'];
  const mostChanges = typeof most === 'number' ? most : undefined;
  if (version === null) return { version, standing: NOTHING, mostChanges };
  printProgress(`Reading ${base}`);
  return { version, standing: await standingIn(settings, options, base), mostChanges };
};
