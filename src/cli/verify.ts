// attestry verify: asks of one version everything a host asks, and installs nothing.
import { ASSURANCES } from '../client/assurance.ts';
import type { Bundle } from '../client/bundle.ts';
import { fileTrustStore } from '../client/file-trust-store.ts';
import { chooseVersion, type PassedOver } from '../client/policy/choose.ts';
import { openSources } from '../client/policy/open-sources.ts';
import type { Policy } from '../client/policy/policy.ts';
import { requireNameAllowed } from '../client/policy/sources.ts';
import { type Answer, questionText } from '../client/refusal.ts';
import { parseRequest } from '../client/request.ts';
import { type Verified, verifyWanted } from '../client/verify.ts';
import { verifyBundle } from '../client/verify-bundle.ts';
import { readBundle } from './bundle-file.ts';
import { rememberedLines, rememberedRoot } from './bundle-roots.ts';
import { acting, type Result, type Settings } from './command.ts';
import type { PolicyOptions } from './commands/trust-options.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { type Governed, governedBy, openModeLines } from './governed.ts';
import { printProgress } from './terminal.ts';

const answerLine = (answer: Answer, { recorded }: Verified): string => {
  const text = questionText(answer.question, recorded !== undefined);
  return answer.answer === 'yes' ? `  ✓ ${text}` : `  – ${text}: not checked, ${answer.why}`;
};

const recordedLines = ({ recorded }: Verified): readonly string[] =>
  recorded === undefined
    ? []
    : [`Recorded as leaf ${recorded.index} of ${recorded.treeSize}, on ${recorded.at.toISOString()}`];

const recordedJson = ({ recorded }: Verified) =>
  recorded && { index: recorded.index, treeSize: recorded.treeSize, at: recorded.at.toISOString() };

export const verifiedLines = (pack: Verified): readonly string[] => [
  `${pack.name}@${pack.version} from ${pack.registry} (${pack.tree})`,
  ...pack.questions.map((answer) => answerLine(answer, pack)),
  `Assurance: ${pack.assurance} (${ASSURANCES[pack.assurance]})`,
  ...recordedLines(pack),
  `${pack.integrity}  ${pack.keyId === undefined ? 'unsigned' : `signed by ${pack.keyId}`}`,
  ...pack.warnings.map((warning) => `Warning: ${warning}`),
];

/** The verdict without the bytes it is about. */
export const verifiedJson = (pack: Verified) => ({
  name: pack.name,
  version: pack.version,
  registry: pack.registry,
  tree: pack.tree,
  integrity: pack.integrity,
  keyId: pack.keyId ?? null,
  assurance: pack.assurance,
  recorded: recordedJson(pack) ?? null,
  questions: pack.questions,
  warnings: pack.warnings,
  files: [...pack.files.keys()],
});

interface VerifyOptions extends PolicyOptions {
  readonly bundle?: string;
  readonly at?: Date;
}

const MOST_NAMED = 3;

/** Higher versions that were not taken, and why; those of one reason on one line. */
export const passedLines = (passed: readonly PassedOver[]): readonly string[] => {
  const about = new Map<string, readonly string[]>();
  for (const { version, message } of passed) about.set(message, [...(about.get(message) ?? []), version]);
  return [...about].map(([message, versions]) => {
    const more = versions.length > MOST_NAMED ? ` and ${versions.length - MOST_NAMED} more` : '';
    return `Passed over ${versions.slice(0, MOST_NAMED).join(', ')}${more}: ${message}`;
  });
};

/** Which policies were asked; nothing where there is none. */
export const policiesJson = (policies: readonly Policy[]) =>
  policies.length === 0 ? {} : { policies: policies.map(({ file, mode }) => ({ file, mode })) };

const verifyOnline = async (settings: Settings, options: VerifyOptions, text: string): Promise<Result> => {
  const request = parseRequest(text);
  const { policies, verifyPolicy: policy, sourcesOf } = await governedBy(settings, options);
  requireNameAllowed(policies, request.name);
  const onOpen = (base: string): void => printProgress(`Asking ${base}`);
  const sources = openSources({ sourcesOf, tree: options.tree, onOpen });
  const registry = await sources.registryFor(request.name);
  const { wanted, passed } = await chooseVersion(registry, request, policy);
  printProgress(`Verifying ${wanted.name}@${wanted.version}`);
  const pack = await verifyWanted({ registry, policy }, wanted);
  const passedOver = passed.length === 0 ? {} : { passedOver: passed };
  return {
    lines: [...openModeLines(policies), ...passedLines(passed), ...verifiedLines(pack)],
    json: { ok: true, ...verifiedJson(pack), ...policiesJson(policies), ...passedOver },
  };
};

/** What came after it cannot be in it, and nothing proves when it was made. */
const asOfLine = ({ createdAt }: Bundle, { recorded }: Verified): string => {
  const entries =
    recorded === undefined ? '' : ` (${counted(recorded.treeSize, 'log entry', 'log entries')})`;
  return `As of ${createdAt}${entries}, as the bundle says; later yanks and revocations are not in it`;
};

const offlineJson = ({ createdAt }: Bundle, pack: Verified) => ({
  ok: true,
  ...verifiedJson(pack),
  bundle: { createdAt, treeSize: pack.recorded?.treeSize ?? null },
});

/** Another time than now makes versions older than they are, or advisories newer. */
export const requireTimeAllowed = ({ policies }: Governed, at: Date | undefined): void => {
  if (at === undefined) return;
  const strict = policies.find(
    ({ minimumAge, advisories }) =>
      advisories?.required === true || (minimumAge !== undefined && at.getTime() > Date.now()),
  );
  if (strict !== undefined)
    throw new UsageError(`--at would loosen ${strict.file}; options may only be stricter than a policy.`);
};

/** Nothing is asked of any network here. */
const verifyOffline = async (settings: Settings, options: VerifyOptions, text: string): Promise<Result> => {
  const { bundle: path = '', state, at } = options;
  const bundle = await readBundle(path);
  const held = `${bundle.name}@${bundle.version}`;
  if (text !== '' && text !== held) throw new UsageError(`${path} holds ${held}.`);
  const governed = await governedBy({ ...settings, urlGiven: false }, options);
  requireTimeAllowed(governed, at);
  const store = state === undefined ? undefined : fileTrustStore(state, bundle.registry);
  const { policies, verifyPolicy: policy, rootFor } = governed;
  const given = rootFor(bundle.registry);
  const remembered =
    given === undefined && state === undefined ? await rememberedRoot(bundle.registry) : undefined;
  const pack = await verifyBundle(bundle, { pinnedRoot: given ?? remembered, at, store, policy });
  const from = rememberedLines(remembered === undefined ? [] : [bundle.registry]);
  return {
    lines: [...openModeLines(policies), ...from, ...verifiedLines(pack), asOfLine(bundle, pack)],
    json: { ...offlineJson(bundle, pack), ...policiesJson(policies) },
  };
};

export const verify = acting<VerifyOptions>(async (settings, options, text = '') => {
  if (options.bundle !== undefined) return verifyOffline(settings, options, text);
  if (options.at !== undefined) throw new UsageError('--at goes with --bundle.');
  if (text === '') throw new UsageError("missing required argument 'name@version', or --bundle FILE");
  return verifyOnline(settings, options, text);
});
