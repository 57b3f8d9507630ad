// attestry bundle: verifies a version, or a whole lockfile, and writes all that it takes to do so again without a network.
import { makeBundle } from '../client/make-bundle.ts';
import { registryBase } from '../client/network/http-url.ts';
import { parseRequest } from '../client/request.ts';
import { writeBundle } from './bundle-file.ts';
import { bundleLock } from './bundle-lock.ts';
import { acting, type Result, type Settings } from './command.ts';
import type { PolicyOptions } from './commands/trust-options.ts';
import { counted } from './count.ts';
import { UsageError } from './failure.ts';
import { givenRoots, requireRoot } from './given-roots.ts';
import { untilStopped } from './interrupted.ts';
import { printProgress } from './terminal.ts';
import { policyOf, registryOptions } from './trust-policy.ts';
import { verifiedJson, verifiedLines } from './verify.ts';

interface BundleCommandOptions extends PolicyOptions {
  readonly out: string;
  readonly lock?: string;
  readonly json?: boolean;
}

const bundleVersion = async (
  settings: Settings,
  options: BundleCommandOptions,
  text: string,
): Promise<Result> => {
  if (options.policy !== undefined) throw new UsageError('--policy goes with --lock.');
  const request = parseRequest(text);
  printProgress(`Asking ${registryBase(settings.url)}`);
  const opening = await registryOptions(settings, options);
  requireRoot(await givenRoots(options), registryBase(settings.url));
  const made = await makeBundle({ ...opening, policy: policyOf(options) }, request);
  const bytes = await writeBundle(options.out, made.bundle);
  const written = `Wrote ${options.out}: ${counted(made.bundle.answers.size, 'answer')}, ${counted(bytes, 'byte')}`;
  const rootless = made.verified.questions.some(
    ({ question, answer }) => question === 'root' && answer !== 'yes',
  );
  const next = `Check it anywhere: attestry verify --bundle ${options.out}${rootless ? '' : ' --root ROOT'}`;
  return {
    lines: [...verifiedLines(made.verified), written, next],
    json: { ok: true, path: options.out, bytes, verified: verifiedJson(made.verified) },
  };
};

export const bundle = acting<BundleCommandOptions>(async (settings, options, text = '') => {
  const { lock } = options;
  if (lock !== undefined && text !== '')
    throw new UsageError(`--lock takes all of ${lock}; leave out ${text}.`);
  if (lock !== undefined) return untilStopped(() => bundleLock(settings, { ...options, lock }));
  if (text === '') throw new UsageError("missing required argument 'name@version', or --lock FILE");
  return untilStopped(() => bundleVersion(settings, options, text));
});
