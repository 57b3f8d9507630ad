// What a verifying client reads from a base of a registry that does not lie, and what it says of it.
import { describe, expect, it } from 'vitest';
import { formatKnowledgeReference, parseKnowledgeReference } from '../../src/client/knowledge/reference.ts';
import { RequestInvalid } from '../../src/client/request-invalid.ts';
import { parseKnowledgePath } from '../../src/protocol/knowledge-path.ts';
import { BASE, knowledgeWorld, SECOND } from './knowledge-world.ts';

const CURRENT = { base: BASE, selector: 'current' } as const;
const path = parseKnowledgePath;
const answersOf = (checked: readonly { readonly question: string; readonly answer: string }[]) =>
  Object.fromEntries(checked.map(({ question, answer }) => [question, answer]));

describe('a version', () => {
  it('is believed from the root of trust to the leaf that records it, and says where it comes from', async () => {
    const world = await knowledgeWorld();
    const version = await (await world.open()).version(CURRENT);
    expect(version).toMatchObject({
      base: BASE,
      version: world.second.cid,
      keyId: 'authority',
      assurance: 'log+signed',
      manifest: { seq: 2, parent: world.first.cid, proposer: 'human:acme.example:ada' },
      recorded: { index: 5 },
    });
    expect(answersOf(version.checked)).toEqual({
      registry: 'yes',
      root: 'yes',
      keyring: 'yes',
      checkpoint: 'yes',
      current: 'yes',
      manifest: 'yes',
      leaf: 'yes',
      signature: 'yes',
      delegation: 'yes',
    });
  });

  it('that is pinned is the same for ever, whatever is current', async () => {
    const world = await knowledgeWorld();
    const version = await (await world.open()).version({ base: BASE, selector: world.first.cid });
    expect(version).toMatchObject({ version: world.first.cid, manifest: { seq: 1, parent: null } });
    expect(version.checked).toContainEqual({
      question: 'current',
      answer: 'not_checked',
      why: 'a pinned version was asked for',
    });
  });

  it('that is pinned may be taken for its content alone, and that is said', async () => {
    const world = await knowledgeWorld();
    const knowledge = await world.open({ trustPins: true });
    const pinned = await knowledge.version({ base: BASE, selector: world.first.cid });
    expect(pinned).toMatchObject({ assurance: 'content', keyId: undefined, recorded: undefined });
    expect(answersOf(pinned.checked)).toMatchObject({
      manifest: 'yes',
      leaf: 'not_checked',
      signature: 'not_checked',
    });
    expect((await knowledge.version(CURRENT)).assurance).toBe('log+signed');
  });

  it('says that nobody checked what is current where the move of the pointer is not shown', async () => {
    const world = await knowledgeWorld();
    world.bend(/^\/events\//, () => undefined);
    const version = await (await world.open()).version(CURRENT);
    expect(answersOf(version.checked)).toMatchObject({ current: 'not_checked', leaf: 'yes' });
  });
});

describe('documents', () => {
  it('come with the proof that they stand there', async () => {
    const world = await knowledgeWorld();
    const knowledge = await world.open();
    const version = await knowledge.version(CURRENT);
    for (const [name, text] of Object.entries(SECOND)) {
      const got = await knowledge.get(version, path(name));
      expect(got.found && Buffer.from(got.bytes).toString()).toBe(text);
      expect(answersOf(got.checked)).toMatchObject({ entry: 'yes', document: 'yes' });
    }
  });

  it('that are not there are proven not to be', async () => {
    const world = await knowledgeWorld();
    const knowledge = await world.open();
    const got = await knowledge.get(await knowledge.version(CURRENT), path('glossary.md'));
    expect(got.found).toBe(false);
    expect(answersOf(got.checked)).toMatchObject({ entry: 'yes' });
  });

  it('are listed a page at a time, each page proven to be whole', async () => {
    const world = await knowledgeWorld();
    const knowledge = await world.open();
    const version = await knowledge.version({ base: BASE, selector: world.first.cid });
    const page = await knowledge.list(version, { limit: 2 });
    expect(page.entries.map((each) => each.path)).toEqual(['claims/refunds.md', 'claims/travel.md']);
    expect(page.entries[1]?.entry.meta).toEqual({ language: 'en' });
    const rest = await knowledge.list(version, { limit: 2, after: page.next });
    expect(rest.entries.map((each) => each.path)).toEqual(['glossary.md']);
    expect(rest.next).toBeUndefined();
    const some = await knowledge.list(version, { prefix: 'claims/t' });
    expect(some.entries.map((each) => each.path)).toEqual(['claims/travel.md']);
  });

  it('are listed where the blocks of entries do not come along, too', async () => {
    const world = await knowledgeWorld();
    world.bend(/entries\?/, ({ entry_blocks: _, ...body }) => body);
    const knowledge = await world.open();
    const page = await knowledge.list(await knowledge.version(CURRENT));
    expect(page.entries.map((each) => each.entry.mediaType)).toEqual(Array(3).fill('text/markdown'));
  });
});

describe('a search', () => {
  it('gives hits whose scores are counted anew, and says that it may have left some out', async () => {
    const world = await knowledgeWorld();
    const knowledge = await world.open();
    const version = await knowledge.version({ base: BASE, selector: world.first.cid });
    const found = await knowledge.search(version, { query: 'Refunds', documents: true });
    expect(found.hits.map((hit) => [hit.path, hit.score])).toEqual([
      ['claims/refunds.md', 2],
      ['glossary.md', 2],
    ]);
    expect(answersOf(found.checked)).toMatchObject({ hits: 'yes', scores: 'yes', page: 'not_checked' });
    const quick = await knowledge.search(version, { query: 'Refunds' });
    expect(answersOf(quick.checked)).toMatchObject({ scores: 'not_checked' });
    expect((await knowledge.search(version, { query: 'nowhere' })).hits).toEqual([]);
  });

  it('has words, or is not asked', async () => {
    const knowledge = await (await knowledgeWorld()).open();
    const version = await knowledge.version(CURRENT);
    await expect(knowledge.search(version, { query: ' ?! ' })).rejects.toThrow(RequestInvalid);
  });
});

describe('a difference', () => {
  it('is all of it, both ways', async () => {
    const world = await knowledgeWorld();
    const knowledge = await world.open();
    const from = await knowledge.version({ base: BASE, selector: world.first.cid });
    const to = await knowledge.version(CURRENT);
    const { differences, next } = await knowledge.diff(from, to);
    expect(differences.map((each) => [each.path, each.before !== null, each.after !== null])).toEqual([
      ['claims/refunds.md', true, true],
      ['claims/water.md', false, true],
      ['glossary.md', true, false],
    ]);
    expect(next).toBeUndefined();
    const page = await knowledge.diff(from, to, { limit: 1, after: 'claims/refunds.md' });
    expect(page.differences.map((each) => each.path)).toEqual(['claims/water.md']);
    expect(page.next).toBe('claims/water.md');
    expect((await knowledge.diff(to, to)).differences).toEqual([]);
  });
});

describe('an event', () => {
  it('is opened, held against its leaf, and found in the log', async () => {
    const world = await knowledgeWorld();
    const { id = '', index } = world.event('KnowledgeBaseVersionCreated') ?? {};
    const checked = await (await world.open()).checkEvent(id);
    expect(checked).toMatchObject({ recorded: { index }, event: { kind: 'KnowledgeBaseVersionCreated' } });
  });
});

describe('a reference', () => {
  it('names the current version, or pins one', async () => {
    const { first } = await knowledgeWorld();
    expect(parseKnowledgeReference(BASE)).toEqual(CURRENT);
    expect(parseKnowledgeReference(`${BASE}@current`)).toEqual(CURRENT);
    const pinned = { base: BASE, selector: first.cid };
    expect(parseKnowledgeReference(formatKnowledgeReference(pinned))).toEqual(pinned);
  });

  it.each(['kb:acme.example:claims', `${BASE}@`, `${BASE}@latest`, `${BASE}@current@current`, ''])(
    'is never read out of %j',
    (text) => {
      expect(() => parseKnowledgeReference(text)).toThrow(RequestInvalid);
    },
  );
});
