// Whether a name is there for whoever comes first, or held back because of what it is or looks like.
import type { Tx } from '../../database/connect.ts';
import { type Fault, fault } from '../../protocol/faults.ts';
import { isPrivateNamespace } from '../../protocol/pack-id.ts';
import { passFor, skeletonOf } from './look-alikes.ts';
import { claimsLike, EVERYWHERE, heldLike, lookKeysOf } from './look-store.ts';
import { type NamespaceName, readHeldName } from './names.ts';
import { reservedWordIn } from './reserved-words.ts';

/** What a name resembles is told where everybody may know of it. */
const held = ({ name }: NamespaceName, resembles: string): Fault => {
  const cure = `the operator gives it out: attestry namespace claim ${name} --account ACCOUNT`;
  if (isPrivateNamespace(resembles))
    return fault('namespace_held', { namespace: name }, `${name} is held back; ${cure}`);
  const why = resembles === name ? `${name} is held back` : `${name} may be taken for ${resembles}`;
  return fault('namespace_held', { namespace: name, resembles }, `${why}; ${cure}`);
};

/**
 * Private namespaces are seen by their own readers only: nobody mistakes one for another, and a refusal would tell that
 * there is one.
 */
const likeClaim = (tx: Tx, { scope, org }: NamespaceName, account: string): Promise<readonly string[]> =>
  scope === 'private' ? Promise.resolve([]) : claimsLike(tx, lookKeysOf(scope, org), account);

const likeHeld = (tx: Tx, { scope, org }: NamespaceName): Promise<readonly string[]> =>
  heldLike(tx, [...lookKeysOf(scope, org), ...lookKeysOf(EVERYWHERE, org)]);

/**
 * For whoever holds `lockNames`.
 * @param account for whom it shall be: names that look like its own are no trap
 * @throws Fault namespace_held
 */
export const requireFirstCome = async (tx: Tx, name: NamespaceName, account: string): Promise<void> => {
  const word = reservedWordIn(name.org);
  if (word !== undefined) throw held(name, word);
  const skeleton = skeletonOf(name.org);
  const isLike = (other: string): boolean => passFor(skeleton, skeletonOf(readHeldName(other).org));
  const found = (await likeHeld(tx, name)).find(isLike) ?? (await likeClaim(tx, name, account)).find(isLike);
  if (found !== undefined) throw held(name, found);
};
