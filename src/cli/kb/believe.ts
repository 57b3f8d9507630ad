// How commands about bases believe a registry, and how they say what was checked.
import { readFile } from 'node:fs/promises';
import { KNOWLEDGE_ASSURANCES } from '../../client/knowledge/assurance.ts';
import type { Knowledge } from '../../client/knowledge/knowledge.ts';
import { openKnowledge } from '../../client/knowledge/open-knowledge.ts';
import type { BelievedVersion } from '../../client/knowledge/version.ts';
import { type Answer, QUESTIONS } from '../../client/refusal.ts';
import type { Settings } from '../command.ts';
import type { AsOptions } from './registry.ts';

/** The options of every command that reads a base. */
export interface BeliefOptions extends AsOptions {
  readonly root?: string;
  readonly state?: string;
  readonly trustPins?: boolean;
}

export const openBases = async (settings: Settings, options: BeliefOptions): Promise<Knowledge> =>
  openKnowledge({
    url: settings.url,
    token: settings.token,
    principal: options.as,
    allowPrivateRedirects: settings.allowPrivateAddresses,
    statePath: options.state,
    trustPins: options.trustPins,
    ...(options.root === undefined ? {} : { pinnedRoot: new Uint8Array(await readFile(options.root)) }),
  });

export const answerLine = (answer: Answer): string =>
  answer.answer === 'yes'
    ? `  ✓ ${QUESTIONS[answer.question]}`
    : `  – ${QUESTIONS[answer.question]}: not checked, ${answer.why}`;

const unchecked = (checked: readonly Answer[]): readonly string[] =>
  checked.filter(({ answer }) => answer === 'not_checked').map(answerLine);

export const referenceOf = ({ base, version }: BelievedVersion): string => `${base}@${version}`;

const recordedText = ({ recorded }: BelievedVersion): string =>
  recorded === undefined ? '' : `, leaf ${recorded.index} of ${recorded.treeSize}`;

/** Which version it is, on what that rests, and every question that was left open. */
export const versionLines = (
  of: BelievedVersion,
  checked: readonly Answer[] = of.checked,
): readonly string[] => [
  `${referenceOf(of)} (version ${of.manifest.seq}, ${of.manifest.createdAt}${recordedText(of)})`,
  `Assurance: ${of.assurance} (${KNOWLEDGE_ASSURANCES[of.assurance]})`,
  ...unchecked(checked),
];

export const versionJson = (of: BelievedVersion, checked: readonly Answer[] = of.checked) => {
  const { base, version, selector, manifest, keyId, recorded, assurance } = of;
  return {
    knowledge_base_id: base,
    knowledge_base_version: version,
    selector,
    seq: manifest.seq,
    parent: manifest.parent,
    contribution: manifest.contribution,
    proposer: manifest.proposer,
    created_at: manifest.createdAt,
    key_id: keyId ?? null,
    recorded: recorded === undefined ? null : { index: recorded.index, tree_size: recorded.treeSize },
    assurance,
    checked,
  };
};
