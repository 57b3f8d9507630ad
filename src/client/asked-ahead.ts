// Asks for all documents of a version at once, so that no question waits for the answer to the one before it.
import type { OpenRegistry } from './registry.ts';
import type { RegistryReader } from './registry-reader.ts';

/** Fetches one document, and keeps nothing of it. */
export type Ask = (registry: OpenRegistry) => Promise<unknown>;

/**
 * The registry as before, but what these ask for is under way already. Each answer waits for its question: questions are
 * answered in their order, and a failure counts when the question that needs it is reached, or never.
 */
export const askAhead = (registry: OpenRegistry, asks: readonly Ask[]): OpenRegistry => {
  const under = new Map<string, ReturnType<RegistryReader['bytes']>>();
  const bytes: RegistryReader['bytes'] = (question, path, maxBytes) => {
    const asked = under.get(path) ?? registry.reader.bytes(question, path, maxBytes);
    under.set(path, asked);
    return asked;
  };
  const ahead = { ...registry, reader: { ...registry.reader, bytes } };
  for (const ask of asks) ask(ahead).catch(() => undefined);
  return ahead;
};
