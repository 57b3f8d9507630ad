// The names and text forms of public keys, parsed at the door into types that cannot be wrong. Pure.
import { concatBytes, decodeBase64, decodeHex, encodeBase64, encodeHex, equalBytes, utf8 } from './bytes.ts';
import { KeyError } from './errors.ts';
import { sha256 } from './hash.ts';
import { pointFlaw } from './point.ts';

declare const PUBLIC_KEY: unique symbol;
declare const KEY_ID: unique symbol;

/** 32 bytes: a canonically encoded Ed25519 public key that is not of small order. */
export type PublicKey = Uint8Array & { readonly [PUBLIC_KEY]: true };

/** `^[A-Za-z0-9._~-]{1,128}$`, and neither `.` nor `..`, because it stands in paths. */
export type KeyId = string & { readonly [KEY_ID]: true };

export interface NamedKey {
  readonly keyId: KeyId;
  readonly publicKey: PublicKey;
}

/** A key of a note signer (C2SP signed-note): `id` is the four bytes that stand before its signatures. */
export interface Vkey {
  readonly name: string;
  readonly id: Uint8Array;
  readonly publicKey: PublicKey;
  readonly algorithm?: never;
}

/** A key of a witness, which signs with a time (C2SP tlog-cosignature, cosignature/v1). */
export interface WitnessVkey extends Omit<Vkey, 'algorithm'> {
  readonly algorithm: 'cosignature/v1';
}

const SPKI_PREFIX = decodeHex('302a300506032b6570032100') ?? new Uint8Array();
const VKEY_ED25519 = 0x01;
const VKEY_COSIGNATURE = 0x04;
const MAX_VKEY_NAME = 256;
/** A log's key needs no sentence but the catalogue's. */
const ALGORITHM_EXPECTED: Readonly<Record<number, string>> = {
  [VKEY_COSIGNATURE]:
    'The vkey of a witness is of cosignature/v1 (algorithm byte 4); this one is of another kind.',
};

/** @throws KeyError `key_id` */
export const parseKeyId = (text: string): KeyId => {
  if (!/^[A-Za-z0-9._~-]{1,128}$/.test(text) || text === '.' || text === '..')
    throw new KeyError('key_id', { found: text.slice(0, 200) });
  return text as KeyId;
};

/**
 * Takes a copy of 32 bytes as a public key.
 * @throws KeyError `key_length`, `key_small_order` or `key_non_canonical`
 */
export const publicKeyFromBytes = (bytes: Uint8Array): PublicKey => {
  const flaw = pointFlaw(bytes);
  if (flaw === 'length') throw new KeyError('key_length', { found: bytes.length });
  if (flaw !== undefined) throw new KeyError(`key_${flaw}`, { found: encodeHex(bytes) });
  return Uint8Array.from(bytes) as PublicKey;
};

/** The 44 bytes of a DER SubjectPublicKeyInfo (RFC 8410) around 32 raw bytes. */
export const spkiOf = (publicKey: Uint8Array): Uint8Array => concatBytes(SPKI_PREFIX, publicKey);

const fromDer = (der: Uint8Array | undefined): Uint8Array | undefined =>
  der?.length === 44 && equalBytes(der.subarray(0, 12), SPKI_PREFIX) ? der.subarray(12) : undefined;

/** `SHA256:` and the hex digest of the key's SubjectPublicKeyInfo. */
export const keyFingerprint = (publicKey: PublicKey): string =>
  `SHA256:${encodeHex(sha256(spkiOf(publicKey)))}`;

/** SubjectPublicKeyInfo as PEM: 113 bytes with its one final newline. */
export const formatPublicKeyPem = (publicKey: PublicKey): string =>
  `-----BEGIN PUBLIC KEY-----\n${encodeBase64(spkiOf(publicKey))}\n-----END PUBLIC KEY-----\n`;

/**
 * Line ends and blanks around the PEM are forgiven, as editors and mail change them; its 44 bytes are not.
 * @throws KeyError `key_form` and those of `publicKeyFromBytes`
 */
export const parsePublicKeyPem = (text: string): PublicKey => {
  const lines = /^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=]{60})\n-----END PUBLIC KEY-----$/;
  const raw = fromDer(decodeBase64(lines.exec(text.replaceAll('\r\n', '\n').trim())?.[1] ?? ''));
  if (raw === undefined)
    throw new KeyError('key_form', { expected: 'a PEM SubjectPublicKeyInfo of an Ed25519 key' });
  return publicKeyFromBytes(raw);
};

/** Padded base64 of the SubjectPublicKeyInfo: 60 characters, as OpenWOP keychains carry keys. */
export const formatPublicKeySpki = (publicKey: PublicKey): string => encodeBase64(spkiOf(publicKey));

export const formatPublicKeyBase64 = (publicKey: PublicKey): string => encodeBase64(publicKey);
export const formatPublicKeyHex = (publicKey: PublicKey): string => encodeHex(publicKey);

