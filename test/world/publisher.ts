// A publisher with a key of its own, and the packs it makes.
import { randomBytes } from 'node:crypto';
import type { JsonObject, JsonValue } from '../../keys/canonical.ts';
import { publicKeyOf, sign } from '../../keys/ed25519.ts';
import { formatPublicKeyPem, publicKeyFromBytes } from '../../keys/key.ts';
import { possessionMessage } from '../../keys/possession.ts';
import { buildTarball, SIGNATURE_PATH } from '../../src/protocol/build-tarball.ts';
import type { Tree } from '../../src/protocol/faults.ts';
import type { PackKind } from '../../src/protocol/manifest/kind.ts';
import { referencedFiles } from '../../src/protocol/manifest/references.ts';
import { edited, manifestOf } from './manifests.ts';
import type { Answer, CallOptions } from './registry.ts';

export interface PackOptions {
  readonly name?: string;
  readonly version?: string;
  readonly tree?: Tree;
  readonly kind?: PackKind;
  /** Changes at JSON pointers of the manifest. */
  readonly edits?: Readonly<Record<string, JsonValue | undefined>>;
  readonly files?: Readonly<Record<string, Uint8Array | string | null>>;
  /** Signs with this seed instead of the publisher's own; `null` leaves the signature out. */
  readonly seed?: Uint8Array | null;
}

export interface Publisher {
  readonly keyId: string;
  readonly seed: Uint8Array;
  readonly publicKeyPem: string;
  pack(options?: PackOptions): Promise<Buffer>;
  /** What an account sends to list this key. */
  listing(account: string, namespaces: readonly string[]): object;
}

const content = (value: Uint8Array | string): Uint8Array =>
  typeof value === 'string' ? Buffer.from(value) : value;

const filesFor = (manifest: JsonObject, { files = {} }: PackOptions): Map<string, Uint8Array> => {
  const all = new Map<string, Uint8Array>([['pack.json', Buffer.from(JSON.stringify(manifest))]]);
  for (const { path } of referencedFiles(manifest))
    if (!all.has(path)) all.set(path, Buffer.from('{"type":"object"}'));
  for (const [path, value] of Object.entries(files)) {
    if (value === null) all.delete(path);
    else all.set(path, content(value));
  }
  return all;
};

const signingBlock = (tree: Tree, keyId: string): JsonObject =>
  tree === 'v1'
    ? { method: 'manual', publicKeyRef: keyId, signatureRef: SIGNATURE_PATH }
    : { keyId, scheme: 'ed25519-canonical-json' };

export const createPublisher = (keyId = 'acme-1', seed: Uint8Array = randomBytes(32)): Publisher => ({
  keyId,
  seed,
  publicKeyPem: formatPublicKeyPem(publicKeyFromBytes(publicKeyOf(seed))),
  listing: (account, namespaces) => ({
    keyId,
    publicKey: formatPublicKeyPem(publicKeyFromBytes(publicKeyOf(seed))),
    namespaces,
    proof: Buffer.from(sign(possessionMessage({ account, keyId, namespaces }), seed)).toString('base64'),
  }),
  pack: async (options = {}) => {
    const { name = 'vendor.acme.tools', version = '1.0.0', tree = 'v1', kind = 'node', edits = {} } = options;
    const manifest = edited(
      manifestOf(kind, tree, {
        '/name': name,
        '/version': version,
        '/signing': undefined,
        // Whoever installs it would need that as well.
        '/dependencies': undefined,
      }),
      edits,
    );
    const signer = options.seed === undefined ? seed : options.seed;
    const material =
      signer === null
        ? undefined
        : { block: signingBlock(tree, keyId), sign: (bytes: Uint8Array) => sign(bytes, signer) };
    return Buffer.from((await buildTarball(filesFor(manifest, options), material)).bytes);
  },
});

type Call = (method: string, path: string, options?: CallOptions) => Promise<Answer>;

/** Has the operator delegate a publisher's key. */
export const delegate = async (
  call: Call,
  publisher: Publisher,
  namespaces: readonly string[],
): Promise<void> => {
  const { account } = (await call('GET', '/access/whoami')).json;
  const body = publisher.listing(account, namespaces);
  const answer = await call('POST', '/access/keys', { body });
  if (answer.status !== 201) throw new Error(`the key was not delegated: ${answer.bytes.toString('utf8')}`);
};

/** An account with a token for one thing. */
export const accountWith = async (
  call: Call,
  name: string,
  scopes: readonly string[],
  namespaces?: readonly string[],
): Promise<string> => {
  await call('POST', '/access/accounts', { body: { name } });
  const answer = await call('POST', '/access/tokens', {
    body: { account: name, scopes, ...(namespaces ? { namespaces } : {}) },
  });
  if (answer.status !== 201) throw new Error(`no token: ${answer.bytes.toString('utf8')}`);
  return answer.json.token;
};

export const addressOf = (
  name = 'vendor.acme.tools',
  version = '1.0.0',
  tree: Tree = 'v1',
  ending = 'tgz',
): string => `/${tree}/packs/${name}/-/${version}.${ending}`;
