// A real registry of ours, read by the verifying client: what it proves is believed, and what it takes away is refused.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Knowledge,
  memoryTrustStore,
  openKnowledge,
  parseKnowledgePath,
  Refusal,
  verifyKnowledgeArchive,
} from '../../src/client/index.ts';
import { parseCid } from '../../src/protocol/cid.ts';
import { compareAsBytes } from '../../src/protocol/knowledge-path.ts';
import {
  addMember,
  BASE,
  blobOf,
  type Member,
  publish,
  startWorkforce,
  WORKFORCE,
  type Workforce,
} from '../knowledge/world/workforce.ts';

const CURRENT = { base: BASE, selector: 'current' } as const;
const REFUNDS = parseKnowledgePath('claims/refunds.md');

let world: Workforce;
let reader: Member;
let first: string;

const open = (member: Member, changes: object = {}): Promise<Knowledge> =>
  openKnowledge({
    url: world.registry.url,
    token: member.token,
    principal: member.id,
    store: memoryTrustStore(),
    ...changes,
  });

const refused = async (work: Promise<unknown>): Promise<Refusal> => {
  const outcome = await work.catch((error: unknown) => error);
  expect(outcome).toBeInstanceOf(Refusal);
  return outcome as Refusal;
};

const answers = (checked: readonly { readonly question: string; readonly answer: string }[]) =>
  Object.fromEntries(checked.map(({ question, answer }) => [question, answer]));

const many = Object.fromEntries(
  Array.from({ length: 60 }, (_, at) => [`notes/note-${at}.md`, `Note ${at} about claims.\n`]),
);

beforeAll(async () => {
  world = await startWorkforce();
  reader = await addMember(world.registry, 'human:acme.example:rea', {
    operations: ['retrieve'],
    capacities: [],
  });
  first = await publish(world.author, world.reviewer, {
    [REFUNDS]: 'Refunds within 30 days.\n',
    'claims/wörter – 語.md': 'Refunds, refunds.\n',
    ...many,
  });
});
afterAll(() => world.stop());

describe('a reader who may only read', () => {
  it('believes the current version by every question, and its documents by the version', async () => {
    const knowledge = await open(reader);
    const version = await knowledge.version(CURRENT);
    expect(version).toMatchObject({ version: first, assurance: 'log+signed', manifest: { seq: 1 } });
    expect(Object.values(answers(version.checked))).toEqual(Array(9).fill('yes'));
    const got = await knowledge.get(version, REFUNDS);
    expect(got.found && Buffer.from(got.bytes).toString()).toBe('Refunds within 30 days.\n');
    const absent = await knowledge.get(version, parseKnowledgePath('claims/nothing.md'));
    expect(absent).toMatchObject({ found: false });
  });

  it('lists every document, page by page, and finds them by their words', async () => {
    const knowledge = await open(reader);
    const version = await knowledge.version(CURRENT);
    const paths: string[] = [];
    let after: string | undefined;
    do {
      const page = await knowledge.list(version, { limit: 7, after });
      paths.push(...page.entries.map((entry) => entry.path));
      after = page.next;
    } while (after !== undefined);
    expect(paths).toEqual([...paths].sort(compareAsBytes));
    expect(paths).toHaveLength(62);
    const found = await knowledge.search(version, { query: 'refunds', documents: true });
    expect(found.hits.map((hit) => [hit.path, hit.score])).toEqual([
      ['claims/wörter – 語.md', 2],
      [REFUNDS, 1],
    ]);
    const next = await knowledge.search(version, { query: 'note claims', limit: 40 });
    const rest = await knowledge.search(version, { query: 'note claims', limit: 40, after: next.next });
    expect(next.hits.length + rest.hits.length).toBe(60);
  });

  it('can have the record of his own read opened, and found in the log', async () => {
    const knowledge = await open(reader);
    const got = await knowledge.get(await knowledge.version(CURRENT), REFUNDS);
    const eventId = got.found ? (got.eventId ?? '') : '';
    // The log seals within moments; the proof comes with that.
    await expect
      .poll(async () => (await knowledge.checkEvent(eventId).catch(() => undefined))?.event['kind'])
      .toBe('CapabilityInvoked');
    expect((await refused(knowledge.checkEvent('no-such-event'))).code).toBe('knowledge_not_found');
  });

  it('verifies an export by the id of its version', async () => {
    const address = `/knowledge/v1/bases/${BASE}/versions/${first}/export/car`;
    const { bytes } = await reader.call('GET', address);
    const source = async function* () {
      yield new Uint8Array(bytes);
    };
    const verified = await verifyKnowledgeArchive(source(), { base: BASE, version: parseCid(first) });
    expect(verified.manifest).toMatchObject({ entries: 62 });
  });

  it('reads what is current, and nothing else, where his role grants no more', async () => {
    const role = 'role:acme.example:current-only/v1';
    const verbs = ['get', 'list', 'search'];
    const body = {
      role,
      workforce: WORKFORCE,
      authority_grant: {
        knowledge_bases: [
          { clause: 'kb-1', knowledge_base_id: BASE, operations: ['retrieve'], versions: 'current' },
        ],
        knowledge_capabilities: verbs.map((verb) => ({
          clause: `kc-${verb}`,
          capability_kind: `capability:acme.example:knowledge.${verb}/v1`,
        })),
      },
    };
    expect((await world.registry.call('POST', '/access/roles', { body })).status).toBe(201);
    const member = await addMember(world.registry, 'human:acme.example:cur', {
      operations: ['retrieve'],
      capacities: [],
    });
    await world.registry.call('POST', `/access/principals/${member.id}/role`, { body: { role } });
    const knowledge = await open(member);
    const version = await knowledge.version(CURRENT);
    expect((await knowledge.get(version, REFUNDS)).found).toBe(true);
    expect((await knowledge.list(version, { limit: 5 })).entries).toHaveLength(5);
    const pinned = knowledge.version({ base: BASE, selector: parseCid(first) });
    expect(await refused(pinned)).toMatchObject({
      code: 'knowledge_denied',
      evidence: { fault: 'authority_denied' },
    });
  });

  it('is told nothing of a base that is not his workforce’s', async () => {
    const foreign = { base: 'kb:other.example:claims:handbook' as typeof BASE, selector: 'current' } as const;
    expect((await refused((await open(reader)).version(foreign))).code).toBe('knowledge_not_found');
  });
});

