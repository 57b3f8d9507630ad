// attestry unyank: takes a yank back.
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { exactVersion, versionAddress } from './exact-version.ts';

export const unyank = acting(async (settings, _options, text = '') => {
  const wanted = exactVersion(text);
  const { status, body } = await registryOf(settings).ask('DELETE', versionAddress(wanted, '/yank'));
  // The log has nothing to show of a version that never was yanked.
  const never = status === 200 && body['receipt'] === null;
  const what = never ? 'was not yanked; nothing changed.' : 'is offered again; the log keeps its yank.';
  return { lines: [`${wanted.name}@${wanted.version} ${what}`], json: body };
});
