// attestry verify: asks of one version everything a host asks, and installs nothing.
import { ASSURANCES } from '../client/assurance.ts';
import type { Bundle } from '../client/bundle.ts';
import { fileTrustStore } from '../client/file-trust-store.ts';
import { registryBase } from '../client/network/http-url.ts';
import { openRegistry } from '../client/open-registry.ts';
import { type Answer, questionText } from '../client/refusal.ts';
import { parseRequest } from '../client/request.ts';
import { resolveRequest } from '../client/resolve.ts';
import { type Verified, verifyWanted } from '../client/verify.ts';
import { verifyBundle } from '../client/verify-bundle.ts';
import { readBundle } from './bundle-file.ts';
import { acting, type Result, type Settings } from './command.ts';
import type { TrustOptions } from './commands/trust-options.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { printProgress } from './terminal.ts';
import { pinnedRootOf, policyOf, registryOptions } from './trust-policy.ts';

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

interface VerifyOptions extends TrustOptions {
  readonly bundle?: string;
  readonly at?: Date;
}

const shownPack = (pack: Verified): Result => ({
  lines: verifiedLines(pack),
  json: { ok: true, ...verifiedJson(pack) },
});

const verifyOnline = async (settings: Settings, options: VerifyOptions, text: string): Promise<Result> => {
  const request = parseRequest(text);
  const opening = await registryOptions(settings, options);
  printProgress(`Asking ${registryBase(settings.url)}`);
  const registry = await openRegistry(opening);
  const wanted = await resolveRequest(registry, request, options.tree);
  printProgress(`Verifying ${wanted.name}@${wanted.version}`);
  return shownPack(await verifyWanted({ registry, policy: policyOf(options) }, wanted));
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

/** Nothing is asked of any network here. */
const verifyOffline = async (path: string, options: VerifyOptions, text: string): Promise<Result> => {
  const bundle = await readBundle(path);
  const held = `${bundle.name}@${bundle.version}`;
  if (text !== '' && text !== held) throw new UsageError(`${path} holds ${held}.`);
  const { state, at } = options;
  const store = state === undefined ? undefined : fileTrustStore(state, bundle.registry);
  const policy = policyOf(options);
  const pack = await verifyBundle(bundle, { ...(await pinnedRootOf(options)), at, store, policy });
  return { lines: [...verifiedLines(pack), asOfLine(bundle, pack)], json: offlineJson(bundle, pack) };
};

export const verify = acting<VerifyOptions>(async (settings, options, text = '') => {
  if (options.bundle !== undefined) return verifyOffline(options.bundle, options, text);
  if (options.at !== undefined) throw new UsageError('--at goes with --bundle.');
  if (text === '') throw new UsageError("missing required argument 'name@version', or --bundle FILE");
  return verifyOnline(settings, options, text);
});
