// Compares every pack and version that a registry serves with what its log records of them, both ways.
import { encodeBase64, equalBytes } from '../../../keys/bytes.ts';
import type { JsonObject, JsonValue } from '../../../keys/canonical.ts';
import { digestOfIntegrity } from '../../../storage/digest.ts';
import { inLanes } from '../../../storage/in-lanes.ts';
import type { Tree } from '../../protocol/faults.ts';
import { at, objectOf, textOf } from '../../protocol/manifest/read.ts';
import { signingOf } from '../../protocol/manifest/signing.ts';
import { addressOf, type TreeAddresses } from '../discovery.ts';
import { isTrouble, Refusal } from '../refusal.ts';
import type { OpenRegistry } from '../registry.ts';
import { compareStanding, compareSuccessor, subjectOf } from './compare-standing.ts';
import type { LogFacts } from './facts.ts';
import { AT_ONCE } from './fetch.ts';
import type { Report } from './findings.ts';
import type { LoggedVersion } from './version-table.ts';

export interface PackChecks {
  readonly registry: OpenRegistry;
  readonly facts: LogFacts;
  readonly report: Report;
}

interface ServedVersion {
  readonly version: string;
  readonly row: JsonValue;
}

const MAX_PACK_BYTES = 64 * 1024 * 1024;
const MAX_MANIFEST_BYTES = 1024 * 1024;
const MAX_SIGNATURE_BYTES = 4096;

const treesIn = ({ registry }: PackChecks): readonly (readonly [Tree, TreeAddresses])[] =>
  Object.entries(registry.discovery.trees) as [Tree, TreeAddresses][];

/** Rows of an array, or the entries of a map by version (node-packs.md). */
const rowsOf = (metadata: JsonObject | undefined): readonly ServedVersion[] => {
  const versions = metadata?.['versions'];
  if (Array.isArray(versions))
    return versions.map((row: JsonValue) => ({ version: textOf(at(row, 'version')) ?? '', row }));
  return Object.entries(objectOf(versions) ?? {}).map(([version, row]) => ({ version, row }));
};

const differences = (logged: LoggedVersion, of: JsonValue, where: string, report: Report): void => {
  const subject = subjectOf(logged);
  const { position, sha256 } = logged;
  const integrity = textOf(at(of, 'integrity'));
  if (integrity !== undefined && digestOfIntegrity(integrity) !== sha256)
    report('version_digest', subject, { where, expected: sha256, found: integrity.slice(0, 200) }, position);
  compareStanding(logged, of, where, report);
};

/** One that the log has unpublished is nowhere to be found. */
const checkGone = async (the: PackChecks, addresses: TreeAddresses, logged: LoggedVersion): Promise<void> => {
  const { name, version, position } = logged;
  for (const template of [addresses.versionManifest, addresses.versionSignature]) {
    const path = addressOf(template, { name, version });
    const served = await the.registry.reader.bytes('registry', path, MAX_MANIFEST_BYTES);
    if (served !== undefined) the.report('unpublished_served', subjectOf(logged), { path }, position);
  }
};

/** False where it is not served at all. */
const checkManifest = async (
  the: PackChecks,
  addresses: TreeAddresses,
  logged: LoggedVersion,
): Promise<boolean> => {
  const path = addressOf(addresses.versionManifest, { name: logged.name, version: logged.version });
  const served = await the.registry.reader.document('registry', path, MAX_MANIFEST_BYTES);
  if (served === undefined) {
    the.report('version_missing', subjectOf(logged), { path }, logged.position);
    return false;
  }
  differences(logged, served, path, the.report);
  compareSuccessor(logged, served, path, the.report);
  if (textOf(served['integrity']) === undefined)
    the.report(
      'version_digest',
      subjectOf(logged),
      { where: path, expected: logged.sha256, found: null },
      logged.position,
    );
  const keyId = signingOf(served, logged.tree)?.keyId;
  if (keyId !== undefined && keyId !== logged.keyId) {
    const evidence = { where: path, expected: logged.keyId ?? null, found: keyId };
    the.report('version_key', subjectOf(logged), evidence, logged.position);
  }
  return true;
};

/** v1 withholds the signature of a yanked version; else it is the one in the log. */
const checkSignature = async (
  the: PackChecks,
  addresses: TreeAddresses,
  logged: LoggedVersion,
): Promise<void> => {
  const path = addressOf(addresses.versionSignature, { name: logged.name, version: logged.version });
  const served = await the.registry.reader.bytes('signature', path, MAX_SIGNATURE_BYTES);
  const { signature, position } = logged;
  if (served === undefined && (signature === undefined || (logged.tree === 'v1' && logged.yanked))) return;
  if (served !== undefined && signature !== undefined && equalBytes(served, signature)) return;
  const shown = (bytes: Uint8Array | undefined) =>
    bytes === undefined ? null : encodeBase64(bytes.slice(0, 64));
  const evidence = { path, expected: shown(signature), found: shown(served) };
  the.report('version_signature', subjectOf(logged), evidence, position);
};

/** Whatever cannot be read as what it has to be is a finding of that version; a registry that is away is none. */
const orRefused = async (
  the: PackChecks,
  logged: LoggedVersion,
  work: () => Promise<void>,
): Promise<void> => {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof Refusal) || isTrouble(error)) throw error;
    const { code, question, evidence } = error;
    the.report(
      'version_refused',
      subjectOf(logged),
      { refusal: code, question, ...evidence },
      logged.position,
    );
  }
};

const checkTree = async (
  the: PackChecks,
  name: string,
  tree: Tree,
  addresses: TreeAddresses,
): Promise<void> => {
  const path = addressOf(addresses.packMetadata, { name });
  const rows = rowsOf(await the.registry.reader.document('registry', path, MAX_PACK_BYTES));
  const logged = new Map(the.facts.versions.versionsOf(name).map((each) => [each.version, each]));
  for (const { version, row } of rows) {
    const known = logged.get(version);
    if (known?.tree === tree && known.unpublished)
      the.report('unpublished_served', subjectOf(known), { path }, known.position);
    else if (known?.tree === tree) differences(known, row, path, the.report);
    else the.report('version_unlogged', subjectOf({ name, version }), { tree, path });
  }
  const served = new Set(rows.map(({ version }) => version));
  for (const each of logged.values()) {
    if (each.tree !== tree) continue;
    if (!served.has(each.version) && !each.unpublished)
      the.report('version_missing', subjectOf(each), { tree, path }, each.position);
    await orRefused(the, each, async () => {
      if (each.unpublished) await checkGone(the, addresses, each);
      else if (await checkManifest(the, addresses, each)) await checkSignature(the, addresses, each);
    });
  }
};

const checkPack = async (the: PackChecks, name: string): Promise<void> => {
  for (const [tree, addresses] of treesIn(the)) await checkTree(the, name, tree, addresses);
};

/** Checks packs by name: each of their versions, in each tree. Rejects where the registry does not answer. */
export const checkPacks = (the: PackChecks, names: Iterable<string>): Promise<void> =>
  inLanes(names, AT_ONCE, (name) => checkPack(the, name));
