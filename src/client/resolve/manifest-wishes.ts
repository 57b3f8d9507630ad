// Pure. What a manifest asks for.
import type { JsonObject } from '../../../keys/canonical.ts';
import { objectOf } from '../../protocol/manifest/read.ts';
import type { Wish } from './types.ts';
import { wishesOf } from './wishes.ts';

/** The members of a manifest's map whose values are texts. */
export const textsAt = (manifest: JsonObject, member: string): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(objectOf(manifest[member]) ?? {}).flatMap(([name, value]) =>
      typeof value === 'string' ? [[name, value] as const] : [],
    ),
  );

export const wishesOfManifest = (manifest: JsonObject, by: string): readonly Wish[] =>
  wishesOf(textsAt(manifest, 'dependencies'), by);
