// The public Ed25519 vectors of Wycheproof and CCTV, where they lie beside the checkout.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as noble from '@noble/ed25519';
import { describe, expect, it } from 'vitest';
import { decodeHex, utf8 } from '../../keys/bytes.ts';
import { type SignedMessage, verify, verifyPortable } from '../../keys/ed25519.ts';
import { ROOT } from '../world/source.ts';

const FOLDER = join(ROOT, '../shared/vectors/ed25519');
const load = (name: string): unknown => JSON.parse(readFileSync(join(FOLDER, name), 'utf8'));
const bytes = (hex: string): Uint8Array => decodeHex(hex) ?? new Uint8Array();
const isThere = existsSync(FOLDER);

interface Wycheproof {
  readonly testGroups: readonly {
    readonly publicKey: { readonly pk: string };
    readonly tests: readonly { tcId: number; msg: string; sig: string; result: string }[];
  }[];
}
interface Cctv {
  readonly number: number;
  readonly key: string;
  readonly sig: string;
  readonly msg: string;
  readonly flags: readonly string[] | null;
}

const strictNoble = ({ signature, message, publicKey }: SignedMessage): boolean => {
  try {
    return noble.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
};

describe.skipIf(!isThere)(
  `public vectors${isThere ? '' : ' (skipped: no ../shared/vectors/ed25519)'}`,
  () => {
    it('Wycheproof: valid is accepted and invalid refused, natively and portably', () => {
      const { testGroups } = load('wycheproof-ed25519.json') as Wycheproof;
      const wrong = testGroups.flatMap(({ publicKey, tests }) =>
        tests.filter(({ msg, sig, result }) => {
          const signed = { publicKey: bytes(publicKey.pk), message: bytes(msg), signature: bytes(sig) };
          return [verify(signed), verifyPortable(signed)].some((verdict) => verdict !== (result === 'valid'));
        }),
      );
      expect(wrong.map(({ tcId }) => tcId)).toEqual([]);
      expect(testGroups.length).toBeGreaterThan(10);
    });

    const cctv = () =>
      (load('cctv-ed25519.json') as readonly Cctv[]).map((each) => {
        const signed = { publicKey: bytes(each.key), message: utf8(each.msg), signature: bytes(each.sig) };
        return { ...each, flags: each.flags ?? [], signed };
      });

    it('CCTV: what passes natively passes strict noble', () => {
      const passed = cctv().filter(({ signed }) => verify(signed));
      expect(passed.filter(({ signed }) => !strictNoble(signed))).toEqual([]);
      expect(passed.length).toBeGreaterThan(0);
    });

    it('CCTV: small-order and non-canonical keys and Rs are refused by both', () => {
      const flaws = ['low_order_A', 'low_order_R', 'non_canonical_A', 'non_canonical_R'];
      const flawed = cctv().filter(({ flags }) => flags.some((flag) => flaws.includes(flag)));
      expect(flawed.filter(({ signed }) => verify(signed) || verifyPortable(signed))).toEqual([]);
      expect(flawed.length).toBeGreaterThan(500);
    });

    it('CCTV: the two differ only where a small-order residue remains, and there the native one refuses', () => {
      const differing = cctv().filter(({ signed }) => verify(signed) !== verifyPortable(signed));
      expect(differing.every(({ flags }) => flags.includes('low_order_residue'))).toBe(true);
      expect(differing.some(({ signed }) => verify(signed))).toBe(false);
      expect(differing.length).toBeGreaterThan(0);
    });
  },
);
