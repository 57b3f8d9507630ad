// attestry kb withdraw: takes a proposal back.
import { acting } from '../command.ts';
import { contributionAddress, contributionNamed } from './names.ts';
import { type AsOptions, knowledgeRegistry, placeOf } from './registry.ts';

interface WithdrawOptions extends AsOptions {
  readonly reason?: string;
}

export const withdraw = acting<WithdrawOptions>(async (settings, options, name = '') => {
  const registry = knowledgeRegistry(settings, options);
  const id = await contributionNamed(registry, name);
  const { reason } = options;
  const body = reason === undefined ? {} : { reason_code: reason };
  const reply = await registry.write('POST', `${contributionAddress(id)}/withdraw`, body);
  return { lines: [`Withdrew ${id}${placeOf(reply)}.`], json: reply.body };
});