const decodedKey = (bytes: Uint8Array | undefined): PublicKey => {
  if (bytes === undefined) throw new KeyError('key_form');
  return publicKeyFromBytes(bytes);
};

/** Standard, padded base64 of the 32 raw bytes. Throws like `publicKeyFromBytes`, or `key_form`. */
export const parsePublicKeyBase64 = (text: string): PublicKey => decodedKey(decodeBase64(text));

/** Throws like `publicKeyFromBytes`, or `key_form`. */
export const parsePublicKeySpki = (text: string): PublicKey => decodedKey(fromDer(decodeBase64(text)));

/** 64 hex digits. Throws like `publicKeyFromBytes`, or `key_form`. */
export const parsePublicKeyHex = (text: string): PublicKey => decodedKey(decodeHex(text));

/** Whether a note signer may bear that name: 1 to 256 characters, no `+`, blanks or control characters. */
export const isVkeyName = (name: string): boolean =>
  name.length > 0 && name.length <= MAX_VKEY_NAME && !/[+\p{White_Space}\p{Cc}\p{Surrogate}]/u.test(name);

const vkeyFor = (algorithm: number, name: string, publicKey: PublicKey): Vkey => {
  if (!isVkeyName(name)) throw new KeyError('vkey_form', { name: name.slice(0, 200) });
  const named = concatBytes(utf8(`${name}\n`), Uint8Array.of(algorithm), publicKey);
  return { name, publicKey, id: sha256(named).slice(0, 4) };
};

const vkeyText = (algorithm: number, { name, id, publicKey }: Vkey | WitnessVkey): string =>
  `${name}+${encodeHex(id)}+${encodeBase64(concatBytes(Uint8Array.of(algorithm), publicKey))}`;

// Split at the first two `+`: base64 may hold more of them.
const vkeyFrom = (algorithm: number, text: string): Vkey => {
  const [, name = '', hash = '', encoded = ''] = /^([^+]*)\+([0-9a-f]{8})\+(.*)$/su.exec(text) ?? [];
  const bytes = decodeBase64(encoded);
  if (!isVkeyName(name) || bytes === undefined || bytes.length === 0)
    throw new KeyError('vkey_form', { found: text.slice(0, 200) });
  if (bytes[0] !== algorithm) {
    const evidence = { expected: algorithm, found: bytes[0] };
    throw new KeyError('vkey_algorithm', evidence, ALGORITHM_EXPECTED[algorithm]);
  }
  const vkey = vkeyFor(algorithm, name, publicKeyFromBytes(bytes.subarray(1)));
  if (encodeHex(vkey.id) !== hash)
    throw new KeyError('vkey_hash', { expected: encodeHex(vkey.id), found: hash });
  return vkey;
};

const asWitness = ({ name, id, publicKey }: Vkey): WitnessVkey => ({
  algorithm: 'cosignature/v1',
  name,
  id,
  publicKey,
});

/** @throws KeyError `vkey_form` for a name that is empty, too long, or holds `+`, blanks or control characters */
export const vkeyOf = (name: string, publicKey: PublicKey): Vkey => vkeyFor(VKEY_ED25519, name, publicKey);

/** `<name>+<8 hex>+<base64(0x01 || key)>` (C2SP signed-note). */
export const formatVkey = (vkey: Vkey): string => vkeyText(VKEY_ED25519, vkey);

/** @throws KeyError `vkey_form`, `vkey_algorithm`, `vkey_hash` and those of `publicKeyFromBytes` */
export const parseVkey = (text: string): Vkey => vkeyFrom(VKEY_ED25519, text);

/** Throws like `vkeyOf`. */
export const witnessVkeyOf = (name: string, publicKey: PublicKey): WitnessVkey =>
  asWitness(vkeyFor(VKEY_COSIGNATURE, name, publicKey));

/** `<name>+<8 hex>+<base64(0x04 || key)>` (C2SP tlog-cosignature). */
export const formatWitnessVkey = (vkey: WitnessVkey): string => vkeyText(VKEY_COSIGNATURE, vkey);

/** Throws like `parseVkey`; `vkey_algorithm` for any other kind of key. */
export const parseWitnessVkey = (text: string): WitnessVkey => asWitness(vkeyFrom(VKEY_COSIGNATURE, text));

/**
 * A public key in any form known here: PEM, vkey, hex or base64; blanks around it are forgiven.
 * @throws KeyError with the code of the form the text resembles, else `key_form`
 */
export const parsePublicKey = (text: string): PublicKey => {
  const bare = text.trim();
  if (bare.startsWith('-----')) return parsePublicKeyPem(bare);
  if (/^[^+]+\+[0-9a-f]{8}\+/.test(bare)) return parseVkey(bare).publicKey;
  return /^[0-9a-fA-F]{64}$/.test(bare) ? parsePublicKeyHex(bare) : parsePublicKeyBase64(bare);
};
