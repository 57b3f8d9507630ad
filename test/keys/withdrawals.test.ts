// The list of withdrawn versions: read strictly, believed from the registrar only, never taken back to an older state.
import { describe, expect, it } from 'vitest';
import { canonicalBytes } from '../../keys/canonical.ts';
import { type Envelope, signEnvelope } from '../../keys/envelope.ts';
import { KEYRING_PAYLOAD_TYPE } from '../../keys/keyring.ts';
import {
  isWithdrawalsExpired,
  MAX_WITHDRAWN,
  parseWithdrawals,
  refuseWithdrawalsRollback,
  verifyWithdrawals,
  WITHDRAWALS_PAYLOAD_TYPE,
  type Withdrawals,
  withdrawalsMark,
  withdrawalsPayload,
} from '../../keys/withdrawals.ts';
import { LATER, NOW, refusalOf, role, rootOf, signer } from './trust-world.ts';

const digest = (digit: string): string => digit.repeat(64);

const withdrawalsOf = (change: Partial<Withdrawals> = {}): Withdrawals => ({
  version: 7,
  issuedAt: '2026-05-31T00:00:00Z',
  expires: '2026-06-07T00:00:00Z',
  treeSize: 500,
  withdrawn: [
    { sha256: digest('1'), kind: 'yanked' },
    { sha256: digest('a'), kind: 'yanked' },
  ],
  ...change,
});

const signed = (
  withdrawals: Withdrawals,
  name: string,
  payloadType = WITHDRAWALS_PAYLOAD_TYPE,
): Promise<Envelope> =>
  signEnvelope({ payloadType, payload: withdrawalsPayload(withdrawals) }, [signer(name)]);

const json = (change: object): Uint8Array =>
  canonicalBytes({ type: 'attestry-withdrawals/v1', ...withdrawalsOf(), ...change });

