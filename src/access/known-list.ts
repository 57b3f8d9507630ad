// What a process knows of the newest list of a kind, so that a large one is read once and not at each change.
import { encodeHex, utf8 } from '../../keys/bytes.ts';
import { parseEnvelope, signersOf } from '../../keys/envelope.ts';
import { sha256 } from '../../keys/hash.ts';
import { formatPublicKeyBase64 } from '../../keys/key.ts';
import type { Root } from '../../keys/root.ts';
import type { Sql } from '../database/connect.ts';
import { type IssuedRow, type IssuedTable, latestIssued, newestIssued } from './issued-store.ts';

export interface KnownList extends Omit<IssuedRow, 'envelope'> {
  readonly treeSize: number;
  /** Hex digest of what it says beside its frame. */
  readonly content: string;
  /** The role for which `isSigned` was found out: whether enough of its keys have signed. */
  readonly registrar: string;
  readonly isSigned: boolean;
}

/** Of each kind the newest list that was met; a version is never issued twice, so that its number tells it apart. */
export type KnownLists = Map<IssuedTable, KnownList>;

/** How the parts of a list are read. */
interface Reading<Content> {
  readonly table: IssuedTable;
  readonly parse: (payload: Uint8Array) => { readonly treeSize: number } & Content;
  /** One text for equal contents, and another for every other. */
  readonly textOf: (content: Content) => string;
}

/** Equal where two contents are. */
export const contentMark = <C>({ textOf }: Pick<Reading<C>, 'textOf'>, content: C): string =>
  encodeHex(sha256(utf8(textOf(content))));

/** Equal where the same keys sign under the same threshold. */
export const registrarMark = ({ registrar }: Pick<Root, 'registrar'>): string =>
  [registrar.threshold, ...registrar.keys.map((key) => formatPublicKeyBase64(key.publicKey))].join();

const read = <C>(kind: Reading<C>, row: IssuedRow, root: Root): KnownList => {
  const envelope = parseEnvelope(row.envelope);
  const list = kind.parse(envelope.payload);
  return {
    version: row.version,
    issued_at: row.issued_at,
    treeSize: list.treeSize,
    content: contentMark(kind, list),
    registrar: registrarMark(root),
    isSigned: signersOf(envelope, root.registrar.keys).length >= root.registrar.threshold,
  };
};

/** The newest list there is; undefined where there is none. */
export const knownLatest = async <C>(
  { sql, known }: { readonly sql: Sql; readonly known: KnownLists },
  kind: Reading<C>,
  root: Root,
): Promise<KnownList | undefined> => {
  const newest = await newestIssued(sql, kind.table);
  const held = known.get(kind.table);
  const isKnown = held?.version === newest?.version && held?.registrar === registrarMark(root);
  if (newest === undefined || isKnown) return newest && held;
  const row = await latestIssued(sql, kind.table);
  if (row === undefined) return undefined;
  const found = read(kind, row, root);
  known.set(kind.table, found);
  return found;
};
