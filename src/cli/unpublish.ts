// attestry unpublish: takes a version back for ever, in its first three days.
import { at, textOf } from '../protocol/manifest/read.ts';
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { confirm } from './confirm.ts';
import { exactVersion, versionAddress } from './exact-version.ts';

interface UnpublishOptions {
  readonly reason?: string;
  readonly yes?: boolean;
}

export const unpublish = acting<UnpublishOptions>(async (settings, { reason, yes }, text = '') => {
  const wanted = exactVersion(text);
  const named = `${wanted.name}@${wanted.version}`;
  await confirm(
    `Unpublish ${named} for ever? Nobody can install it again, or publish that version again.`,
    yes,
  );
  const grounds = reason === undefined ? {} : { reason };
  const { body } = await registryOf(settings).ask('DELETE', versionAddress(wanted), grounds);
  const stays = textOf(at(body['unpublished'], 'reason')) ?? 'none was given';
  return {
    lines: [
      body['changed'] === false
        ? `${named} was unpublished before: nothing changed; the reason stays: ${stays}`
        : `Unpublished ${named}: the log keeps that it was here, and the version stays taken.`,
    ],
    json: body,
  };
});
