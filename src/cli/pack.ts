// attestry pack: a folder becomes a signed tarball, the same bytes on every machine, or a list of all that is wrong.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { JsonObject } from '../../keys/canonical.ts';
import type { Signer } from '../../keys/signer.ts';
import { loadSeedSigner } from '../../keys/signers/seed.ts';
import { digestOf, integrityOf } from '../../storage/digest.ts';
import { buildTarball, SIGNATURE_PATH } from '../protocol/build-tarball.ts';
import { Fault, fault, type Tree, type Violation } from '../protocol/faults.ts';
import { acting } from './command.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { keyIdFor } from './key-name.ts';
import { readManifest } from './manifest-file.ts';
import { checkPack } from './pack-check.ts';
import { readPackFolder } from './pack-folder.ts';
import { requireSoundTarball } from './pack-rules.ts';
import { writeStatement } from './statement-file.ts';

interface PackOptions {
  readonly key?: string;
  readonly keyId?: string;
  readonly unsigned?: boolean;
  readonly tree?: Tree;
  readonly out: string;
  readonly source?: string;
}

const signerOf = async ({ key, keyId, unsigned }: PackOptions): Promise<Signer | undefined> => {
  if (unsigned === true && key === undefined) return undefined;
  if (key === undefined || unsigned === true)
    throw new UsageError('Give --key FILE (make one with "attestry keygen"), or --unsigned.');
  return loadSeedSigner(key, keyIdFor(key, keyId));
};

/** What makes a pack one of v2 is how it is signed. */
const treeOf = ({ tree, unsigned }: PackOptions): Tree => {
  if (unsigned !== true) return tree ?? 'v2';
  if (tree === 'v2')
    throw new UsageError('A pack that nobody signs is of the tree v1: leave out --tree, or give --key.');
  return 'v1';
};

const signingBlock = (tree: Tree, keyId: string): JsonObject =>
  tree === 'v1'
    ? { method: 'manual', publicKeyRef: keyId, signatureRef: SIGNATURE_PATH }
    : { keyId, scheme: 'ed25519-canonical-json' };

/** What the archive itself breaks, found by building it without a signature. */
const archiveViolations = async (files: ReadonlyMap<string, Uint8Array>): Promise<readonly Violation[]> => {
  try {
    await buildTarball(files);
    return [];
  } catch (error) {
    const listed = error instanceof Fault ? error.details['violations'] : undefined;
    if (!Array.isArray(listed)) throw error;
    return listed as readonly Violation[];
  }
};

const requireSound = (violations: readonly Violation[]): void => {
  const [first] = violations;
  if (first === undefined) return;
  throw fault(
    first.code,
    { violations },
    `The pack breaks ${counted(violations.length, 'rule')}; nothing was signed.`,
  );
};

export const pack = acting<PackOptions>(async (_settings, options, folder = '') => {
  const [tree, signer] = [treeOf(options), await signerOf(options)];
  const files = await readPackFolder(folder);
  const block = signer && signingBlock(tree, signer.keyId);
  const written = readManifest(files.get('pack.json'));
  const manifest = block === undefined ? written : { ...written, signing: block };
  const checked = checkPack(manifest, tree, [...files.keys()]);
  requireSound([...checked.violations, ...(await archiveViolations(files))]);
  const material = signer && block && { block, sign: signer.sign };
  const built = await buildTarball(files, material);
  const { bytes } = built;
  const { name, version } = await requireSoundTarball(bytes, tree);
  const file = join(options.out, `${name}-${version}.tgz`);
  await mkdir(options.out, { recursive: true });
  await writeFile(file, bytes);
  const statement = await writeStatement(file, built, signer, options.source);
  const integrity = integrityOf(digestOf(bytes));
  const keyId = signer?.keyId ?? null;
  const warnings = checked.warnings.map(({ where, message }) => `Note: ${where}: ${message}`);
  const signed = keyId === null ? 'not signed' : `signed by ${keyId}`;
  return {
    lines: [
      ...warnings,
      `${file}  ${bytes.length} bytes, ${tree}, ${signed}`,
      ...(statement === null ? [] : [`${statement}  what its key states about all of its bytes`]),
      integrity,
    ],
    json: {
      ...{ file, statement, name, version, tree, keyId, size: bytes.length, integrity },
      warnings: checked.warnings,
    },
  };
});
