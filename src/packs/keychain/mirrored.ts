// Keys of mirrored versions as a keychain lists them: nobody delegated them here, and it says who lists them. Pure.
import { formatPublicKeySpki, type PublicKey } from '../../../keys/key.ts';

/** A key that signed a mirrored version. */
export interface MirroredSigner {
  readonly keyId: string;
  readonly publicKey: PublicKey;
  /** The registry that lists it. */
  readonly upstream: string;
  /** What that registry lists it for; nobody signed this. */
  readonly namespaces: readonly string[];
  /** How it stood there when that was last looked at. */
  readonly status: string;
}

/** Since when it is valid, and until when, its registry does not say. */
export const mirroredEntry = (key: MirroredSigner): Readonly<Record<string, unknown>> => ({
  kid: key.keyId,
  algorithm: 'ed25519',
  publicKey: formatPublicKeySpki(key.publicKey),
  status: key.status,
  mirroredFrom: key.upstream,
  permittedNamespaces: key.namespaces,
});
