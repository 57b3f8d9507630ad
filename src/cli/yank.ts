// attestry yank: withdraws a version; its bytes stay served to those who pinned it.
import { at, textOf } from '../protocol/manifest/read.ts';
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { exactVersion, versionAddress } from './exact-version.ts';

interface YankOptions {
  readonly reason: string;
  readonly advisoryUrl?: string;
}

export const yank = acting<YankOptions>(async (settings, { reason, advisoryUrl }, text = '') => {
  const wanted = exactVersion(text);
  const grounds = { reason, ...(advisoryUrl === undefined ? {} : { advisoryUrl }) };
  const { body } = await registryOf(settings).ask('POST', versionAddress(wanted, '/yank'), grounds);
  const named = `${wanted.name}@${wanted.version}`;
  const before = body['changed'] === false;
  const stays = textOf(at(body['yanked'], 'reason')) ?? 'none';
  return {
    lines: [
      before
        ? `${named} was yanked before; the reason stays: ${stays}`
        : `Yanked ${named}: ranges skip it; "attestry unyank" takes it back.`,
    ],
    json: body,
  };
});
