// attestry keychain: the keys of a pack, how they stand, and which follows which.
import { registryOf } from './ask.ts';
import { acting } from './command.ts';
import { rowsAt, table } from './table.ts';

const COLUMNS = ['kid', 'status', 'validFrom', 'validUntil', 'rotatedFrom', 'rotatedTo', 'revokedReason'];

export const keychain = acting(async (settings, _options, name = '') => {
  const path = `/v1/packs/${encodeURIComponent(name)}/-/keychain`;
  const { body } = await registryOf(settings).ask('GET', path);
  return { lines: table(COLUMNS, rowsAt(body, 'keys')), json: body };
});
