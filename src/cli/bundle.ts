// attestry bundle: verifies one version and writes all that it takes to verify it again without a network.
import { makeBundle } from '../client/make-bundle.ts';
import { registryBase } from '../client/network/http-url.ts';
import { parseRequest } from '../client/request.ts';
import { writeBundle } from './bundle-file.ts';
import { acting } from './command.ts';
import type { TrustOptions } from './commands/trust-options.ts';
import { counted } from './count.ts';
import { printProgress } from './terminal.ts';
import { policyOf, registryOptions } from './trust-policy.ts';
import { verifiedJson, verifiedLines } from './verify.ts';

interface BundleCommandOptions extends TrustOptions {
  readonly out: string;
}

export const bundle = acting<BundleCommandOptions>(async (settings, options, text = '') => {
  const request = parseRequest(text);
  printProgress(`Asking ${registryBase(settings.url)}`);
  const opening = await registryOptions(settings, options);
  const made = await makeBundle({ ...opening, policy: policyOf(options) }, request);
  const bytes = await writeBundle(options.out, made.bundle);
  const written = `Wrote ${options.out}: ${counted(made.bundle.answers.size, 'answer')}, ${counted(bytes, 'byte')}`;
  const next = `Check it anywhere: attestry verify --bundle ${options.out} --root ROOT`;
  return {
    lines: [...verifiedLines(made.verified), written, next],
    json: { ok: true, path: options.out, bytes, verified: verifiedJson(made.verified) },
  };
});
