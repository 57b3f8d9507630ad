// Whether a pack may have versions from one more source: what is expected from one is not to come from another. Pure.
import type { Origin, Sources } from './ground-store.ts';
import { NotMirrored } from './trouble.ts';

/** Names that differ only in case are one name, and are spelt in one way. */
export const requireSpelling = (name: string, here: string | null): void => {
  if (here === null || here === name) return;
  const says = `The pack is ${here} here, and names that differ only in case are one name.`;
  throw new NotMirrored('name_spelt_otherwise', says, { name, here });
};

/**
 * A pack that is published here, or came from another upstream, takes nothing from one that anybody may fill with names:
 * unless a key signed it that signed the pack before, or the operator said that the name comes from there.
 * @throws NotMirrored `name_spelt_otherwise`, `pack_published_here`, `pack_from_elsewhere`
 */
export const requireOneSource = (origin: Origin, name: string, found: Sources | undefined): void => {
  if (found === undefined) return;
  requireSpelling(name, found.spelling);
  if (found.isOurs) return;
  if (found.isPublishedHere) {
    const says = 'Versions of this pack are published here: none is taken from a mirror beside them.';
    throw new NotMirrored('pack_published_here', says);
  }
  if (found.elsewhere === null || found.isKnownKey || origin.isNamed) return;
  const says = `This pack comes from ${found.elsewhere}, and no key of it signed this version; to take it from here too, remove this upstream and add it with --namespaces that name the pack.`;
  throw new NotMirrored('pack_from_elsewhere', says, { elsewhere: found.elsewhere });
};