describe('while a base moves on', () => {
  it('nobody reads half of one version and half of the next', async () => {
    const knowledge = await open(reader);
    const version = await knowledge.version(CURRENT);
    const second = await publish(world.author, world.reviewer, {
      [REFUNDS]: 'Refunds within 14 days.\n',
      'notes/note-7.md': null,
    });
    expect((await refused(knowledge.get(version, REFUNDS))).code).toBe('version_moved');
    const now = await knowledge.version(CURRENT);
    expect(now.version).toBe(second);
    const then = await knowledge.version({ base: BASE, selector: parseCid(first) });
    const { differences } = await knowledge.diff(then, now);
    expect(differences.map(({ path, after }) => [path, after === null])).toEqual([
      [REFUNDS, false],
      ['notes/note-7.md', true],
    ]);
    const old = await knowledge.get(then, REFUNDS);
    expect(old.found && Buffer.from(old.bytes).toString()).toBe('Refunds within 30 days.\n');
  });

  it('a rollback is a later move, and is followed', async () => {
    const store = memoryTrustStore();
    const knowledge = await open(reader, { store });
    await knowledge.version(CURRENT);
    const pointer = await world.reviewer.call('GET', `/knowledge/v1/bases/${BASE}/pointer`);
    const moved = await world.reviewer.call('POST', `/knowledge/v1/bases/${BASE}/pointer`, {
      headers: { 'If-Match': `"${pointer.json.generation}"` },
      body: { to_version: first, reason: 'rollback', justification_code: 'wrong-dates' },
    });
    expect(moved.status).toBe(200);
    expect((await (await open(reader, { store })).version(CURRENT)).version).toBe(first);
    expect((await store.recall())?.pointers?.[BASE]).toEqual({
      generation: pointer.json.generation + 1,
      version: first,
    });
  });

  it('what was erased is refused as that, and everything beside it stays proven', async () => {
    const erased = await world.steward.call('POST', `/knowledge/v1/bases/${BASE}/erasures`, {
      body: {
        document: blobOf('Note 3 about claims.\n'),
        reason_code: 'personal-data',
        authority: 'case-17',
      },
    });
    expect(erased.status).toBe(200);
    const knowledge = await open(reader);
    const version = await knowledge.version(CURRENT);
    const gone = knowledge.get(version, parseKnowledgePath('notes/note-3.md'));
    expect((await refused(gone)).code).toBe('content_erased');
    expect((await knowledge.get(version, parseKnowledgePath('notes/note-4.md'))).found).toBe(true);
    expect((await knowledge.list(version, { limit: 100 })).entries).toHaveLength(62);
  });
});
