// attestry yank: withdraws a version; its bytes stay served to those who pinned it.
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
  const { name, version } = wanted;
  return {
    lines: [`Yanked ${name}@${version}: ranges skip it; "attestry unyank" takes it back.`],
    json: body,
  };
});
