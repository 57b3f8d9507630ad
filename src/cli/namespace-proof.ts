// attestry namespace prove: has a domain stand for a vendor, in two steps.
import { textOf } from '../protocol/manifest/read.ts';
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { UsageError } from './failure.ts';

interface ProveOptions {
  readonly domain?: string;
  readonly method: string;
  readonly check?: boolean;
}

export const prove = acting<ProveOptions>(async (settings, { domain, method, check }, namespace = '') => {
  const registry = registryOf(settings);
  const address = `/access/namespaces/${encodeURIComponent(namespace)}/proof`;
  if (check === true) {
    const { body } = await registry.ask('POST', `${address}/check`);
    return { lines: [`The domain stands for ${namespace}, for a year.`], json: body };
  }
  if (domain === undefined)
    throw new UsageError('Name the domain with --domain, or look for its proof with --check.');
  const { body } = await registry.ask('POST', address, { domain, method });
  const [place, text] = [textOf(body['place']) ?? '?', textOf(body['text']) ?? '?'];
  const next = `attestry namespace prove ${namespace} --check`;
  return { lines: [`Publish this at ${place}:`, `  ${text}`, `Then: ${next}`], json: body };
});
