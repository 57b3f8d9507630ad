// A base whose pointer people move, and whose log is sealed by hand: what every test of pointers stands on.
import type { Capacity } from '../../../src/access/workforces/binding-store.ts';
import { inTransaction } from '../../../src/database/transaction.ts';
import { type Standing, setStanding } from '../../../src/knowledge/bases/base-store.ts';
import { movePointerByHand } from '../../../src/knowledge/versions/pointer.ts';
import { addPointerRoutes } from '../../../src/knowledge/versions/pointer-routes.ts';
import { pointerHistory, readPointer, resolvePointer } from '../../../src/knowledge/versions/read-pointer.ts';
import type { BaseId } from '../../../src/protocol/knowledge/ids.ts';
import type { Answer } from '../../world/registry.ts';
import type { Actor, ActorOptions } from './actors.ts';
import { type BaseWorld, type BaseWorldOptions, startBaseWorld, type WorldParts } from './base-world.ts';

export interface MoveOptions {
  readonly as?: Actor;
  readonly base?: BaseId;
  /** Of If-Match; the generation of now unless told, null: none is sent. */
  readonly seen?: number | string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface MovingWorld extends BaseWorld {
  /** A human who may move pointers, bound as reviewer. */
  readonly mover: Actor;
  readonly addMover: (
    id: string,
    capacities?: readonly Capacity[],
    more?: Partial<ActorOptions>,
  ) => Promise<Actor>;
  readonly move: (body: object, options?: MoveOptions) => Promise<Answer>;
  readonly generation: (base?: BaseId) => Promise<number>;
  readonly stand: (standing: Standing) => Promise<unknown>;
  /** Gives every event that waits its place in the log. */
  readonly seal: () => Promise<void>;
  readonly moves: (base?: BaseId) => Promise<number>;
}

export const pointerParts = (parts: WorldParts) => {
  const { sql, now, authorise, record, makeEvent: make } = parts;
  const logSize = async () =>
    (await sql<{ size: number }[]>`select count(*) as size from leaves`)[0]?.size ?? 0;
  // Nothing makes proofs in this world.
  const reads = { sql, now, authorise, logSize, findProof: async () => 'late' as const };
  return {
    whoActs: parts.whoActs,
    movePointer: movePointerByHand({ now, authorise, record, make }),
    readPointer: readPointer(reads),
    pointerHistory: pointerHistory(reads),
    resolvePointer: resolvePointer(reads),
  };
};

export const startMovingWorld = async (options: BaseWorldOptions): Promise<MovingWorld> => {
  const world = await startBaseWorld({
    ...options,
    mount: (router, parts) => {
      addPointerRoutes(router, pointerParts(parts));
      options.mount?.(router, parts);
    },
  });
  const { sql } = world;
  const addMover: MovingWorld['addMover'] = (id, capacities = ['reviewer'], more = {}) =>
    world.addActor(id, { operations: ['move_pointer'], verbs: ['move_pointer'], capacities, ...more });
  const mover = await addMover('human:acme.example:mover');
  const generation: MovingWorld['generation'] = async (base = world.id) =>
    (await sql<{ generation: number }[]>`select generation from knowledge_bases where id = ${base}`)[0]
      ?.generation ?? -1;
  return {
    ...world,
    mover,
    addMover,
    generation,
    move: async (body, { as = mover, base = world.id, seen, headers = {} } = {}) => {
      const tag = seen === undefined ? await generation(base) : seen;
      const match = tag === null ? {} : { 'If-Match': typeof tag === 'string' ? tag : `"${tag}"` };
      return world.call('POST', world.at('/pointer', base), { as, body, headers: { ...match, ...headers } });
    },
    stand: (standing) => inTransaction(sql, (tx) => setStanding(tx, world.id, standing)),
    seal: async () => {
      await sql`
        insert into leaves (position, event_id)
        select (select count(*) from leaves) + row_number() over (order by xact, ordinal) - 1, id
        from events where not exists (select from leaves where event_id = events.id)`;
    },
    moves: async (base = world.id) =>
      (
        await sql<{ moves: number }[]>`
        select count(*) as moves from knowledge_pointer_moves where base = ${base}`
      )[0]?.moves ?? -1,
  };
};
