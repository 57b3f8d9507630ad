// Headers under damage: ranges, tags, tokens, statements, digests and versions.
import type { IncomingMessage } from 'node:http';
import { expect } from 'vitest';
import { isToken, newSecret, readBearer } from '../../src/access/tokens.ts';
import { clientAddress } from '../../src/http/client-address.ts';
import { isNotModified, requestedRange } from '../../src/http/conditional.ts';
import { versionProblem } from '../../src/http/protocol-version.ts';
import { majorAsked } from '../../src/packs/testing/version-header.ts';
import { Fault } from '../../src/protocol/faults.ts';
import {
  MAX_STATEMENT_CHARS,
  readStatementHeader,
  writeStatementHeader,
} from '../../src/protocol/statement-envelope.ts';
import { StatementError } from '../../src/protocol/statement-errors.ts';
import { digestBytes, digestOfIntegrity, integrityOf, parseDigest } from '../../storage/digest.ts';
import { fuzz, thrownAs } from './harness.ts';

const SIZE = 1_000;
const ETAG = '"sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="';

fuzz({
  parser: 'range',
  read: (input) => {
    const found = requestedRange(input.toString('latin1'), undefined, ETAG, SIZE);
    if (found === undefined || found === 'unsatisfiable') return;
    expect(0 <= found.start && found.start <= found.end && found.end < SIZE).toBe(true);
  },
});

fuzz({
  parser: 'if-none-match',
  read: (input) => {
    const text = input.toString('latin1');
    if (isNotModified(text, ETAG)) expect(text.includes(ETAG) || text.trim() === '*').toBe(true);
  },
});

fuzz({
  parser: 'authorization',
  read: (input) => {
    const token = readBearer(input.toString('latin1'));
    if (token !== undefined) expect(isToken(token)).toBe(true);
  },
  // Made here, since nothing that looks like a token lies in a file.
  also: [Buffer.from(`Bearer ${newSecret()}`)],
});

fuzz({
  parser: 'statement-header',
  read: (input) => {
    const envelope = readStatementHeader(input.toString('latin1'));
    expect(readStatementHeader(writeStatementHeader(envelope))).toEqual(envelope);
  },
  refuses: thrownAs(StatementError),
  longest: MAX_STATEMENT_CHARS,
});

fuzz({
  parser: 'digest',
  read: (input) => {
    const text = input.toString('latin1');
    const digest = digestOfIntegrity(text) ?? parseDigest(text);
    if (digest === undefined) return;
    expect(digestOfIntegrity(integrityOf(digest))).toBe(digest);
    expect(digestBytes(digest).length).toBe(32);
  },
});

fuzz({
  parser: 'version-header',
  read: (input) => {
    const text = input.toString('latin1');
    for (const path of ['/v1/x', '/v2/x', '/conformance/seams/x', '/access/x'])
      expect([undefined, 'protocol_version_mismatch', 'protocol_version_unsupported']).toContain(
        versionProblem(path, text)?.code,
      );
    majorAsked(text);
  },
  refuses: thrownAs(Fault),
});

const asked = (forwarded: string): IncomingMessage =>
  ({
    headers: { 'x-forwarded-for': forwarded },
    socket: { remoteAddress: '192.0.2.1' },
  }) as unknown as IncomingMessage;

fuzz({
  parser: 'forwarded-for',
  read: (input) => {
    for (const proxies of [0, 1, 16, ['192.0.2.0/24', '2001:db8::/32']]) {
      const found = clientAddress(proxies)(asked(input.toString('latin1')));
      if (found !== undefined) expect(found).toMatch(/^(?:\d+\.\d+\.\d+\.\d+|[0-9a-f:]+::\/64)$/);
    }
  },
  longest: 16 * 1024,
});
