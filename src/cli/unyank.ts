// attestry unyank: takes a yank back.
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { exactVersion, versionAddress } from './exact-version.ts';

export const unyank = acting(async (settings, _options, text = '') => {
  const wanted = exactVersion(text);
  const { body } = await registryOf(settings).ask('DELETE', versionAddress(wanted, '/yank'));
  // A registry that says nothing of it has no receipt for what never happened.
  const before = body['changed'] === false || (body['changed'] === undefined && body['receipt'] === null);
  const what = before ? 'was not yanked: nothing changed.' : 'is offered again; the log keeps its yank.';
  return { lines: [`${wanted.name}@${wanted.version} ${what}`], json: body };
});
