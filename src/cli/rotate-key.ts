// attestry keys rotate: lets one of your keys follow another; both private keys stay on this machine.
import type { JsonObject } from '../../keys/canonical.ts';
import { formatPublicKeySpki, type KeyId } from '../../keys/key.ts';
import { possessionMessage } from '../../keys/possession.ts';
import { rotationMessage } from '../../keys/rotation.ts';
import type { Signer } from '../../keys/signer.ts';
import { loadSeedSigner } from '../../keys/signers/seed.ts';
import { listOf, textOf } from '../protocol/manifest/read.ts';
import { type Registry, registryOf } from './ask.ts';
import { acting } from './command.ts';
import { packNameIn } from './exact-version.ts';
import { UsageError } from './failure.ts';
import { keyIdFor } from './key-name.ts';
import { rowsAt } from './table.ts';

interface RotateOptions {
  readonly oldKey: string;
  readonly oldKeyId?: string;
  readonly key: string;
  readonly keyId?: string;
  readonly pack: string;
  readonly validFrom?: string;
  readonly validUntil?: string;
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

/** The new key speaks for exactly what the old one does, so that is what its own proof is about. */
const namespacesOf = async (registry: Registry, keyId: KeyId): Promise<readonly string[]> => {
  const { body } = await registry.ask('GET', '/access/keys');
  const row = rowsAt(body, 'keys').find((each) => textOf(each['keyId']) === keyId);
  if (row !== undefined) return listOf(row['namespaces']).flatMap((each) => textOf(each) ?? []);
  throw new UsageError(
    `The registry lists no key ${keyId} of yours; say with --old-key-id what it is called there.`,
  );
};

const possessionOf = async (
  registry: Registry,
  next: Signer,
  namespaces: readonly string[],
): Promise<string> => {
  const { body } = await registry.ask('GET', '/access/whoami');
  const account = textOf(body['account']) ?? '';
  return base64(await next.sign(possessionMessage({ account, keyId: next.keyId, namespaces })));
};

const bodyOf = async (registry: Registry, old: Signer, next: Signer, validFrom: string): Promise<object> => {
  const { keyId, publicKey } = next;
  return {
    kid: keyId,
    algorithm: 'ed25519',
    publicKey: formatPublicKeySpki(publicKey),
    validFrom,
    rotatedFrom: old.keyId,
    rotationProof: base64(await old.sign(rotationMessage({ keyId, publicKey, validFrom }))),
    proof: await possessionOf(registry, next, await namespacesOf(registry, old.keyId)),
  };
};

const linesOf = (old: Signer, next: Signer, validFrom: string): readonly string[] => [
  `${next.keyId} follows ${old.keyId} from ${validFrom} on.`,
  `What ${old.keyId} signed before stays good; from then on, sign with ${next.keyId}.`,
];

export const rotate = acting<RotateOptions>(async (settings, options) => {
  const [registry, name] = [registryOf(settings), packNameIn(options.pack)];
  const old = await loadSeedSigner(options.oldKey, keyIdFor(options.oldKey, options.oldKeyId));
  const next = await loadSeedSigner(options.key, keyIdFor(options.key, options.keyId));
  const validFrom = options.validFrom ?? new Date().toISOString();
  const path = `/v1/packs/${encodeURIComponent(name)}/-/keychain/rotate`;
  const { validUntil } = options;
  const asked = await bodyOf(registry, old, next, validFrom);
  const { body } = await registry.ask(
    'POST',
    path,
    validUntil === undefined ? asked : { ...asked, validUntil },
  );
  const json: JsonObject = { ...body, validFrom };
  return { lines: linesOf(old, next, validFrom), json };
});
