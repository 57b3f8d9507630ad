// Asks of a tarball, before it leaves this machine, what the registry will ask of it, with the same code.
import type { JsonObject } from '../../keys/canonical.ts';
import { inspectBytes } from '../client/tarball-bytes.ts';
import { fault, type Tree, type Violation } from '../protocol/faults.ts';
import { at, textOf } from '../protocol/manifest/read.ts';
import { parsePackName, parsePackVersion } from '../protocol/pack-id.ts';
import { readManifest } from './manifest-file.ts';

export interface PackIdentity {
  readonly name: string;
  readonly version: string;
}

export interface InspectedTarball extends PackIdentity {
  readonly tree: Tree;
  readonly keyId: string | undefined;
  /** The exact bytes of pack.json. */
  readonly manifestBytes: Uint8Array;
}

/** What is wrong with the name and the version that the manifest says. */
export const identityViolations = (manifest: JsonObject): readonly Violation[] => {
  const name = parsePackName(textOf(manifest['name']) ?? '', '/name');
  const version = parsePackVersion(textOf(manifest['version']) ?? '', '/version');
  return [name, version].flatMap((part) => (part.ok ? [] : [part.violation]));
};

/** A v2 signing block names its scheme; everything else is of the v1 form. */
const treeOf = (manifest: JsonObject): Tree =>
  at(manifest, 'signing', 'scheme') === 'ed25519-canonical-json' ? 'v2' : 'v1';

const BROKEN = 'The tarball breaks the rules for packs; "attestry pack" makes one that keeps them.';

/** @throws Fault with every rule of the archive that the tarball breaks, or without a readable pack.json */
export const inspectFile = async (bytes: Uint8Array): Promise<InspectedTarball> => {
  const { violations, manifestBytes } = await inspectBytes(bytes);
  const [first] = violations;
  if (first !== undefined) throw fault(first.code, { violations }, BROKEN);
  const manifest = readManifest(manifestBytes);
  const [broken] = identityViolations(manifest);
  if (broken !== undefined) throw fault(broken.code, { where: broken.where }, broken.message);
  const [name, version] = [textOf(manifest['name']) ?? '', textOf(manifest['version']) ?? ''];
  const keyId = textOf(at(manifest, 'signing', 'keyId')) ?? textOf(at(manifest, 'signing', 'publicKeyRef'));
  return { name, version, tree: treeOf(manifest), keyId, manifestBytes: manifestBytes ?? new Uint8Array() };
};

/** What was built is read back once, as the registry will read it. */
export const requireSoundTarball = async (bytes: Uint8Array, tree: Tree): Promise<PackIdentity> => {
  const found = await inspectFile(bytes);
  if (found.keyId !== undefined && found.tree !== tree)
    throw fault('internal_error', { tree, found: found.tree });
  return found;
};
