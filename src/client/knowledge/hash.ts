// The hash under which a registry says it recorded what it gave out, held against what it gave.
import type { NamedDigest } from '../../protocol/knowledge/changes.ts';
import type { Asked } from '../proven-event.ts';
import { refusal } from '../refusal.ts';

/** @param found undefined where the registry names none. @throws Refusal `hash_mismatch` */
export const requireSameHash = (
  { question, path }: Asked,
  expected: NamedDigest,
  found: string | undefined,
): void => {
  if (found !== undefined && found !== expected)
    throw refusal(question, 'hash_mismatch', { path, expected, found });
};
