// attestry keychain: the keys of a pack, how they stand, and which follows which.
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { packNameIn } from './exact-version.ts';
import { rowsAt, table } from './table.ts';

const COLUMNS = [
  'kid',
  'status',
  'validFrom',
  'validUntil',
  'rotatedFrom',
  'rotatedTo',
  'revokedReason',
  'mirroredFrom',
];

export const keychain = acting(async (settings, _options, text = '') => {
  const path = `/v1/packs/${encodeURIComponent(packNameIn(text))}/-/keychain`;
  const { body } = await registryOf(settings).ask('GET', path);
  return { lines: table(COLUMNS, rowsAt(body, 'keys')), json: body };
});
