// The header of a gzip member (RFC 1952 section 2.3), read strictly. Pure.
import { refuseArchive } from './archive-refusal.ts';

/** No file name that a tool writes here is longer; the header is read from at most this many bytes and ten. */
const MAX_FILE_NAME = 1_024;
export const LONGEST_HEADER = 10 + MAX_FILE_NAME;

const MAGIC = [0x1f, 0x8b] as const;
const DEFLATE = 8;
const TEXT = 0x01;
const FILE_NAME = 0x08;
// pigz, GNU gzip and bsdtar write a name at most; extra fields, comments and header checksums only ever hide bytes.
const KNOWN_FLAGS = TEXT | FILE_NAME;

const refuse = (message: string): never => refuseArchive('tarball_gunzip_failed', message);

export const startsMember = (bytes: Uint8Array): boolean => bytes[0] === MAGIC[0] && bytes[1] === MAGIC[1];

/**
 * How many bytes the header takes that these bytes start with.
 * @throws ArchiveRefused `tarball_gunzip_failed` where there is no whole header, or one with unknown parts
 */
export const gzipHeaderLength = (bytes: Uint8Array): number => {
  if (!startsMember(bytes)) refuse('The body does not start as gzip does (1f 8b).');
  if (bytes.length < 10) refuse('The body ends inside the gzip header.');
  if (bytes[2] !== DEFLATE) refuse('The gzip member is not compressed with deflate.');
  const flags = bytes[3] ?? 0;
  if ((flags & ~KNOWN_FLAGS) !== 0)
    refuse(
      'The gzip header holds extra fields, a comment, a checksum or reserved flags; compress with plain gzip.',
    );
  return (flags & FILE_NAME) === 0 ? 10 : afterFileName(bytes);
};

const afterFileName = (bytes: Uint8Array): number => {
  const end = bytes.subarray(0, LONGEST_HEADER).indexOf(0, 10);
  if (end < 0) refuse('The file name in the gzip header does not end.');
  return end + 1;
};
