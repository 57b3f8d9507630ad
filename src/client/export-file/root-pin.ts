// A root that was handed over on a trusted way, told by its digest: the export itself holds the document. Pure.
import { encodeHex } from '../../../keys/bytes.ts';
import { parseEnvelope } from '../../../keys/envelope.ts';
import { KeyError } from '../../../keys/errors.ts';
import { sha256 } from '../../../keys/hash.ts';
import { verifyFirstRoot } from '../../../keys/root.ts';
import type { Discovery } from '../discovery.ts';
import { refusal } from '../refusal.ts';
import type { ExportFile } from './open-export.ts';

export interface RootPin {
  readonly version: number;
  /** Hex, of the payload that its keys sign. */
  readonly sha256: string;
}

/** @throws KeyError where it is no root that its own keys signed */
export const pinOf = (envelope: Uint8Array): RootPin => {
  const parsed = parseEnvelope(envelope);
  return { version: verifyFirstRoot(parsed).version, sha256: encodeHex(sha256(parsed.payload)) };
};

const digestIn = (envelope: Uint8Array): string | undefined => {
  try {
    return encodeHex(sha256(parseEnvelope(envelope).payload));
  } catch (error) {
    if (error instanceof KeyError) return undefined;
    throw error;
  }
};

/** The pinned document, out of the export. @throws Refusal `root_anchor_invalid` where it holds another one, or none */
export const pinnedIn = async (file: ExportFile, { trust }: Discovery, pin: RootPin): Promise<Uint8Array> => {
  const path = trust?.rootVersion.replaceAll('{version}', String(pin.version));
  const envelope = path === undefined ? undefined : await file.read(path);
  const found = envelope && digestIn(envelope);
  if (envelope !== undefined && found === pin.sha256) return envelope;
  const message = `The export does not begin at the root ${pin.version} that was given: it is of another registry, or older than that root.`;
  throw refusal('root', 'root_anchor_invalid', { expected: { ...pin }, found: found ?? null }, message);
};
