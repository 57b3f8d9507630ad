// attestry workforce list: the workforces, or who works in one.
import type { JsonObject } from '../../../keys/canonical.ts';
import { listOf, objectOf, textOf } from '../../protocol/manifest/read.ts';
import { registryOf } from '../ask.ts';
import { acting } from '../command.ts';
import { rowsAt, table } from '../table.ts';

const operationsOf = (row: JsonObject): JsonObject => {
  const grant = objectOf(row['authority_grant']);
  const clauses = listOf(grant?.['knowledge_bases']).map(objectOf);
  const bases = clauses.map(
    (clause) =>
      `${textOf(clause?.['knowledge_base_id']) ?? ''} (${listOf(clause?.['operations']).join(' ')})`,
  );
  return { role: row['role'] ?? null, bases };
};

const PRINCIPAL_COLUMNS = ['principal', 'account', 'role', 'owner', 'key', 'ended_at'];

const withKey = (row: JsonObject): JsonObject => ({
  ...row,
  key: row['public_key'] === null ? null : 'listed',
});

const ofOne = async (settings: Parameters<typeof registryOf>[0], workforce: string) => {
  const registry = registryOf(settings);
  const query = `?workforce=${encodeURIComponent(workforce)}`;
  const [roles, principals, bindings] = await Promise.all([
    registry.ask('GET', `/access/roles${query}`),
    registry.ask('GET', `/access/principals${query}`),
    registry.ask('GET', `/access/bindings${query}`),
  ]);
  return {
    lines: [
      ...table(['role', 'bases'], rowsAt(roles.body, 'roles').map(operationsOf)),
      '',
      ...table(PRINCIPAL_COLUMNS, rowsAt(principals.body, 'principals').map(withKey)),
      '',
      ...table(
        ['binding', 'human', 'capacity', 'not_after', 'revoked_at'],
        rowsAt(bindings.body, 'bindings'),
      ),
    ],
    json: { ...roles.body, ...principals.body, ...bindings.body },
  };
};

/** All of one's own; or of one workforce its roles, principals and bindings. */
export const list = acting(async (settings, _options, workforce?: string) => {
  if (workforce !== undefined) return ofOne(settings, workforce);
  const { body } = await registryOf(settings).ask('GET', '/access/workforces');
  return { lines: table(['workforce', 'steward', 'registered_at'], rowsAt(body, 'workforces')), json: body };
});
