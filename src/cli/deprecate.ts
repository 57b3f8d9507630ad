// attestry deprecate, undeprecate: says of a version that another one is to be taken, and takes that back.
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { exactVersion, versionAddress } from './exact-version.ts';

interface DeprecateOptions {
  readonly reason: string;
  readonly supersededBy?: string;
}

export const deprecate = acting<DeprecateOptions>(async (settings, { reason, supersededBy }, text = '') => {
  const wanted = exactVersion(text);
  const grounds = { reason, ...(supersededBy === undefined ? {} : { supersededBy }) };
  const address = versionAddress(wanted, '/deprecate');
  const { body } = await registryOf(settings).ask('POST', address, grounds);
  const { name, version } = wanted;
  return {
    lines: [
      `Deprecated ${name}@${version}: it can still be installed, with a warning; "attestry undeprecate" takes it back.`,
    ],
    json: body,
  };
});

export const undeprecate = acting(async (settings, _options, text = '') => {
  const wanted = exactVersion(text);
  const { status, body } = await registryOf(settings).ask('DELETE', versionAddress(wanted, '/deprecate'));
  // The log has nothing to show of a version that never was deprecated.
  const never = status === 200 && body['receipt'] === null;
  const what = never ? 'was not deprecated; nothing changed.' : 'is no longer deprecated.';
  return { lines: [`${wanted.name}@${wanted.version} ${what}`], json: body };
});
