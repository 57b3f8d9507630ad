// What a tarball says it is, checked stage by stage as the specification orders them. Pure.
import type { JsonValue } from '../../../keys/canonical.ts';
import { type FaultCode, fault, faultOf, type Tree, type Violation } from '../../protocol/faults.ts';
import { parseStrictJson } from '../../protocol/json.ts';
import { describeManifest, type ManifestFacts, reservedTypeIds } from '../../protocol/manifest/describe.ts';
import { checkManifest, type Stage } from '../../protocol/manifest/index.ts';
import { referencedFiles } from '../../protocol/manifest/references.ts';
import type { PackedFile, TarballReport } from '../../protocol/tarball.ts';
import type { PackAddress } from '../policy.ts';

/** A tarball whose archive and manifest keep every rule of its tree. */
export interface UnpackedPack {
  readonly manifest: JsonValue;
  /** The exact bytes of pack.json: what the wire signature covers. */
  readonly manifestBytes: Uint8Array;
  readonly facts: ManifestFacts;
  readonly files: readonly PackedFile[];
  readonly contents: ReadonlyMap<string, Uint8Array>;
  readonly warnings: readonly Violation[];
}

const refuseAny = (violations: readonly Violation[]): void => {
  const [first, ...others] = violations;
  if (first !== undefined) throw faultOf([first, ...others]);
};

const parseManifest = (bytes: Uint8Array): JsonValue => {
  const parsed = parseStrictJson(bytes);
  if (!parsed.ok)
    throw fault('tarball_manifest_not_json', { offset: parsed.problem.offset }, parsed.problem.message);
  return parsed.value;
};

const mismatchCode = (name: boolean, version: boolean): FaultCode => {
  if (name && version) return 'manifest_mismatch';
  return name ? 'manifest_name_mismatch' : 'manifest_version_mismatch';
};

const requireSameIdentity = (manifest: JsonValue, address: PackAddress): void => {
  const found = manifest as { readonly name?: unknown; readonly version?: unknown };
  const [name, version] = [found.name !== address.name, found.version !== address.version];
  if (!name && !version) return;
  throw fault(mismatchCode(name, version), {
    expected: address,
    found: { name: found.name, version: found.version },
  });
};

const requireReferences = (manifest: JsonValue, files: readonly PackedFile[]): void => {
  const present = new Set(files.map((file) => file.path));
  const missing = referencedFiles(manifest).filter((reference) => !present.has(reference.path));
  refuseAny(
    missing.map(({ code, where, path }) => ({ code, where, message: `${path} is not in the tarball.` })),
  );
};

/** A manifest that is not even of its kind is refused for that, before its name is looked at. */
const BEFORE_IDENTITY: ReadonlySet<Stage> = new Set<Stage>(['kind', 'credentials', 'schema']);

/**
 * @throws Fault with every violation of the first stage that fails: archive → manifest bytes → schema of its kind →
 *   same name and version → kind rules, engines and peers → files it refers to.
 */
export const unpack = (report: TarballReport, address: PackAddress, tree: Tree): UnpackedPack => {
  refuseAny(report.violations);
  if (report.manifestBytes === undefined) throw fault('tarball_manifest_missing');
  const manifest = parseManifest(report.manifestBytes);
  const checked = checkManifest(manifest, tree);
  if (checked.stage !== undefined && BEFORE_IDENTITY.has(checked.stage)) refuseAny(checked.violations);
  requireSameIdentity(manifest, address);
  refuseAny(checked.violations);
  requireReferences(manifest, report.files);
  return {
    manifest,
    manifestBytes: report.manifestBytes,
    facts: describeManifest(manifest),
    files: report.files,
    contents: report.contents,
    warnings: [...checked.warnings, ...reservedTypeIds(manifest, address.name)],
  };
};
