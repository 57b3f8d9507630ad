// Which rules for new packs a version of the past breaks: it is taken all the same, and says so. Pure.
import type { JsonObject } from '../../keys/canonical.ts';
import { requireAgreement } from '../client/agreement.ts';
import { Refusal } from '../client/refusal.ts';
import type { Tree, Violation } from '../protocol/faults.ts';
import { reservedTypeIds } from '../protocol/manifest/describe.ts';
import { checkManifest } from '../protocol/manifest/index.ts';
import { referencedFiles } from '../protocol/manifest/references.ts';
import { capped, violation } from '../protocol/manifest/violations.ts';

export interface FlawQuestion {
  readonly tree: Tree;
  readonly name: string;
  /** pack.json as it stands in the archive. */
  readonly manifest: JsonObject;
  /** The manifest that the upstream serves beside it. */
  readonly served: JsonObject;
  readonly paths: ReadonlySet<string>;
  /** Whether the signature is over the tarball, and so not in it. */
  readonly overTarball: boolean;
  /** Whether the upstream says at all which keys speak for which names. */
  readonly listsKeys: boolean;
}

const missingFiles = ({ manifest, paths }: FlawQuestion): readonly Violation[] =>
  referencedFiles(manifest)
    .filter(({ path }) => !paths.has(path))
    .map(({ code, where, path }) => violation(code, where, `${path} is not in the tarball.`));

/** What is served here is what was signed. */
const disagreement = ({ served, manifest }: FlawQuestion): readonly Violation[] => {
  try {
    // The signing block of a tarball that is signed as a whole can stand nowhere else.
    const { signing: _, ...others } = served;
    requireAgreement(manifest['signing'] === undefined ? others : served, manifest);
    return [];
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const fields = JSON.stringify(error.evidence['fields'] ?? []).slice(0, 300);
    return [
      violation('manifest_mismatch', '', `Upstream serves another manifest than it signed: ${fields}.`),
    ];
  }
};

const outsideTheRules = ({ overTarball, listsKeys }: FlawQuestion): readonly Violation[] => [
  ...(overTarball
    ? [
        violation(
          'signature_required',
          '/signing',
          'The tarball is signed as a whole: it holds no signature.',
        ),
      ]
    : []),
  ...(listsKeys
    ? []
    : [violation('signature_invalid', '/signing', 'Upstream does not say for which names its keys speak.')]),
];

/** All of it. How it is signed comes first: however long the list is, that is never cut off it. */
export const flawsOf = (asked: FlawQuestion): readonly Violation[] => {
  const checked = checkManifest(asked.manifest, asked.tree);
  return capped([
    ...outsideTheRules(asked),
    ...checked.violations,
    ...missingFiles(asked),
    ...disagreement(asked),
    ...checked.warnings,
    ...reservedTypeIds(asked.manifest, asked.name),
  ]);
};
