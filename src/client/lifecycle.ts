// Whether a version may still be chosen: what the registrar's list and the served manifest say of it, and to whom. Pure.
import type { JsonObject } from '../../keys/canonical.ts';
import type { Keyring } from '../../keys/keyring.ts';
import { textOf } from '../protocol/manifest/read.ts';
import type { Recorded } from './leaf.ts';
import { refusal } from './refusal.ts';
import { isYanked, type Wanted } from './resolve.ts';

/** `withdrawn`: in which way the registrar's signed list withdraws these bytes; undefined where it does not. */
export interface Standing {
  readonly served: JsonObject;
  readonly withdrawn: string | undefined;
}

const because = (text: string, reason: string | undefined): string =>
  reason === undefined ? text : `${text}: ${reason}`;

/** How the registrar's list calls what was unpublished. */
export const UNPUBLISHED = 'unpublished';

const yankWarning = ({ served, withdrawn }: Standing): readonly string[] => {
  // Its own registry does not serve it any more: whoever does keeps what its publisher took back.
  if (withdrawn === UNPUBLISHED) return ['this version was unpublished, and is served here all the same'];
  const reason = textOf(served['yankedReason']);
  if (isYanked(served['yanked'])) return [because('this version was yanked', reason)];
  if (withdrawn === undefined) return [];
  return [`this version was withdrawn (${withdrawn}), which its manifest does not say`];
};

/**
 * A yank ends ranges; who names the exact version gets it with a warning (spec/v2 packs.md, Yank).
 * @throws Refusal `pack_version_yanked`, `pack_version_unpublished`
 */
export const lifecycleWarnings = (
  standing: Standing,
  { name, version, asked }: Wanted,
): readonly string[] => {
  const { served, withdrawn } = standing;
  const warnings = yankWarning(standing);
  if (warnings.length > 0 && asked === 'range') {
    const reason = textOf(served['yankedReason']) ?? null;
    const evidence = { name, version, reason, withdrawn: withdrawn ?? null };
    const code = withdrawn === UNPUBLISHED ? 'pack_version_unpublished' : 'pack_version_yanked';
    throw refusal('lifecycle', code, evidence);
  }
  const deprecated = served['deprecated'] === true || served['versionDeprecated'] === true;
  const why = textOf(served['deprecationReason']);
  const instead = textOf(served['supersededBy']);
  const advice =
    instead === undefined
      ? 'this version is deprecated'
      : `this version is deprecated in favour of ${instead}`;
  return [...warnings, ...(deprecated ? [because(advice, why)] : [])];
};

/** What was recorded before a revocation begins is believed; whoever relies on it should know all the same. */
export const revocationWarnings = (
  keyring: Keyring | undefined,
  keyId: string | undefined,
  recorded: Recorded | undefined,
): readonly string[] => {
  const positions = (keyring?.revocations ?? [])
    .filter((each) => each.keyId === keyId)
    .flatMap(({ fromPosition }) => fromPosition ?? []);
  if (recorded === undefined || !positions.some((from) => from > recorded.index)) return [];
  const from = Math.min(...positions);
  return [`key ${keyId} was revoked at position ${from}; this version lies before it, at ${recorded.index}`];
};
