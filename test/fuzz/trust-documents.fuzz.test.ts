// What trust is read from, under damage: envelopes, roots, keyrings, lists of withdrawals, keys, notes and proofs.
import { expect } from 'vitest';
import { envelopeText, parseEnvelope } from '../../keys/envelope.ts';
import { KeyError } from '../../keys/errors.ts';
import {
  formatPublicKeyHex,
  formatVkey,
  parsePublicKey,
  parsePublicKeyHex,
  parseVkey,
} from '../../keys/key.ts';
import { keyringPayload, parseKeyring } from '../../keys/keyring.ts';
import { parseRoot, rootPayload } from '../../keys/root.ts';
import { parseWithdrawals, withdrawalsPayload } from '../../keys/withdrawals.ts';
import { checkpointText, parseCheckpointText } from '../../src/protocol/checkpoint.ts';
import { openEvent } from '../../src/protocol/event.ts';
import { LogError } from '../../src/protocol/log-errors.ts';
import { formatNote, MAX_NOTE_BYTES, parseNote } from '../../src/protocol/signed-note.ts';
import { parseReleaseStatement, releaseStatementPayload } from '../../src/protocol/statement.ts';
import { StatementError } from '../../src/protocol/statement-errors.ts';
import { formatTlogProof, parseTlogProof } from '../../src/protocol/tlog-proof.ts';
import { addCheckpointBody, parseAddCheckpoint, readWitnesses } from '../../src/protocol/witness.ts';
import { fuzz, thrownAs } from './harness.ts';

const same = (written: Uint8Array | string, input: Buffer): void =>
  expect(Buffer.from(written as string).equals(input), 'one spelling').toBe(true);

fuzz({
  parser: 'envelope',
  read: (input) => {
    const envelope = parseEnvelope(input.toString('utf8'));
    expect(parseEnvelope(envelopeText(envelope))).toEqual(envelope);
  },
  refuses: thrownAs(KeyError),
});

fuzz({
  parser: 'root',
  read: (input) => same(rootPayload(parseRoot(input)), input),
  refuses: thrownAs(KeyError),
});

fuzz({
  parser: 'keyring',
  read: (input) => same(keyringPayload(parseKeyring(input)), input),
  refuses: thrownAs(KeyError),
});

fuzz({
  parser: 'withdrawals',
  read: (input) => same(withdrawalsPayload(parseWithdrawals(input)), input),
  refuses: thrownAs(KeyError),
});

fuzz({
  parser: 'public-key',
  read: (input) => {
    const key = parsePublicKey(input.toString('utf8'));
    expect(parsePublicKeyHex(formatPublicKeyHex(key))).toEqual(key);
  },
  refuses: thrownAs(KeyError),
});

fuzz({
  parser: 'vkey',
  read: (input) => {
    const text = input.toString('utf8');
    expect(formatVkey(parseVkey(text))).toBe(text);
  },
  refuses: thrownAs(KeyError),
});

fuzz({
  parser: 'signed-note',
  read: (input) => {
    const text = input.toString('utf8');
    const note = parseNote(text);
    expect(text.startsWith(note.text)).toBe(true);
    const lines = text
      .slice(note.text.length + 1)
      .split('\n')
      .slice(0, -1);
    expect(formatNote(note.text, lines)).toBe(text);
  },
  refuses: thrownAs(LogError),
  longest: MAX_NOTE_BYTES,
});

fuzz({
  parser: 'checkpoint',
  read: (input) => {
    const text = input.toString('utf8');
    const checkpoint = parseCheckpointText(text);
    expect(parseCheckpointText(checkpointText(checkpoint))).toEqual(checkpoint);
    expect(text.startsWith(checkpointText(checkpoint))).toBe(true);
  },
  refuses: thrownAs(LogError),
});

fuzz({
  parser: 'tlog-proof',
  read: (input) => {
    const text = input.toString('utf8');
    expect(formatTlogProof(parseTlogProof(text))).toBe(text);
  },
  refuses: thrownAs(LogError),
});

fuzz({
  parser: 'add-checkpoint',
  read: (input) => {
    const asked = parseAddCheckpoint(input.toString('utf8'));
    expect(parseAddCheckpoint(addCheckpointBody(asked))).toEqual(asked);
  },
  refuses: thrownAs(LogError),
});

fuzz({
  parser: 'witnesses',
  read: (input) => {
    const { problems } = readWitnesses(input.toString('utf8'));
    for (const problem of problems) expect(problem.length).toBeLessThan(1_000);
  },
  longest: 16 * 1024,
});

fuzz({
  parser: 'release-statement',
  read: (input) => {
    const statement = parseReleaseStatement(input);
    expect(parseReleaseStatement(releaseStatementPayload(statement))).toEqual(statement);
  },
  refuses: thrownAs(StatementError),
});

fuzz({
  parser: 'event',
  read: (input) => {
    const { event, leaf } = openEvent(input);
    expect(typeof event['id']).toBe('string');
    if (event['nonce'] === undefined) same(leaf, input);
  },
  refuses: thrownAs(KeyError, RangeError),
});
