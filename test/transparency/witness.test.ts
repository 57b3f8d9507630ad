// Witnesses sign the newest checkpoint, one that lies or falls silent spoils nothing, and a fork is told loudly.
import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { publicKeyOf, sign } from '../../keys/ed25519.ts';
import { publicKeyFromBytes, vkeyOf, witnessVkeyOf } from '../../keys/key.ts';
import { createDocumentCache } from '../../src/http/document-cache.ts';
import { cosignatureLine, parseNote, verifyCosignature } from '../../src/protocol/signed-note.ts';
import { readWitnesses } from '../../src/protocol/witness.ts';
import { HEAD_TOPIC } from '../../src/transparency/log-documents.ts';
import { readTile } from '../../src/transparency/log-tiles.ts';
import {
  followCosignatures,
  readWitnessed,
  withCosignatures,
} from '../../src/transparency/witness/cosignatures.ts';
import { askWitness } from '../../src/transparency/witness/exchange.ts';
import { askWitnesses } from '../../src/transparency/witness/witnesses.ts';
import { startWitness, type TestWitness } from '../world/witness.ts';
import { type LogWorld, logWorld, ORIGIN } from './log-world.ts';

let world: LogWorld;
let sealer: ReturnType<LogWorld['seal']>;
let witness: TestWitness;
let other: TestWitness;
let said: { level: string; sentence: string; about: unknown }[] = [];

beforeAll(async () => {
  world = await logWorld();
  sealer = world.seal();
  await world.record(3);
  await world.settled(sealer);
});
afterAll(() => world.clear());
beforeEach(async () => {
  said = [];
  await world.sql`truncate witnesses, witnessed_checkpoints, cosignatures`;
  witness = await startWitness('one.example/w', randomBytes(32), world.vkey);
  other = await startWitness('two.example/w', randomBytes(32), world.vkey);
});
afterEach(() => Promise.all([witness.close(), other.close()]));

const grow = async (count: number): Promise<number> => {
  await world.record(count);
  return (await world.settled(sealer)).size;
};

const note = (level: string) => (about: object, sentence: string) =>
  void said.push({ level, sentence, about });

const ask = (...lines: readonly string[]): Promise<void> => {
  const { witnesses, problems } = readWitnesses(lines.join(', '));
  expect(problems).toEqual([]);
  return askWitnesses({
    sql: world.sql,
    now: () => new Date(),
    witnesses,
    newestHead: world.head,
    readTile: readTile({ sql: world.sql, blobs: world.blobs }),
    ask: askWitness(500),
    log: { warn: note('warn'), error: note('error') },
  })();
};

const head = async () => {
  const found = await world.head();
  if (found === undefined) throw new Error('no head');
  return found;
};

const served = async () => {
  const { size, checkpoint } = await head();
  return parseNote(await withCosignatures(world.sql)(size, checkpoint));
};

const witnessed = (cache = createDocumentCache(1_000_000)) =>
  readWitnessed({ sql: world.sql, cache, isOurs: () => true });

const rows = async (): Promise<number> =>
  (await world.sql<{ n: number }[]>`select count(*) as n from cosignatures`)[0]?.n ?? -1;

describe('an honest witness', () => {
  it('signs what it is shown, and its signature is served behind the log’s own', async () => {
    await ask(witness.line);
    const note = await served();
    expect(note.signatures.map(({ name }) => name)).toEqual([ORIGIN, 'one.example/w']);
    expect(verifyCosignature(note, witness.vkey)).toBeGreaterThan(1_700_000_000);
    expect(said).toEqual([]);
  });

  it('is shown a proof from what it saw last, and asked about no head twice', async () => {
    const first = (await head()).size;
    await ask(witness.line);
    const second = await grow(300);
    await ask(witness.line);
    await ask(witness.line);
    const third = await grow(1);
    await ask(witness.line);
    expect(witness.asked).toEqual([`0→${first}`, `${first}→${second}`, `${second}→${third}`]);
    expect(witness.seen(ORIGIN)).toBe(third);
    expect(said).toEqual([]);
  });

  it('may be one of several', async () => {
    await ask(witness.line, other.line);
    const note = await served();
    expect(verifyCosignature(note, witness.vkey)).toBeDefined();
    expect(verifyCosignature(note, other.vkey)).toBeDefined();
  });

  it('that has seen more than is remembered here is asked again from there', async () => {
    const { size, root } = await head();
    witness.remember(ORIGIN, size, root);
    const now = await grow(2);
    await ask(witness.line);
    expect(witness.asked).toEqual([`0→${now}`, `${size}→${now}`]);
    expect(await rows()).toBe(1);
    expect(said).toEqual([]);
  });

  it('that has signed this very head, which was not learned here, signs it again', async () => {
    const { size, root } = await head();
    witness.remember(ORIGIN, size, root);
    await ask(witness.line);
    expect(await rows()).toBe(1);
  });

  it('is asked by one process at a time', async () => {
    await Promise.all([ask(witness.line), ask(witness.line), ask(witness.line)]);
    expect(witness.asked).toHaveLength(1);
  });
});

