// In a browser there is no Node: the same code falls back to the portable implementation and says the same.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { encodeHex, utf8 } from '../../keys/bytes.ts';
import * as onNode from '../../keys/ed25519.ts';
import { seedOf } from './trust-world.ts';

const seed = seedOf('browser');
const message = utf8('signed in a browser');
const getBuiltinModule = process.getBuiltinModule;

describe('without node:crypto', () => {
  beforeEach(() => {
    vi.resetModules();
    Object.assign(process, { getBuiltinModule: undefined });
  });
  afterEach(() => {
    Object.assign(process, { getBuiltinModule });
    vi.resetModules();
  });

  it('really runs without it', async () => {
    const { nativeCrypto } = await import('../../keys/native.ts');
    expect(nativeCrypto).toBeUndefined();
  });

  it('signs, verifies and derives keys to the same bytes', async () => {
    const portable = await import('../../keys/ed25519.ts');
    const [publicKey, signature] = [portable.publicKeyOf(seed), portable.sign(message, seed)];
    expect(encodeHex(publicKey)).toBe(encodeHex(onNode.publicKeyOf(seed)));
    expect(encodeHex(signature)).toBe(encodeHex(onNode.sign(message, seed)));
    expect(portable.verify({ publicKey, message, signature })).toBe(true);
    expect(portable.verify({ publicKey, message: utf8('Signed'), signature })).toBe(false);
  });

  it('names keys by the same fingerprint', async () => {
    const { keyFingerprint, publicKeyFromBytes } = await import('../../keys/key.ts');
    const key = publicKeyFromBytes(onNode.publicKeyOf(seed));
    const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), key]);
    const { createHash } = await import('node:crypto');
    expect(keyFingerprint(key)).toBe(`SHA256:${createHash('sha256').update(der).digest('hex')}`);
  });
});