describe('a list of withdrawn versions', () => {
  it('is read back as it was written, an empty one too', () => {
    expect(parseWithdrawals(withdrawalsPayload(withdrawalsOf()))).toEqual(withdrawalsOf());
    const empty = withdrawalsOf({ withdrawn: [] });
    expect(parseWithdrawals(withdrawalsPayload(empty))).toEqual(empty);
  });

  it('may name kinds that its reader does not know', () => {
    const withdrawn = [{ sha256: digest('1'), kind: 'recalled-by-law' }];
    expect(parseWithdrawals(json({ withdrawn })).withdrawn).toEqual(withdrawn);
  });

  it.each([
    ['of another type', { type: 'attestry-keyring/v1' }, '/type'],
    ['with a member of its own', { note: 'x' }, ''],
    ['of version 0', { version: 0 }, '/version'],
    ['over less than nothing', { treeSize: -1 }, '/treeSize'],
    ['that expires before it was issued', { expires: '2026-05-30T00:00:00Z' }, '/expires'],
    [
      'with a digest in capitals',
      { withdrawn: [{ sha256: digest('A'), kind: 'yanked' }] },
      '/withdrawn/0/sha256',
    ],
    ['with half a digest', { withdrawn: [{ sha256: 'ab', kind: 'yanked' }] }, '/withdrawn/0/sha256'],
    [
      'with a kind of two words',
      { withdrawn: [{ sha256: digest('1'), kind: 'not so' }] },
      '/withdrawn/0/kind',
    ],
    ['with a reason', { withdrawn: [{ sha256: digest('1'), kind: 'yanked', reason: 'x' }] }, '/withdrawn/0'],
    [
      'that names one twice',
      { withdrawn: ['1', '1'].map((each) => ({ sha256: digest(each), kind: 'yanked' })) },
      '/withdrawn/1',
    ],
    [
      'that is not sorted',
      { withdrawn: ['2', '1'].map((each) => ({ sha256: digest(each), kind: 'yanked' })) },
      '/withdrawn/1',
    ],
  ])('%s is refused', (_name, change, where) => {
    expect(refusalOf(() => parseWithdrawals(json(change)))).toMatchObject({
      code: 'document',
      details: { where },
    });
  });

  it('holds 65,536 at most, and is refused before anyone signs more', () => {
    const withdrawn = Array.from({ length: MAX_WITHDRAWN + 1 }, (_, index) => ({
      sha256: index.toString(16).padStart(64, '0'),
      kind: 'yanked',
    }));
    expect(refusalOf(() => withdrawalsPayload(withdrawalsOf({ withdrawn }))).details['where']).toBe(
      '/withdrawn',
    );
    const full = withdrawalsOf({ withdrawn: withdrawn.slice(1) });
    expect(parseWithdrawals(withdrawalsPayload(full)).withdrawn).toHaveLength(MAX_WITHDRAWN);
  });

  it('is believed from the registrar only, and only under its own payload type', async () => {
    expect(verifyWithdrawals(rootOf(), await signed(withdrawalsOf(), 'registrar'))).toEqual(withdrawalsOf());
    const stranger = await signed(withdrawalsOf(), 'publisher');
    expect(refusalOf(() => verifyWithdrawals(rootOf(), stranger)).code).toBe('threshold_not_met');
    const disguised = await signed(withdrawalsOf(), 'registrar', KEYRING_PAYLOAD_TYPE);
    expect(refusalOf(() => verifyWithdrawals(rootOf(), disguised)).code).toBe('payload_type');
    const two = rootOf({ registrar: role(2, 'registrar', 'registrar-2') });
    const one = await signed(withdrawalsOf(), 'registrar');
    expect(refusalOf(() => verifyWithdrawals(two, one)).code).toBe('threshold_not_met');
  });

  it('has an end, at which it is expired already', () => {
    expect(isWithdrawalsExpired(withdrawalsOf(), NOW)).toBe(false);
    expect(isWithdrawalsExpired(withdrawalsOf(), new Date('2026-06-07T00:00:00Z'))).toBe(true);
    expect(isWithdrawalsExpired(withdrawalsOf(), LATER)).toBe(true);
    expect(isWithdrawalsExpired(withdrawalsOf(), new Date(Number.NaN))).toBe(true);
  });
});

describe('attack: hiding a yank behind an older list', () => {
  const mark = (change: Partial<Withdrawals> = {}, root = rootOf()) =>
    withdrawalsMark(root, withdrawalsOf(change));
  const refused = (change: Partial<Withdrawals>, root = rootOf()) =>
    refusalOf(() => refuseWithdrawalsRollback(mark(), mark(change, root)));

  it('the first list, the same again and a newer one pass', () => {
    refuseWithdrawalsRollback(undefined, mark());
    refuseWithdrawalsRollback(mark(), mark());
    refuseWithdrawalsRollback(mark(), mark({ version: 8, treeSize: 501, withdrawn: [] }));
  });

  it('an older version is refused with both marks, and so is a newer one over a smaller log', () => {
    expect(refused({ version: 6 })).toMatchObject({
      code: 'withdrawals_rollback',
      details: { seen: { version: 7 }, found: { version: 6 } },
    });
    expect(refused({ version: 8, treeSize: 499 }).code).toBe('withdrawals_rollback');
  });

  it('another list of the same version is a fork', () => {
    expect(refused({ withdrawn: [] }).code).toBe('withdrawals_fork');
  });

  it('a new registrar starts afresh, and is held to its own lists', () => {
    const root = rootOf({ version: 2, registrar: role(1, 'registrar-2') });
    const highest = mark({ version: Number.MAX_SAFE_INTEGER });
    refuseWithdrawalsRollback(highest, mark({ version: 8 }, root));
    expect(
      refusalOf(() => refuseWithdrawalsRollback(mark({ version: 9 }, root), mark({ version: 8 }, root))).code,
    ).toBe('withdrawals_rollback');
  });
});
