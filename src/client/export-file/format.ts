// The one file that a whole registry is carried in: a tar of what it serves, by address, and before it whose that is. Pure.
import { utf8 } from '../../../keys/bytes.ts';
import { canonicalText } from '../../../keys/canonical.ts';
import { TransportError } from '../../network/transport-error.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import { registryBase } from '../network/http-url.ts';
import { type Refusal, refusal } from '../refusal.ts';
import { strictObjectOf } from '../strict-object.ts';

export const EXPORT_FORMAT = 'attestry-registry-export/v1';
export const EXPORT_TYPE = 'application/x-tar';

/** The first entry, and the only one of this name: what a registry serves there is not carried. */
export const HEAD_NAME = 'attestry-export.json';

/** Of the whole file, of what is in it, and of one file in it, which alone is in memory. */
export const MAX_EXPORT_BYTES = 256 * 1024 ** 3;
export const MAX_EXPORT_FILES = 1_000_000;
/** Letters of all addresses together: they are what is in memory. */
export const MAX_NAMES = 128 * 1024 * 1024;
export const MAX_FILE_BYTES = 64 * 1024 * 1024;
export const MAX_HEAD_BYTES = 4_096;
const MAX_PATH = 1_024;

/** What an export says of itself; nothing in it is believed for being there. */
export interface ExportHead {
  /** Base address of the registry. */
  readonly registry: string;
}

export const unreadable = (reason: string, more: Readonly<Record<string, unknown>> = {}): Refusal =>
  refusal('registry', 'export_unreadable', { reason, ...more });

export const cutOff = (at: number): Refusal => unreadable('cut off', { at });

export const headBytes = ({ registry }: ExportHead): Uint8Array =>
  utf8(`${canonicalText({ format: EXPORT_FORMAT, registry })}\n`);

/** @throws Refusal `export_unreadable` */
export const parseHead = (bytes: Uint8Array): ExportHead => {
  const read = strictObjectOf(bytes);
  if (!read.ok) throw unreadable('JSON', { ...read.problem });
  const { format, registry } = read.object;
  if (format !== EXPORT_FORMAT)
    throw unreadable('format', { expected: EXPORT_FORMAT, found: textOf(format)?.slice(0, 100) ?? null });
  try {
    return { registry: registryBase(textOf(registry) ?? '') };
  } catch (error) {
    if (error instanceof TransportError) throw unreadable(error.message);
    throw error;
  }
};

/** Whether it is an address below that of a registry, as clients ask for it: nothing leads up, or elsewhere. */
export const isServedPath = (path: string): boolean =>
  path.length <= MAX_PATH &&
  path !== `/${HEAD_NAME}` &&
  /^(?:\/[A-Za-z0-9._~%@+-]+)+$/.test(path) &&
  !path.split('/').some((part) => part === '.' || part === '..');
