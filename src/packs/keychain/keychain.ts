// The keychain of a pack as OpenWOP clients read it (registry-operations.md, Signing-key rotation). Pure.
import { instantMs } from '../../../keys/document.ts';
import { formatPublicKeySpki } from '../../../keys/key.ts';
import type { DelegationRow } from '../../access/delegation-store.ts';
import { listed, statementOf } from '../../access/listed-key.ts';
import { isPrivateNamespace, namespaceOf, type PackName, patternCovers } from '../../protocol/pack-id.ts';
import { isPrivate } from '../policy.ts';
import { type MirroredSigner, mirroredEntry } from './mirrored.ts';

type Entry = Readonly<Record<string, unknown>>;

const covers = ({ namespaces }: DelegationRow, name: PackName): boolean =>
  namespaces.some((pattern) => patternCovers(pattern, name));

/** A key that also speaks for private packs is told of to the public only where a public version names it. */
const isHidden = ({ namespaces }: DelegationRow, name: PackName): boolean =>
  !isPrivate(name) && namespaces.some(isPrivateNamespace);

/** Keys that speak for the pack, and those that a served version names, whatever became of them (spec/v2 packs.md). */
const keysOf = (
  name: PackName,
  rows: readonly DelegationRow[],
  named: ReadonlySet<string>,
): readonly DelegationRow[] =>
  rows.filter((row) => named.has(row.key_id) || (covers(row, name) && !isHidden(row, name)));

const links = (row: DelegationRow, shown: ReadonlySet<string>): Entry => {
  const { rotated_to: to, rotated_from: from, rotation_proof: proof } = row;
  return {
    ...(to !== null && shown.has(to) ? { rotatedTo: to } : {}),
    ...(from !== null && shown.has(from) ? { rotatedFrom: from } : {}),
    ...(from !== null && shown.has(from) && proof !== null
      ? { rotationProof: Buffer.from(proof).toString('base64') }
      : {}),
  };
};

/** Public key and time are spelled as the proof covers them. */
const entryOf = (row: DelegationRow, now: Date, shown: ReadonlySet<string>): Entry => {
  const { publicKey, notBefore, notAfter } = statementOf(row);
  const { status, revocation } = listed(row, now);
  return {
    kid: row.key_id,
    algorithm: 'ed25519',
    publicKey: formatPublicKeySpki(publicKey),
    validFrom: notBefore,
    validUntil: notAfter,
    status,
    ...links(row, shown),
    ...(revocation === null
      ? {}
      : {
          revokedAt: revocation.at.toISOString(),
          revokedReason: revocation.reason,
          revokedFrom: revocation.from,
        }),
  };
};

/** Oldest first, and behind them keys that are believed elsewhere: an id that is delegated here stands for that key. */
export const keychainOf = (
  name: PackName,
  rows: readonly DelegationRow[],
  mirrored: readonly MirroredSigner[],
  named: ReadonlySet<string>,
  now: Date,
): Entry => {
  const keys = keysOf(name, rows, named);
  const shown = new Set(keys.map(({ key_id }) => key_id));
  const entries = keys
    .map((row) => ({ from: instantMs(statementOf(row).notBefore), row }))
    .sort((a, b) => a.from - b.from || (a.row.key_id < b.row.key_id ? -1 : 1))
    .map(({ row }) => entryOf(row, now, shown));
  const elsewhere = mirrored.filter(({ keyId }) => !shown.has(keyId)).map(mirroredEntry);
  return { namespace: namespaceOf(name), keys: [...entries, ...elsewhere] };
};
