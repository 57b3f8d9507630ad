// A witness on loopback (C2SP tlog-witness): it sees that a log only ever grows, and signs that it does; or misbehaves.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeBase64, encodeBase64 } from '../../keys/bytes.ts';
import { publicKeyOf, sign } from '../../keys/ed25519.ts';
import {
  formatWitnessVkey,
  publicKeyFromBytes,
  type Vkey,
  type WitnessVkey,
  witnessVkeyOf,
} from '../../keys/key.ts';
import { openCheckpoint } from '../../src/protocol/checkpoint.ts';
import { LogError } from '../../src/protocol/log-errors.ts';
import { EMPTY_ROOT, isConsistent } from '../../src/protocol/merkle.ts';
import { cosignatureLine, parseNote } from '../../src/protocol/signed-note.ts';
import { parseAddCheckpoint, SIZE_TYPE } from '../../src/protocol/witness.ts';

/** Answers in place of the witness; `honest` is the line it would have signed, had it been asked rightly. */
export type Misbehaviour = (response: ServerResponse, honest: () => Promise<string>) => void;

export interface TestWitness {
  readonly url: string;
  readonly vkey: WitnessVkey;
  /** `vkey url`, as a log is told of it. */
  readonly line: string;
  /** The sizes that were asked about, as `old→new`, in order. */
  readonly asked: readonly string[];
  /** What it has seen of a log; undefined: nothing. */
  seen(origin: string): number | undefined;
  misbehave(how: Misbehaviour | undefined): void;
  /** Makes it forget, or believe that it has seen something else. */
  remember(origin: string, size: number, root: Uint8Array): void;
  close(): Promise<void>;
}

interface Seen {
  readonly size: number;
  readonly root: string;
}

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
};

/** What it has seen lies in a file before anybody is told that it has been seen. */
const memoryIn = (file: string) => {
  const all = (): Record<string, Seen> => JSON.parse(readFileSync(file, 'utf8')) as Record<string, Seen>;
  writeFileSync(file, '{}');
  return {
    of: (origin: string): Seen | undefined => all()[origin],
    keep: (origin: string, seen: Seen): void =>
      writeFileSync(file, JSON.stringify({ ...all(), [origin]: seen })),
  };
};

const send = (response: ServerResponse, status: number, body: string, type = 'text/plain'): void => {
  response.writeHead(status, { 'content-type': type });
  response.end(body);
};

/** @param logKey the key of the one log that it knows. */
export const startWitness = async (
  name: string,
  seed: Uint8Array,
  logKey: () => Vkey,
): Promise<TestWitness> => {
  const folder = mkdtempSync(join(tmpdir(), 'attestry-witness-'));
  const memory = memoryIn(join(folder, 'seen.json'));
  const vkey = witnessVkeyOf(name, publicKeyFromBytes(publicKeyOf(seed)));
  const asked: string[] = [];
  let misbehaviour: Misbehaviour | undefined;

  const lineOver = (text: string): Promise<string> =>
    cosignatureLine(text, vkey, Math.floor(Date.now() / 1_000), async (message) => sign(message, seed));

  const answer = async (body: string, response: ServerResponse): Promise<void> => {
    const { old, proof, checkpoint } = parseAddCheckpoint(body);
    const log = logKey();
    const { text } = parseNote(checkpoint);
    if (misbehaviour !== undefined) return misbehaviour(response, () => lineOver(text));
    if (text.split('\n')[0] !== log.name) return send(response, 404, 'unknown log\n');
    const { size, root } = openCheckpoint(checkpoint, log);
    asked.push(`${old}→${size}`);
    const last = memory.of(log.name) ?? { size: 0, root: encodeBase64(EMPTY_ROOT) };
    if (old > size) return send(response, 400, 'old is larger\n');
    if (old !== last.size) return send(response, 409, `${last.size}\n`, SIZE_TYPE);
    const oldRoot = decodeBase64(last.root) ?? EMPTY_ROOT;
    if (!isConsistent({ oldSize: old, oldRoot, newSize: size, newRoot: root, proof }))
      return send(response, 422, 'not consistent\n');
    memory.keep(log.name, { size, root: encodeBase64(root) });
    send(response, 200, `${await lineOver(text)}\n`);
  };

  const server = createServer((request, response) => {
    if (request.method !== 'POST' || request.url !== '/add-checkpoint') return send(response, 404, '');
    bodyOf(request)
      .then((body) => answer(body, response))
      .catch((error: unknown) => send(response, error instanceof LogError ? 403 : 500, String(error)));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    vkey,
    line: `${formatWitnessVkey(vkey)} ${url}/`,
    asked,
    seen: (origin) => memory.of(origin)?.size,
    misbehave: (how) => {
      misbehaviour = how;
    },
    remember: (origin, size, root) => memory.keep(origin, { size, root: encodeBase64(root) }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
