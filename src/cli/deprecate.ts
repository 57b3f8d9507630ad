// attestry deprecate, undeprecate: says of a version that another one is to be taken, and takes that back.
import { listOf, textOf } from '../protocol/manifest/read.ts';
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
  const named = `${wanted.name}@${wanted.version}`;
  const warnings = listOf(body['warnings']).map((each) => `  warning: ${textOf(each) ?? ''}`);
  const done =
    body['changed'] === false
      ? `${named} was deprecated before, for the same reason: nothing changed.`
      : `Deprecated ${named}: it can still be installed, with a warning; "attestry undeprecate" takes it back.`;
  return {
    lines: [done, ...warnings],
    json: body,
  };
});

export const undeprecate = acting(async (settings, _options, text = '') => {
  const wanted = exactVersion(text);
  const { body } = await registryOf(settings).ask('DELETE', versionAddress(wanted, '/deprecate'));
  const before = body['changed'] === false;
  const what = before ? 'was not deprecated: nothing changed.' : 'is no longer deprecated.';
  return { lines: [`${wanted.name}@${wanted.version} ${what}`], json: body };
});
