// A registry at rest in which bases have lived: accepted, refused, rolled back, erased and brought from elsewhere.
import { once } from 'node:events';
import { copyFile, mkdir, readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pino } from 'pino';
import { compose } from '../../src/compose.ts';
import type { BaseId } from '../../src/protocol/knowledge/ids.ts';
import {
  addMember,
  BASE,
  blobOf,
  decide,
  type Member,
  propose,
  publish,
  registerBase,
  registerWorkforce,
  type Served,
  upload,
  verdict,
} from '../knowledge/world/workforce.ts';
import { type Answer, caller, testConfig } from '../world/registry.ts';
import { emptyPlace, type Place, type UpkeepWorld, worldAt } from './upkeep-world.ts';

/** Came as an archive from another registry, and went on here. */
export const BROUGHT = 'kb:acme.example:claims:brought' as BaseId;
/** Where the service accepts by itself what a verifier lets pass; held, and read by nobody while it is paused. */
export const AUTOMATIC = 'kb:acme.example:claims:automatic' as BaseId;
/** Nothing was accepted there yet. */
const UNDECIDED = 'kb:acme.example:claims:undecided' as BaseId;
const BASES = [BASE, BROUGHT, AUTOMATIC, UNDECIDED];

/** So many that the tree has several layers. */
const FILES = 48;

export interface Running extends Served {
  readonly stop: () => Promise<void>;
}

/** A registry on what lies there. */
export const runAt = async ({ dataDir, database }: Place): Promise<Running> => {
  const registry = await compose(testConfig(dataDir, database.url), pino({ level: 'silent' }));
  registry.server.listen(0, '127.0.0.1');
  await once(registry.server, 'listening');
  const { port } = registry.server.address() as AddressInfo;
  return {
    // Nobody calls without saying who.
    call: caller(`http://127.0.0.1:${port}`, 'nobody'),
    stop: async () => {
      registry.server.closeAllConnections();
      registry.server.close();
      await registry.close();
    },
  };
};

const asOperator = async (served: Served, { dataDir }: Place): Promise<Served> => {
  const token = (await readFile(join(dataDir, 'admin-token'), 'utf8')).trim();
  return { call: (method, path, options = {}) => served.call(method, path, { token, ...options }) };
};

export interface Cast {
  readonly steward: Member;
  readonly reviewer: Member;
  readonly author: Member;
  readonly critic: Member;
  /** A worker that the author answers for. */
  readonly scribe: Member;
}

const castOf = async (operator: Served): Promise<Cast> => {
  await registerWorkforce(operator);
  const add = (id: string, more: object = {}) => addMember(operator, id, { bases: BASES, ...more });
  const steward = await add('human:acme.example:sam', { capacities: ['architect', 'operator', 'reviewer'] });
  const reviewer = await add('human:acme.example:rui');
  const author = await add('human:acme.example:ada');
  const critic = await add('worker:acme.example:claims:critic', { owner: reviewer.id });
  const scribe = await add('worker:acme.example:claims:scribe', { owner: author.id });
  return { steward, reviewer, author, critic, scribe };
};

export const ok = (answer: Answer): Answer => {
  if (answer.status < 300) return answer;
  throw new Error(`${answer.status} ${answer.bytes.toString('utf8')}`);
};

export const at = (rest: string, base: BaseId = BASE): string => `/knowledge/v1/bases/${base}${rest}`;

const FIRST = Object.fromEntries(
  Array.from({ length: FILES }, (_, nr) => [`topic/${nr}.md`, `Topic number ${nr}, said once.`]),
);

/** Words that the erased document alone has. */
export const ERASED = 'zebra quagga okapi';

const livesOf = async ({ steward, reviewer, author, critic }: Cast): Promise<void> => {
  await registerBase(steward, { auto_rebase: true });
  const first = await publish(author, reviewer, { ...FIRST, 'a.md': 'alpha alpha beta', 'b.md': ERASED });
  await publish(author, reviewer, { 'a.md': 'alpha two', 'topic/3.md': 'Said again.' });
  const third = await publish(author, reviewer, { 'b.md': null, 'new/c.md': 'gamma', 'topic/4.md': null });
  const stale = { files: { 'late.md': 'rebased by itself' }, on: first };
  const late = ok(await propose(author, stale)).json;
  const rebased = ok(await decide(reviewer, late, 'accept')).json.knowledge_base_version;
  const shadow = ok(await propose(author, { files: { 'shadow.md': 'made, not current' } })).json;
  const made = ok(await decide(reviewer, shadow, 'accept', { shadow: true })).json.knowledge_base_version;
  const move = async (generation: number, body: object) =>
    ok(await steward.call('POST', at('/pointer'), { body, headers: { 'If-Match': `"${generation}"` } }));
  const why = { justification_code: 'trial', justification: 'As agreed.' };
  await move(4, { to_version: made, reason: 'promote', ...why });
  await move(5, { to_version: rebased, reason: 'rollback', ...why });
  await publish(author, reviewer, { 'after.md': 'after going back' });
  await describedBy(author, reviewer);
  ok(
    await steward.call('POST', at('/erasures'), {
      body: { document: blobOf(ERASED), reason_code: 'asked_for', authority: 'ticket:7' },
    }),
  );
  await undecided({ reviewer, author, critic });
  for (const path of ['/versions/current/entries/a.md', `/versions/${third}/search?q=topic`])
    ok(await author.call('GET', at(path)));
  ok(await steward.call('POST', at('/pause'), { body: { reason_code: 'drill' } }));
  ok(await steward.call('POST', at('/resume'), { body: {} }));
};

