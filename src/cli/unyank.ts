// attestry unyank: takes a yank back.
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { exactVersion, versionAddress } from './exact-version.ts';

export const unyank = acting(async (settings, _options, text = '') => {
  const wanted = exactVersion(text);
  const { body } = await registryOf(settings).ask('DELETE', versionAddress(wanted, '/yank'));
  const before = body['changed'] === false;
  const what = before ? 'was not yanked: nothing changed.' : 'is offered again; the log keeps its yank.';
  return { lines: [`${wanted.name}@${wanted.version} ${what}`], json: body };
});
