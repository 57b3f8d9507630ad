// The record of a state change: each with an id and a nonce of its own.
import { describe, expect, it } from 'vitest';
import { makeEvent } from '../../src/transparency/append.ts';

const FACTS = {
  kind: 'pack.published',
  actor: 'account:acme',
  subject: 'pack:private.acme.one@1.0.0',
  sealed: true,
  data: {},
} as const;

describe('events made one after the other', () => {
  const make = makeEvent({ now: () => new Date(0) });
  const made = Array.from({ length: 1_000 }, () => make(FACTS));
  const nonces = made.map(({ sealed }) => String(JSON.parse(Buffer.from(sealed ?? []).toString()).nonce));

  it('never share the nonce that keeps what a sealed leaf stands for from being guessed', () => {
    const bytes = nonces.map((nonce) => Buffer.from(nonce, 'base64'));
    for (const each of bytes) expect(each).toHaveLength(32);
    // Nor a part of it.
    const quarters = bytes.flatMap((each) => [0, 8, 16, 24].map((at) => each.toString('hex', at, at + 8)));
    expect(new Set(quarters).size).toBe(made.length * 4);
  });

  it('never share an id', () => {
    expect(new Set(made.map(({ id }) => id)).size).toBe(made.length);
  });
});
