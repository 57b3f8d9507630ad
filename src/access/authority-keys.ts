// The keys that sign versions of bases: one for each authority, delegated for all its bases by the same chain as packs.

import { hkdfSync } from 'node:crypto';
import { DELEGATION_PAYLOAD_TYPE, type Delegation, delegationPayload } from '../../keys/delegation.ts';
import { instantOf } from '../../keys/document.ts';
import { keyFingerprint, parseKeyId } from '../../keys/key.ts';
import type { Signer } from '../../keys/signer.ts';
import { seedSigner } from '../../keys/signers/seed.ts';
import { inTransaction } from '../database/transaction.ts';
import { fault } from '../protocol/faults.ts';
import { rowOf } from './delegate-key.ts';
import { delegationOf, insertDelegation } from './delegation-store.ts';
import type { DelegatedKey, DelegationDeps } from './delegations.ts';
import { type InForce, requireNewestRoot, signAsRegistrar, underNewestRoot } from './in-force.ts';
import { OPERATOR } from './operator-token.ts';

export interface AuthorityKeyDeps extends DelegationDeps {
  /** The secret that all keys follow from; read, or made, when the first of them is needed. */
  readonly openSecret: () => Promise<Signer>;
  readonly delegatedKey: (keyId: string) => Promise<DelegatedKey | undefined>;
}

/** The signer for an authority's bases, delegated and in force. @throws Fault unavailable where its key was revoked */
export type SignerFor = (authority: string) => Promise<Signer>;

const LIFETIME_MS = 10 * 365 * 24 * 60 * 60 * 1_000;
const SEED_BYTES = 32;
const PURPOSE = 'attestry key of an authority, 1';

/** Ed25519 signs alike each time, and the secret signs nothing but this one text for each authority. */
const seedFor = async (secret: Signer, authority: string): Promise<Uint8Array> => {
  const material = await secret.sign(new TextEncoder().encode(`${PURPOSE}\n${authority}`));
  return new Uint8Array(hkdfSync('sha256', material, new Uint8Array(), PURPOSE, SEED_BYTES));
};

const KEY_MARK = 8;

const signerOf = async (secret: Signer, authority: string): Promise<Signer> => {
  const seed = await seedFor(secret, authority);
  const { publicKey } = seedSigner(parseKeyId('unnamed'), seed);
  // Two installations that serve one authority list each other's keys under names of their own.
  const mark = keyFingerprint(publicKey)
    .replace(/[^A-Za-z0-9]/g, '')
    .slice(-KEY_MARK)
    .toLowerCase();
  return seedSigner(parseKeyId(`kb.${authority}.${mark}`), seed);
};

const statementFor = ({ keyId, publicKey }: Signer, authority: string, now: Date): Delegation => ({
  keyId,
  publicKey,
  namespaces: [`kb:${authority}:*`],
  notBefore: instantOf(now),
  notAfter: instantOf(new Date(now.getTime() + LIFETIME_MS)),
  issuedAt: instantOf(now),
});

const commit = (
  the: DelegationDeps,
  delegation: Delegation,
  envelope: string,
  inForce: InForce,
): Promise<void> =>
  inTransaction(the.sql, async (tx) => {
    await requireNewestRoot(tx, inForce);
    const listed = await insertDelegation(tx, rowOf(delegation, OPERATOR, envelope));
    if (!listed) return;
    const subject = `key:${delegation.keyId}`;
    await the.append(tx, {
      kind: 'key.delegated',
      actor: 'registry',
      subject,
      data: { statement: envelope },
    });
  });

const delegate = async (the: AuthorityKeyDeps, signer: Signer, authority: string): Promise<void> => {
  await the.trust.requireTrueTime();
  await underNewestRoot(the.trust, async (inForce) => {
    const delegation = statementFor(signer, authority, the.now());
    const envelope = await signAsRegistrar(inForce, DELEGATION_PAYLOAD_TYPE, delegationPayload(delegation));
    await commit(the, delegation, envelope, inForce);
  });
  the.announce(`key:${signer.keyId}`);
  await the.reissueKeyring();
};

/** Made and delegated when it is first asked for; whoever comes first of several processes does it for all. */
export const authorityKeys = (the: AuthorityKeyDeps): SignerFor => {
  const signers = new Map<string, Promise<Signer>>();
  let secret: Promise<Signer> | undefined;
  const open = async (authority: string): Promise<Signer> => {
    secret ??= the.openSecret();
    const signer = await signerOf(await secret, authority);
    if ((await delegationOf(the.sql, signer.keyId)) === undefined) await delegate(the, signer, authority);
    return signer;
  };
  return async (authority) => {
    const opening = signers.get(authority) ?? open(authority);
    signers.set(authority, opening);
    const signer = await opening.catch((error: unknown) => {
      signers.delete(authority);
      secret = undefined;
      throw error;
    });
    const standing = (await the.delegatedKey(signer.keyId))?.standing(the.now());
    if (standing === 'active') return signer;
    const message = `The key ${signer.keyId}, which signs for ${authority}, is not in force: ${standing ?? 'unknown'}.`;
    throw fault('unavailable', { keyId: signer.keyId }, message);
  };
};