describe('the newest witnessed checkpoint', () => {
  it('is not there before there is one, and stays while the head moves on', async () => {
    const cache = createDocumentCache(1_000_000);
    const read = witnessed(cache);
    await expect(read()).rejects.toMatchObject({ code: 'not_found' });
    const stop = await followCosignatures(world.sql, () => cache.forget(HEAD_TOPIC));
    await ask(witness.line);
    const { size } = await head();
    await grow(1);
    cache.forget(HEAD_TOPIC);
    const text = Buffer.from((await read()).bytes).toString('utf8');
    expect(text.split('\n')[1]).toBe(String(size));
    expect(verifyCosignature(parseNote(text), witness.vkey)).toBeDefined();
    await stop();
  });

  it('rings in every process that serves checkpoints', async () => {
    let rings = 0;
    const stop = await followCosignatures(world.sql, () => {
      rings += 1;
    });
    const before = rings;
    await ask(witness.line);
    await expect.poll(() => rings).toBeGreaterThan(before);
    await stop();
  });

  it('is one of few that are kept', async () => {
    for (let turn = 0; turn < 20; turn += 1) {
      await grow(1);
      await ask(witness.line);
    }
    expect(await rows()).toBe(16);
    const text = Buffer.from((await witnessed()()).bytes).toString('utf8');
    expect(text.split('\n')[1]).toBe(String((await head()).size));
  });

  it('is not served under a key that the log has no more', async () => {
    await ask(witness.line);
    const cache = createDocumentCache(1_000_000);
    const read = readWitnessed({ sql: world.sql, cache, isOurs: () => false });
    await expect(read()).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('a witness that does not help costs nothing and nobody else:', () => {
  const seed = randomBytes(32);
  const liar = witnessVkeyOf('one.example/w', publicKeyFromBytes(publicKeyOf(seed)));
  const signedBy = (vkey: typeof liar, text: string) =>
    cosignatureLine(text, vkey, 1_800_000_000, async (message) => sign(message, seed));

  const spoils = async (): Promise<void> => {
    await ask(witness.line, other.line);
    const note = await served();
    expect(note.signatures.map(({ name }) => name)).toEqual([ORIGIN, 'two.example/w']);
    expect(said.map(({ level }) => level)).toEqual(['warn']);
  };

  it('a signature by another key under its name', async () => {
    witness.misbehave((response) => {
      void head().then(async ({ checkpoint }) =>
        response.end(`${await signedBy(liar, parseNote(checkpoint).text)}\n`),
      );
    });
    await spoils();
  });

  it('a signature over another checkpoint', async () => {
    witness.misbehave((response) => void signedBy(liar, 'other\n').then((line) => response.end(`${line}\n`)));
    await spoils();
  });

  it('a damaged signature under its very key', async () => {
    witness.misbehave((response, honest) => {
      void honest().then((line) => response.end(`${line.slice(0, -6)}AAAA==\n`));
    });
    await spoils();
  });

  it('what is no signature', async () => {
    witness.misbehave((response) => response.end('hello\n'));
    await spoils();
  });

  it('an answer without an end', async () => {
    witness.misbehave((response) => {
      const pour = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64 * 1024, 0x20)));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    });
    await spoils();
  });

  it('silence', async () => {
    witness.misbehave(() => undefined);
    await spoils();
  });

  it('an answer that falls silent', async () => {
    witness.misbehave((response) => void response.write('— '));
    await spoils();
  });

  it('a redirect', async () => {
    witness.misbehave((response) => {
      response.writeHead(307, { location: other.url });
      response.end();
    });
    await spoils();
  });

  it('sizes without an end', async () => {
    let answers = 0;
    witness.misbehave((response) => {
      answers += 1;
      response.writeHead(409);
      response.end('1\n');
    });
    await spoils();
    expect(answers).toBe(2);
  });

  it('another log than the one it knows', async () => {
    await witness.close();
    witness = await startWitness('one.example/w', randomBytes(32), () =>
      vkeyOf('other.example', world.vkey().publicKey),
    );
    await spoils();
    expect(said[0]?.sentence).toContain('register');
  });

  it('nobody at that address', async () => {
    await witness.close();
    await spoils();
  });
});

describe('a log that a witness has seen otherwise', () => {
  it('is called a fork, loudly, and gets no signature', async () => {
    const { size } = await head();
    witness.remember(ORIGIN, size, new Uint8Array(32).fill(9));
    await grow(1);
    await ask(witness.line);
    expect(said).toHaveLength(1);
    expect(said[0]).toMatchObject({ level: 'error', about: { answer: { kind: 'fork' } } });
    expect(said[0]?.sentence).toMatch(/^FORK/);
    expect(await rows()).toBe(0);
  });

  it('is called a rollback where it was larger', async () => {
    const { size, root } = await head();
    witness.remember(ORIGIN, size + 100, root);
    await ask(witness.line);
    expect(said[0]).toMatchObject({ level: 'error' });
    expect(said[0]?.sentence).toMatch(/^ROLLBACK/);
    expect(await rows()).toBe(0);
  });
});

describe('the list of witnesses', () => {
  it('is read from lines or commas, with blanks forgiven', () => {
    const text = `\n ${witness.line}\n\n${other.line} ,`;
    const { witnesses, problems } = readWitnesses(text);
    expect(problems).toEqual([]);
    expect(witnesses.map(({ url }) => url)).toEqual([witness.url, other.url]);
  });

  it('says everything that is wrong with it at once', () => {
    const { problems } = readWitnesses(`no-key http://a.example, ${witness.line}, x, ${witness.line}`);
    expect(problems).toHaveLength(3);
  });
});