/** The index does not say all of this entry. */
export const DESCRIBED = 'described.md';

const describedBy = async (author: Member, reviewer: Member): Promise<void> => {
  const change = { ...(await upload(author, DESCRIBED, 'with what is said of it')), meta: { lang: 'en' } };
  const { json: pointer } = ok(await author.call('GET', at('/pointer')));
  const body = { base_version: pointer.knowledge_base_version, changes: [change], summary: 'One more.' };
  const { json } = ok(await author.call('POST', at('/contributions'), { body }));
  ok(await decide(reviewer, json, 'accept'));
};

const undecided = async ({ reviewer, author, critic }: Omit<Cast, 'steward' | 'scribe'>): Promise<void> => {
  const draft = async (name: string) =>
    ok(await propose(author, { files: { [`draft/${name}.md`]: `draft ${name}` } })).json;
  ok(await decide(reviewer, await draft('refused'), 'reject', { reason_code: 'wrong' }));
  ok(await decide(reviewer, await draft('sent-back'), 'request_changes', { reason_code: 'thin' }));
  const withdrawn = await draft('withdrawn');
  ok(
    await author.call('POST', `/knowledge/v1/contributions/${withdrawn.contribution_id}/withdraw`, {
      body: {},
    }),
  );
  const open = await draft('open');
  ok(await verdict(critic, open, 'pass', { criteria: ['sound'], confidence: 0.9 }));
  const { contribution_id, revision_digest } = open;
  const result = { revision_digest, suite: 'links', result: 'pass' };
  ok(await critic.call('POST', `/knowledge/v1/contributions/${contribution_id}/evals`, { body: result }));
  ok(await decide(reviewer, open, 'approve'));
};

const othersOf = async ({ steward, reviewer, critic, scribe, author }: Cast): Promise<void> => {
  await registerBase(steward, { mode: 'verified' }, AUTOMATIC);
  const files = { 'log.md': 'kept by itself' };
  const { json } = ok(await propose(scribe, { files, base: AUTOMATIC, more: { confidence: 0.9 } }));
  ok(await verdict(critic, json, 'pass', { confidence: 0.9 }));
  const back = ok(await propose(scribe, { files: { 'log.md': 'unsure' }, base: AUTOMATIC })).json;
  ok(await verdict(critic, back, 'revise'));
  for (const [path, body] of [
    ['/hold', { reason_code: 'audit' }],
    ['/pause', { reason_code: 'audit', reads: false }],
  ] as const)
    ok(await steward.call('POST', at(path, AUTOMATIC), { body }));
  await registerBase(steward, { rejection: 'quorum', required_approvals: 2 }, UNDECIDED);
  const open = ok(await propose(author, { files: { 'maybe.md': 'maybe' }, base: UNDECIDED })).json;
  ok(await decide(reviewer, open, 'request_changes', { reason_code: 'thin' }));
  ok(await decide(steward, open, 'reject', { reason_code: 'wrong' }));
  const policy = { rejection: 'veto', required_approvals: 2 };
  ok(await steward.call('PUT', at('/policy', UNDECIDED), { body: { contribution_policy: policy } }));
};

const SECRET = 'attestry-knowledge.pem';

/** What another registry of the same authority exports. */
const archiveFrom = async (secretTo: string): Promise<{ version: string; car: Uint8Array }> => {
  const place = await emptyPlace();
  const running = await runAt(place);
  try {
    const { steward, reviewer, author } = await castOf(await asOperator(running, place));
    await registerBase(steward, {}, BROUGHT);
    await publish(author, reviewer, { ...FIRST, 'home.md': 'where it was first' }, BROUGHT);
    const version = await publish(author, reviewer, { 'home.md': 'where it was second' }, BROUGHT);
    const { bytes: car } = ok(await author.call('GET', at(`/versions/${version}/export/car`, BROUGHT)));
    await copyFile(join(place.dataDir, 'keys', SECRET), secretTo);
    return { version, car };
  } finally {
    await running.stop();
    await (await worldAt(place)).clear();
  }
};

export interface KnowledgeWorld extends UpkeepWorld {
  readonly cast: Cast;
}

export const newKnowledgeWorld = async (): Promise<KnowledgeWorld> => {
  const place = await emptyPlace();
  await mkdir(join(place.dataDir, 'keys'), { mode: 0o700 });
  const { version, car } = await archiveFrom(join(place.dataDir, 'keys', SECRET));
  const running = await runAt(place);
  try {
    const cast = await castOf(await asOperator(running, place));
    await livesOf(cast);
    await othersOf(cast);
    await registerBase(cast.steward, {}, BROUGHT);
    const headers = { 'Content-Type': 'application/vnd.ipld.car' };
    ok(await cast.steward.call('POST', at(`/import?version=${version}`, BROUGHT), { body: car, headers }));
    await publish(cast.author, cast.reviewer, { 'home.md': 'where it went on' }, BROUGHT);
    return { ...(await worldAt(place)), cast };
  } finally {
    await running.stop();
  }
};
