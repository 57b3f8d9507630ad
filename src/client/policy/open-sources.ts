// Opens the registries that may be asked for a name, each once, and finds the first one that has it.

import type { Tree } from '../../protocol/faults.ts';
import type { PackName } from '../../protocol/pack-id.ts';
import { registryBase } from '../network/http-url.ts';
import { type OpenRegistryOptions, openRegistry } from '../open-registry.ts';
import { Refusal, refusal } from '../refusal.ts';
import type { OpenRegistry } from '../registry.ts';
import { listVersions } from '../resolve.ts';

/** How to open the registries for a name, in the order in which they are asked. */
export type SourcesOf = (name: string) => readonly OpenRegistryOptions[];

export interface Sources {
  /** Base addresses. */
  readonly basesFor: (name: string) => readonly string[];
  /** @throws Refusal `pack_not_found` where none of them has it; whatever one of them refuses otherwise */
  readonly registryFor: (name: PackName) => Promise<OpenRegistry>;
}

/** Only a registry that has no such pack lets the next one be asked: one that does not answer might have it. */
const hasPack = async (registry: OpenRegistry, name: PackName, tree: Tree | undefined): Promise<boolean> => {
  try {
    await listVersions(registry, name, tree);
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.code === 'pack_not_found') return false;
    throw error;
  }
};

export interface SourcesOptions {
  readonly sourcesOf: SourcesOf;
  readonly tree?: Tree | undefined;
  readonly onOpen?: ((base: string) => void) | undefined;
}

export const openSources = ({ sourcesOf, tree, onOpen }: SourcesOptions): Sources => {
  const opened = new Map<string, Promise<OpenRegistry>>();
  const open = (options: OpenRegistryOptions): Promise<OpenRegistry> => {
    const base = registryBase(options.url);
    const known = opened.get(base);
    if (known !== undefined) return known;
    onOpen?.(base);
    const opening = openRegistry(options);
    opened.set(base, opening);
    return opening;
  };
  const basesFor: Sources['basesFor'] = (name) => sourcesOf(name).map((each) => registryBase(each.url));
  return {
    basesFor,
    registryFor: async (name) => {
      const sources = sourcesOf(name);
      const [only] = sources;
      if (only !== undefined && sources.length === 1) return open(only);
      for (const source of sources) {
        const registry = await open(source);
        if (await hasPack(registry, name, tree)) return registry;
      }
      throw refusal('registry', 'pack_not_found', { name, asked: basesFor(name) });
    },
  };
};
