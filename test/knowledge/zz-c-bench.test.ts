import { it } from 'vitest';
import { measure } from '../bench/load.ts';
import { remembering } from '../../src/access/remember.ts';
import { findToken, authenticate } from '../../src/access/authenticate.ts';
import { whoActs } from '../../src/access/workforces/acting.ts';
import { authorise } from '../../src/knowledge/authorise.ts';
import { findBase } from '../../src/knowledge/base-store.ts';
import { startRetrievalWorld, mountRetrieval } from './retrieval-world.ts';
import { startBaseWorld } from './base-world.ts';
import Router from '@koa/router';
import { createHttpServer } from '../../src/http/server.ts';
import { isUnavailable } from '../../src/database/transaction.ts';
import { pino } from 'pino';
import { once } from 'node:events';

it('bench', async () => {
  const entries = Object.fromEntries(Array.from({ length: 500 }, (_, at) => [`p/${at}.md`, `text ${at} `.repeat(100)]));
  const world = await startRetrievalWorld({ entries });
  const tokens = remembering(findToken(world.sql));
  const bases = remembering((id) => findBase(world.sql, id as never));
  const start = async (append: boolean, remember: boolean) => {
    const router = new Router({ sensitive: true, strict: true });
    const parts = {
      ...world,
      whoActs: whoActs({
        authenticate: authenticate({ findToken: tokens.find, now: world.now }),
        principalsOf: async () => [world.reader],
      }),
      authorise: remember ? authorise({ findBase: bases.find as never, bindingOf: async () => undefined, recordRefusal: async () => undefined }) : world.authorise,
    };
    mountRetrieval(append ? {} : { append: () => async () => ({ token_ok: true, principal_ok: true }) }, world.stagingFolder, [])(router, parts);
    const server = createHttpServer({ router, ready: () => undefined, log: pino({ level: 'silent' }), isUnavailable });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return { server, url: `http://127.0.0.1:${(server.address() as { port: number }).port}` };
  };
  const run = async (append: boolean, remember: boolean, rest: (at: number) => string, parallel = 32) => {
    const { server, url } = await start(append, remember);
    const request = (at: number) =>
      Buffer.from(`GET ${world.at(`/versions/current${rest(at)}`)} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${world.reader.token}\r\n\r\n`);
    await measure({ url, parallel, milliseconds: 1000, request });
    const found = await measure({ url, parallel, milliseconds: 3000, request });
    server.closeAllConnections(); server.close();
    return found;
  };
  for (const [name, rest] of [['entry', (at: number) => `/entries/p/${at % 500}.md`], ['list', () => '/entries?limit=50'], ['search', () => '/search?q=text%2017']] as const)
    for (const remember of [true, false])
      for (const append of [false, true]) {
        const { perSecond, p99, statuses } = await run(append, remember, rest);
        console.log(name, remember ? 'remembered' : 'findBase', append ? 'audited' : 'bare', Math.round(perSecond), 'p99', p99.toFixed(1), JSON.stringify(statuses));
      }
  await world.stop();
}, 200_000);
