// attestry workforce bind, unbind: which humans may decide, and for how long.
import { textOf } from '../../protocol/manifest/read.ts';
import { registryOf } from '../ask.ts';
import { acting } from '../command.ts';
import { principalNamed } from '../kb/names.ts';

interface BindOptions {
  readonly capacity: string;
  readonly from?: string;
  readonly until?: string;
}

export const bind = acting<BindOptions>(async (settings, { capacity, from, until }, human = '') => {
  const { body } = await registryOf(settings).ask('POST', '/access/bindings', {
    human: principalNamed(human),
    capacity,
    ...(from === undefined ? {} : { not_before: from }),
    ...(until === undefined ? {} : { not_after: until }),
  });
  const id = textOf(body['binding']) ?? '?';
  return {
    lines: [`${human} is bound as ${capacity} until ${String(body['not_after'])}: ${id}`],
    json: body,
  };
});

export const unbind = acting(async (settings, _options, id = '') => {
  await registryOf(settings).ask('DELETE', `/access/bindings/${encodeURIComponent(id)}`);
  return { lines: [`The binding ${id} is revoked.`], json: { revoked: id } };
});
