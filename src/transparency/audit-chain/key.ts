// The key that signs checkpoints of the audit chain, and nothing else: made once, known to all processes by its public half.
import { join } from 'node:path';
import { encodeBase64, equalBytes } from '../../../keys/bytes.ts';
import { KeyError } from '../../../keys/errors.ts';
import { type PublicKey, parseKeyId, publicKeyFromBytes, spkiOf } from '../../../keys/key.ts';
import type { Signer } from '../../../keys/signer.ts';
import { createSeedFile, loadSeedSigner } from '../../../keys/signers/seed.ts';
import type { Sql } from '../../database/connect.ts';
import { auditKeyIn, insertAuditKey } from './audit-store.ts';
import { INTERVAL_ENTRIES, INTERVAL_SECONDS } from './mint.ts';

export interface AuditKey {
  readonly publicKey: PublicKey;
  /** Undefined where the private half is not in this process's key folder: another one signs. */
  readonly signer: Signer | undefined;
}

const KEY_ID = 'attestry-audit';

const load = async (path: string): Promise<Signer | undefined> => {
  try {
    return await loadSeedSigner(path, parseKeyId(KEY_ID));
  } catch (error) {
    if (error instanceof KeyError && error.details['cause'] === 'ENOENT') return undefined;
    throw error;
  }
};

const make = async (path: string): Promise<Signer | undefined> => {
  await createSeedFile(path).catch((error: unknown) => {
    if (!(error instanceof KeyError && error.code === 'seed_file_exists')) throw error;
  });
  return load(path);
};

/** The chain goes on by whichever process has the key; where none has it, it stands still. */
const sayWhyUnsigned = (path: string, found: Signer | undefined, warn: (sentence: string) => void): void => {
  const state = found === undefined ? 'is missing' : 'is not the audit key of this registry';
  warn(
    `${path} ${state}: this process signs no checkpoints of the audit chain, and where no other process does, the chain` +
      ' does not go on. Put the file there again and restart.',
  );
};

/**
 * @param folder where the registry's own keys lie.
 * @param warn tells the operator, in a sentence, where the key that the database names is not there.
 * @throws KeyError of a file that cannot be opened
 */
export const openAuditKey = async (
  sql: Sql,
  folder: string,
  warn: (sentence: string) => void,
): Promise<AuditKey> => {
  const path = join(folder, `${KEY_ID}.pem`);
  const known = await auditKeyIn(sql);
  const signer = known === undefined ? await make(path) : await load(path);
  if (known === undefined && signer !== undefined) await insertAuditKey(sql, signer.publicKey);
  const registered = known ?? (await auditKeyIn(sql));
  if (registered === undefined) throw new Error('the audit key is gone right after it was made');
  const publicKey = publicKeyFromBytes(registered);
  const isOurs = signer !== undefined && equalBytes(signer.publicKey, publicKey);
  if (!isOurs) sayWhyUnsigned(path, signer, warn);
  return { publicKey, signer: isOurs ? signer : undefined };
};

/** What a discovery document says under `auth` (v1, RFC 0218): verifiers read the key there before each verification. */
export const auditAdvert = (publicKey: PublicKey) => ({
  profiles: ['openwop-audit-log-integrity'],
  auditLogIntegrity: {
    hashChain: true,
    checkpointSignatureAlgorithm: 'ed25519',
    checkpointPublicKey: encodeBase64(spkiOf(publicKey)),
    checkpointIntervalEntries: INTERVAL_ENTRIES,
    checkpointIntervalSeconds: INTERVAL_SECONDS,
  },
});
