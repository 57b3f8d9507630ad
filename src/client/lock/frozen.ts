// Installs what a lockfile says: those versions, those bytes, and nothing that is not in it (node-packs.md, Resolution rules).
import { decodeBase64 } from '../../../keys/bytes.ts';
import { canonicalText, type JsonObject } from '../../../keys/canonical.ts';
import { verify } from '../../../keys/ed25519.ts';
import { KeyError } from '../../../keys/errors.ts';
import { type PublicKey, parsePublicKeyBase64, parsePublicKeySpki } from '../../../keys/key.ts';
import type { Planned, PlannedBytes } from '../install-plan.ts';
import { registryBase } from '../network/http-url.ts';
import { refusal } from '../refusal.ts';
import { parseWanted } from '../request.ts';
import { wishesOfManifest } from '../resolve/manifest-wishes.ts';
import { readRanges, versionKey } from '../resolve/wishes.ts';
import type { PackRequest } from '../resolve.ts';
import type { Companion } from './companion.ts';
import type { LockedPack, LockedSignature, Lockfile } from './lockfile.ts';

const incomplete = (evidence: Readonly<Record<string, unknown>>, message: string) =>
  refusal('registry', 'pack_lockfile_incomplete', evidence, message);

/** @throws Refusal `pack_lockfile_incomplete` */
const entryFor = (packs: ReadonlyMap<string, LockedPack>, name: string, requestedBy: string): LockedPack => {
  const entry = packs.get(name);
  if (entry === undefined)
    throw incomplete({ name, requestedBy }, `The lockfile has no ${name}, which ${requestedBy} asks for.`);
  return entry;
};

/** A lockfile goes before ranges; one that does not fit what is asked for here is out of date. */
const requireFits = ({ name, range }: PackRequest, { version }: LockedPack): void => {
  if (readRanges()(range, version)) return;
  throw incomplete(
    { name, range, locked: version },
    `The lockfile has ${name}@${version}, which ${range} does not admit.`,
  );
};

/**
 * The packs that were asked for, and those that they need by the lockfile; all of them where nothing was asked for, or
 * where a tool wrote it that does not say who needs what.
 */
const wanted = (lock: Lockfile, requests: readonly PackRequest[]): readonly LockedPack[] => {
  const packs = new Map(lock.packs.map((pack) => [pack.name, pack]));
  const found = new Map<string, LockedPack>();
  const open = requests.map((request) => {
    const entry = entryFor(packs, request.name, 'you');
    requireFits(request, entry);
    return entry;
  });
  const byAll = requests.length === 0 || lock.packs.every(({ dependencies }) => dependencies === undefined);
  if (byAll) open.push(...lock.packs);
  for (let pack = open.shift(); pack !== undefined; pack = open.shift()) {
    if (found.has(pack.name)) continue;
    found.set(pack.name, pack);
    for (const [name, version] of Object.entries(pack.dependencies ?? {})) {
      const by = versionKey(pack.name, pack.version);
      const entry = entryFor(packs, name, by);
      if (entry.version !== version)
        throw incomplete(
          { name, locked: entry.version, pinned: version, requestedBy: by },
          `The lockfile contradicts itself about ${name}.`,
        );
      open.push(entry);
    }
  }
  return [...found.values()];
};

const keyOf = (text: string): PublicKey | undefined => {
  for (const parse of [parsePublicKeyBase64, parsePublicKeySpki])
    try {
      return parse(text);
    } catch (error) {
      if (!(error instanceof KeyError)) throw error;
    }
  return undefined;
};

/** The schema says over the tarball; tools that copy the signature of a registry have one over pack.json. */
const requireSigned = (
  pack: LockedPack,
  { algorithm, publicKey, value }: LockedSignature,
  found: PlannedBytes,
): void => {
  const [key, signature] = [keyOf(publicKey), decodeBase64(value)];
  const manifest = found.files.get('pack.json') ?? new Uint8Array();
  const messages = [found.tarball, manifest, Buffer.from(canonicalText(found.manifest))];
  const holds =
    key !== undefined &&
    signature !== undefined &&
    messages.some((message) => message !== undefined && verify({ message, signature, publicKey: key }));
  if (holds) return;
  const { name, version } = pack;
  throw refusal('signature', 'pack_signature_invalid', { name, version, algorithm, where: 'lockfile' });
};

/** What the manifest needs has to be in the lockfile, and among what is installed, whatever the lockfile says of it. */
const requireAllLocked = (
  all: ReadonlyMap<string, LockedPack>,
  planned: ReadonlySet<string>,
  { name, version }: LockedPack,
  manifest: JsonObject,
): void => {
  for (const wish of wishesOfManifest(manifest, versionKey(name, version))) {
    entryFor(all, wish.name, wish.by);
    if (!planned.has(wish.name))
      throw incomplete(
        { name: wish.name, requestedBy: wish.by },
        `The lockfile does not say that ${wish.by} needs ${wish.name}: write it anew with "attestry lock".`,
      );
  }
};

/** @throws Refusal `pack_lockfile_incomplete` */
export const planFromLock = (lock: Lockfile, requests: readonly PackRequest[]): readonly Planned[] => {
  const all = new Map(lock.packs.map((pack) => [pack.name, pack]));
  const found = wanted(lock, requests);
  const planned = new Set(found.map(({ name }) => name));
  return found.map((pack) => ({
    wanted: parseWanted(pack.name, pack.version),
    integrity: pack.integrity,
    neededBy: [],
    passed: [],
    check: (found) => {
      requireAllLocked(all, planned, pack, found.manifest);
      if (pack.signature !== undefined && found.tarball !== undefined)
        requireSigned(pack, pack.signature, found);
    },
  }));
};

/** Everything before the tree: a registry may stand below a path. */
const baseOf = (resolved: string): string | undefined => {
  const [, base] = /^(https?:\/\/.+?)\/v[12]\/packs\//.exec(resolved) ?? [];
  return base === undefined ? undefined : registryBase(base);
};

/** The registries that a lockfile has a pack from, in the order in which they are to be asked; none where it says nothing. */
export const lockedBases = (
  lock: Lockfile,
  companion: Companion | undefined,
  name: string,
): readonly string[] => {
  const entry = lock.packs.find((pack) => pack.name === name);
  const known = companion?.registries[name] ?? (entry?.resolved && baseOf(entry.resolved));
  if (known !== undefined && known !== '') return [registryBase(known)];
  return [lock.registry, ...(lock.fallbackRegistries ?? [])].flatMap((url) =>
    url ? [registryBase(url)] : [],
  );
};
