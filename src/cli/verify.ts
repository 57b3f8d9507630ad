// attestry verify: asks of one version everything a host asks, and installs nothing.
import type { Command } from 'commander';
import {
  type Answer,
  type Assurance,
  openRegistry,
  parseRequest,
  QUESTIONS,
  registryBase,
  resolveRequest,
  type Verified,
  verifyWanted,
} from '../client/index.ts';
import { acting, example } from './command.ts';
import { printProgress } from './terminal.ts';
import { addTrustOptions, policyOf, registryOptions, type TrustOptions } from './trust-options.ts';

const ASSURANCE: Readonly<Record<Assurance, string>> = {
  none: 'nobody signed it',
  manifest: 'a key signed pack.json; for the other files the registry alone vouches',
  bytes: 'a key signed every byte',
  'log+bytes': 'a key signed every byte, and the log records it',
};

const answerLine = (answer: Answer): string =>
  answer.answer === 'yes'
    ? `  ✓ ${QUESTIONS[answer.question]}`
    : `  – ${QUESTIONS[answer.question]}: not checked, ${answer.why}`;

export const verifiedLines = (pack: Verified): readonly string[] => [
  `${pack.name}@${pack.version} from ${pack.registry} (${pack.tree})`,
  ...pack.questions.map(answerLine),
  `Assurance: ${pack.assurance} (${ASSURANCE[pack.assurance]})`,
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
  questions: pack.questions,
  warnings: pack.warnings,
  files: [...pack.files.keys()],
});

const verify = acting<TrustOptions>(async (settings, options, text = '') => {
  const request = parseRequest(text);
  const opening = await registryOptions(settings, options);
  printProgress(`Asking ${registryBase(settings.url)}`);
  const registry = await openRegistry(opening);
  const wanted = await resolveRequest(registry, request, options.tree);
  printProgress(`Verifying ${wanted.name}@${wanted.version}`);
  const pack = await verifyWanted({ registry, policy: policyOf(options) }, wanted);
  return { lines: verifiedLines(pack), json: { ok: true, ...verifiedJson(pack) } };
});

export const addVerify = (program: Command): void => {
  const command = program
    .command('verify')
    .argument('<name@version>', 'a version, or a range to take the highest of')
    .description('check a version from the root key to its bytes; nothing is installed')
    .helpGroup('Hosts:');
  example(addTrustOptions(command), 'attestry verify vendor.acme.tools@1.0.0 --root root.json').action(
    verify,
  );
};
