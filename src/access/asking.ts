// What the addresses of this room have in common: who asks, what came in, and how it is answered.
import type { Context } from 'koa';
import { type JsonBody, takeBody } from '../http/body.ts';
import { requireOnly } from '../protocol/findings.ts';
import type { Authenticate } from './authenticate.ts';
import { actorOf, type Principal } from './principal.ts';

export interface AskingDeps {
  readonly authenticate: Authenticate;
}

type Status<Answer> = number | ((answer: Answer) => number);

/** Answers with what `work` returns, once it is known who asks; the status may follow from the answer. */
export const asking =
  <Answer>(the: AskingDeps, status: Status<Answer>, work: (by: Principal, ctx: Context) => Promise<Answer>) =>
  async (ctx: Context): Promise<void> => {
    const by = await the.authenticate(ctx.headers.authorization);
    ctx.state.actor = actorOf(by);
    const body = await work(by, ctx);
    ctx.set('Cache-Control', 'no-store');
    ctx.status = typeof status === 'number' ? status : status(body);
    ctx.body = body ?? null;
  };

/** The members that a body may have, so that none is passed over unheard; null where whoever reads it sees to that. */
type Members = readonly string[] | null;

/**
 * The same where a body belongs to the question: who asks is looked at when all of it is there.
 * @throws Fault validation_error for members of other names
 */
export const askingWith =
  <Answer>(
    the: AskingDeps,
    status: Status<Answer>,
    members: Members,
    work: (by: Principal, body: JsonBody, ctx: Context) => Promise<Answer>,
  ) =>
  async (ctx: Context): Promise<void> => {
    const read = await takeBody(ctx);
    await asking(the, status, (by) => {
      const body = read();
      if (members !== null) requireOnly(body, members);
      return work(by, body, ctx);
    })(ctx);
  };
