// Packs as a registry holds them: made by code, signed, and taken apart again to be served or falsified.
import type { JsonObject } from '../../keys/canonical.ts';
import { buildTarball, SIGNATURE_PATH } from '../../src/protocol/build-tarball.ts';
import type { Tree } from '../../src/protocol/faults.ts';
import { inspectTarball } from '../../src/protocol/tarball.ts';
import { digestOf, integrityOf } from '../../storage/digest.ts';
import { chunked } from './archives.ts';
import type { PackOptions, Publisher } from './publisher.ts';

export interface MadePack {
  readonly tree: Tree;
  readonly name: string;
  readonly version: string;
  readonly keyId: string;
  readonly tarball: Uint8Array;
  readonly manifest: JsonObject;
  readonly signature: Uint8Array;
  readonly files: ReadonlyMap<string, Uint8Array>;
}

/** Opens a sound tarball; `signature` is empty where it holds none. */
export const takeApart = async (tarball: Uint8Array, tree: Tree, keyId: string): Promise<MadePack> => {
  const { contents } = await inspectTarball(chunked(tarball).source, undefined, () => true);
  const manifest = JSON.parse(Buffer.from(contents.get('pack.json') ?? []).toString('utf8')) as JsonObject;
  const { name, version } = manifest;
  const signature = contents.get(SIGNATURE_PATH) ?? new Uint8Array();
  return {
    tree,
    name: String(name),
    version: String(version),
    keyId,
    tarball,
    manifest,
    signature,
    files: contents,
  };
};

export const makePack = async (publisher: Publisher, options: PackOptions = {}): Promise<MadePack> =>
  takeApart(await publisher.pack(options), options.tree ?? 'v1', publisher.keyId);

/** The same signed pack.json and signature around other files: what the wire signature alone cannot tell. */
export const withOtherFiles = async (
  pack: MadePack,
  files: Readonly<Record<string, string>>,
): Promise<MadePack> => {
  const swapped = new Map(pack.files);
  for (const [path, text] of Object.entries(files)) swapped.set(path, Buffer.from(text));
  return { ...pack, tarball: (await buildTarball(swapped)).bytes };
};

/** The version manifest as the public registry serves it: what was signed, and the digest of the tarball. */
export const servedManifest = (pack: MadePack): JsonObject => ({
  ...pack.manifest,
  integrity: integrityOf(digestOf(pack.tarball)),
});
