// attestry bundle: verifies one version and writes all that it takes to verify it again without a network.
import type { Command } from 'commander';
import { makeBundle, parseRequest, registryBase } from '../client/index.ts';
import { writeBundle } from './bundle-file.ts';
import { acting, example } from './command.ts';
import { counted } from './count.ts';
import { printProgress } from './terminal.ts';
import { addTrustOptions, policyOf, registryOptions, type TrustOptions } from './trust-options.ts';
import { verifiedJson, verifiedLines } from './verify.ts';

interface BundleCommandOptions extends TrustOptions {
  readonly out: string;
}

const bundle = acting<BundleCommandOptions>(async (settings, options, text = '') => {
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

export const addBundle = (program: Command): void => {
  const command = program
    .command('bundle')
    .argument('<name@version>', 'a version, or a range to take the highest of')
    .description('write one file from which a version is verified without a network')
    .helpGroup('Hosts:')
    .requiredOption('--out <file>', 'file to write; nothing is overwritten');
  const line = 'attestry bundle vendor.acme.tools@1.0.0 --out tools.bundle.json';
  example(addTrustOptions(command), line).action(bundle);
};
