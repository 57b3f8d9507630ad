// attestry kb at, erase, ancestry: what was current then, what must be given out no more, and what led to a proposal.

import { queryOf } from '../../client/knowledge/deps.ts';
import { objectOf, textOf } from '../../protocol/manifest/read.ts';
import { acting } from '../command.ts';
import { UsageError } from '../failure.ts';
import { baseAddress, baseNamed, contributionAddress, contributionNamed, documentNamed } from './names.ts';
import { type AsOptions, knowledgeRegistry, placeOf } from './registry.ts';

/** What the registry says was current then; "kb get kb:…@<version>" proves what stood in it. */
export const at = acting<AsOptions>(async (settings, options, name = '', when = '') => {
  const base = baseNamed(name);
  const path = `${baseAddress(base)}/resolve${queryOf({ as_of: when })}`;
  const body = await knowledgeRegistry(settings, options).read(path);
  return { lines: [`${base}@${String(body['knowledge_base_version'])}`], json: body };
});

interface EraseOptions extends AsOptions {
  readonly authority: string;
  readonly reason: string;
  readonly yes?: boolean;
}

const FATE = {
  destroyed: 'Its bytes are destroyed.',
  kept: 'Its bytes stay, since something else names them; this base gives them out no more.',
};

/** There is no way back, so it has to be said twice. */
export const erase = acting<EraseOptions>(async (settings, options, name = '', document = '') => {
  const [base, cid] = [baseNamed(name), documentNamed(document)];
  if (options.yes !== true)
    throw new UsageError('What is erased cannot be brought back: say --yes if that is what you want.');
  const body = { document: cid, authority: options.authority, reason_code: options.reason };
  const reply = await knowledgeRegistry(settings, options).write(
    'POST',
    `${baseAddress(base)}/erasures`,
    body,
  );
  const fate = reply.body['destroyed'] === true ? FATE.destroyed : FATE.kept;
  return { lines: [`Erased ${cid} from ${base}${placeOf(reply)}.`, fate], json: reply.body };
});

/** One hop: whoever asks on asks the event that is named, at the host that has it. */
export const ancestry = acting<AsOptions>(async (settings, options, name = '') => {
  const registry = knowledgeRegistry(settings, options);
  const id = await contributionNamed(registry, name);
  const body = await registry.read(`${contributionAddress(id)}/ancestry`);
  const parent = objectOf(body['parent']);
  if (parent === undefined) return { lines: [`Nothing on record led to ${id}.`], json: body };
  const host = textOf(parent['host_id']);
  const where = host === undefined ? '' : ` at ${host}`;
  const event = String(parent['event_ref']);
  return {
    lines: [`${id} follows from event ${event}${where}, of ${String(parent['workforce'])}.`],
    json: body,
  };
});
