// attestry workforce principal, reassign, key, end: which account acts as whom, in which role, and how it signs.
import { formatPublicKeyBase64, keyFingerprint } from '../../../keys/key.ts';
import { registryOf } from '../ask.ts';
import { acting } from '../command.ts';
import { principalNamed } from '../kb/names.ts';
import { readPublicKeyFile } from '../public-key-file.ts';

interface PrincipalOptions {
  readonly account: string;
  readonly workforce?: string;
  readonly role?: string;
  readonly owner?: string;
  readonly delegatedBy?: readonly string[];
}

/** @throws UsageError */
const addressOf = (name: string): string => `/access/principals/${encodeURIComponent(principalNamed(name))}`;

export const principal = acting<PrincipalOptions>(async (settings, options, name = '') => {
  const { account, workforce, role: roleId, owner, delegatedBy } = options;
  const { body } = await registryOf(settings).ask('POST', '/access/principals', {
    principal: principalNamed(name),
    account,
    ...(workforce === undefined ? {} : { workforce }),
    ...(roleId === undefined ? {} : { role: roleId }),
    ...(owner === undefined ? {} : { owner }),
    ...(delegatedBy === undefined ? {} : { delegated_by: delegatedBy }),
  });
  const as = roleId === undefined ? 'without a role' : `in the role ${roleId}`;
  return { lines: [`The account ${account} acts as ${name}, ${as}.`], json: body };
});

export const reassign = acting(async (settings, _options, name = '', roleId = '') => {
  const wanted = roleId === 'none' ? null : roleId;
  const path = `${addressOf(name)}/role`;
  const { body } = await registryOf(settings).ask('POST', path, { role: wanted });
  return {
    lines: [`${name} ${wanted === null ? 'has no role now' : `acts in the role ${roleId} now`}.`],
    json: body,
  };
});

export const key = acting(async (settings, _options, name = '', file = '') => {
  const path = `${addressOf(name)}/key`;
  const publicKey = file === 'none' ? null : await readPublicKeyFile(file);
  const { body } = await registryOf(settings).ask('PUT', path, {
    public_key: publicKey === null ? null : formatPublicKeyBase64(publicKey),
  });
  const how =
    publicKey === null ? 'has no key now' : `signs its decisions with ${keyFingerprint(publicKey)} now`;
  return { lines: [`${name} ${how}.`], json: body };
});

export const end = acting(async (settings, _options, name = '') => {
  await registryOf(settings).ask('DELETE', addressOf(name));
  return { lines: [`${name} has ended; nobody takes up that name again.`], json: { ended: name } };
});
