// The text form of a token: a prefix scanners can find, 256 random bits, and a checksum that catches typing errors.
import { createHash, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

const PREFIX = 'att_';
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const BODY_LENGTH = 43;
const CHECK_LENGTH = 6;
const SHAPE = new RegExp(`^${PREFIX}[0-9A-Za-z]{${BODY_LENGTH + CHECK_LENGTH}}$`);

const inBase62 = (value: bigint, length: number): string => {
  let rest = value;
  let text = '';
  for (let index = 0; index < length; index += 1) {
    text = (DIGITS[Number(rest % 62n)] ?? '') + text;
    rest /= 62n;
  }
  return text;
};

const checkOf = (body: string): string => inBase62(BigInt(crc32(PREFIX + body)), CHECK_LENGTH);

/** @param entropy 32 random bytes. */
const formatToken = (entropy: Uint8Array): string => {
  const body = inBase62(BigInt(`0x${Buffer.from(entropy).toString('hex')}`), BODY_LENGTH);
  return PREFIX + body + checkOf(body);
};

const ENTROPY_BYTES = 32;
export const newSecret = (): string => formatToken(randomBytes(ENTROPY_BYTES));

/** Only what is stored: whoever reads the database cannot use a token. */
export const hashToken = (token: string): Buffer => createHash('sha256').update(token).digest();

/** Whether one of our tokens stands anywhere in a text. */
export const holdsToken = (text: string): boolean => /att_[0-9A-Za-z]{49}/.test(text);

/** Whether a text can be one of our tokens at all. */
export const isToken = (text: string): boolean => {
  if (!SHAPE.test(text)) return false;
  const body = text.slice(PREFIX.length, -CHECK_LENGTH);
  return checkOf(body) === text.slice(-CHECK_LENGTH);
};

/** The token of an `Authorization` header; `undefined` where it cannot be one of ours. */
export const readBearer = (authorization: string | undefined): string | undefined => {
  const token = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
  return token !== undefined && isToken(token) ? token : undefined;
};
