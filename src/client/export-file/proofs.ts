// Makes the proof of each version out of the entries and tiles of an export: nobody need carry what follows from them.
import { utf8 } from '../../../keys/bytes.ts';
import type { SignedCheckpoint } from '../../protocol/checkpoint.ts';
import { proveInclusion, TILE_WIDTH } from '../../protocol/tiles.ts';
import { formatTlogProof } from '../../protocol/tlog-proof.ts';
import { fetchEntries } from '../audit/fetch.ts';
import type { LogAddresses } from '../discovery.ts';
import type { RegistryReader } from '../registry-reader.ts';
import { tileReader } from '../tile-cache.ts';
import type { Derive } from './export-transport.ts';

export interface ProofDeps {
  readonly reader: RegistryReader;
  readonly addresses: LogAddresses;
  readonly head: SignedCheckpoint;
  /** Where the log records a version. */
  readonly recorded: (name: string, version: string) => { readonly position: number } | undefined;
}

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

interface Asked {
  readonly name: string;
  readonly version: string;
}

/** Undefined where it is no text that was encoded. */
const plain = (name: string, version: string): Asked | undefined => {
  try {
    return { name: decodeURIComponent(name), version: decodeURIComponent(version) };
  } catch {
    return undefined;
  }
};

/** Reads what `addressOf` has written; undefined for any other path. */
const proofReader = (template: string) => {
  const form = literal(template)
    .replace('\\{name\\}', '(?<name>[^/]+)')
    .replace('\\{version\\}', '(?<version>[^/]+)');
  const pattern = new RegExp(`^${form}$`);
  return (path: string): Asked | undefined => {
    const { name, version } = pattern.exec(path)?.groups ?? {};
    if (name === undefined || version === undefined) return undefined;
    return plain(name, version);
  };
};

/** A proof under the head that was believed, whether or not the export holds one. */
export const proving = ({ reader, addresses, head, recorded }: ProofDeps): Derive => {
  const askedBy = proofReader(addresses.versionProof);
  const readTile = tileReader(reader, addresses.tile);
  return async (path) => {
    const asked = askedBy(path);
    const position = asked && recorded(asked.name, asked.version)?.position;
    if (position === undefined) return undefined;
    const index = Math.floor(position / TILE_WIDTH);
    const width = Math.min(head.size - index * TILE_WIDTH, TILE_WIDTH);
    const entries = await fetchEntries(reader, addresses.tile, index, width);
    const extra = entries === 'malformed' ? undefined : entries?.[position - index * TILE_WIDTH];
    const proof = await proveInclusion(position, head.size, readTile);
    return utf8(formatTlogProof({ extra, index: position, path: proof, checkpoint: head.note }));
  };
};
