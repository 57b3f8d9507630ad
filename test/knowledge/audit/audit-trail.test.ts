// What happens to a base is on record or does not happen, and no byte of a record can be changed unnoticed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { equalBytes } from '../../../keys/bytes.ts';
import { openEvent } from '../../../src/protocol/event.ts';
import { OWN_KINDS } from '../../../src/protocol/knowledge/event-kinds.ts';
import {
  addMember,
  BASE,
  blobOf,
  currentOf,
  decide,
  propose,
  publish,
  startWorkforce,
  type Workforce,
} from '../world/workforce.ts';

let the: Workforce;
beforeAll(async () => {
  the = await startWorkforce();
});
afterAll(() => the.stop());

interface StoredEvent {
  readonly id: string;
  readonly kind: string;
  readonly leaf: Buffer;
  readonly sealed: Buffer;
}

const eventsOfBase = (): Promise<StoredEvent[]> =>
  the.registry.sql<StoredEvent[]>`
    select id, kind, leaf, sealed from events where subject = ${BASE} order by xact, ordinal`;

const told = ({ sealed }: StoredEvent) => JSON.parse(sealed.toString('utf8'));

/** Whether somebody who has the leaf would take the event for what it stands for. */
const isBelieved = (event: Uint8Array, leaf: Uint8Array): boolean => {
  try {
    return equalBytes(openEvent(event).leaf, leaf);
  } catch {
    return false;
  }
};

describe('the record of a base', () => {
  it('leads from a move of the pointer back to what it began with, and stops where one byte is another', async () => {
    const { author, reviewer } = the;
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const proposed = await propose(author, { files: { 'a.md': 'A.' }, headers: { traceparent } });
    await decide(reviewer, proposed.json, 'accept');
    const events = await eventsOfBase();
    const byId = new Map(events.map((event) => [event.id, event]));
    const last = events.findLast(({ kind }) => kind === 'KnowledgeBaseCurrentPointerMoved');
    const chain: string[] = [];
    for (let at = last; at !== undefined; at = byId.get(told(at).causationId)) chain.push(at.kind);
    expect(chain).toEqual([
      'KnowledgeBaseCurrentPointerMoved',
      'KnowledgeBaseVersionCreated',
      'KnowledgeContributionAccepted',
      'KnowledgeContributionReviewOpened',
      'KnowledgeContributionProposed',
    ]);
    const first = events.find(({ kind }) => kind === 'KnowledgeContributionProposed') as StoredEvent;
    expect(told(first).traceparent).toMatch(
      /^00-0af7651916cd43dd8448eb211c80319c-(?!b7ad6b7169203331)[0-9a-f]{16}-01$/,
    );
    for (const { sealed, leaf } of events) {
      expect(isBelieved(sealed, leaf)).toBe(true);
      for (let at = 0; at < sealed.length; at += 1) {
        const flipped = Buffer.from(sealed);
        flipped[at] = (flipped[at] ?? 0) ^ 1;
        expect(isBelieved(flipped, leaf), `byte ${at}`).toBe(false);
      }
    }
  });

  it('holds nothing that people wrote, and marks the kinds that are not of the protocol', async () => {
    const { author, reviewer, verifier } = the;
    const secret = 'Zanzibar';
    const more = { summary: secret, sources: [{ uri: `https://acme.example/${secret}` }] };
    const proposed = await propose(author, { files: { [`${secret}.md`]: secret }, more });
    await verifier.call('POST', `/knowledge/v1/contributions/${proposed.json.contribution_id}/verdicts`, {
      body: { revision_digest: proposed.json.revision_digest, verdict: 'pass' },
    });
    await decide(reviewer, proposed.json, 'accept');
    await author.call('GET', `/knowledge/v1/bases/${BASE}/versions/current/search?q=${secret}`);
    for (const event of await eventsOfBase()) {
      const text = `${event.sealed.toString('utf8')}${event.leaf.toString('utf8')}`;
      expect(text.includes(secret), event.kind).toBe(false);
      const isOwn = (OWN_KINDS as readonly string[]).includes(event.kind);
      expect(told(event).data.event_type_authority, event.kind).toBe(isOwn ? 'attestry' : undefined);
    }
  });

  it('that cannot be written lets nothing be accepted, given out or refused in silence', async () => {
    const { author, reviewer, registry } = the;
    await publish(author, reviewer, { 'b.md': 'B.' });
    const before = await currentOf(author);
    const { json } = await propose(author, { files: { 'c.md': 'C.' } });
    await registry.sql`create function refuse_events() returns trigger language plpgsql as
      $$ begin raise exception 'the audit is down'; end $$`;
    await registry.sql`create trigger audit_down before insert on events execute function refuse_events()`;
    const accepted = await decide(reviewer, json, 'accept');
    const read = await author.call('GET', `/knowledge/v1/bases/${BASE}/versions/current/entries/b.md`);
    await registry.sql`drop trigger audit_down on events`;
    expect(accepted.status).toBeGreaterThanOrEqual(500);
    expect({ status: read.status, error: read.json.error }).toEqual({
      status: 503,
      error: 'audit_unavailable',
    });
    expect(read.bytes.toString()).not.toContain('B.');
    expect(await currentOf(author)).toBe(before);
    const [row] = await registry.sql<{ state: string; versions: number }[]>`
      select state, (select count(*) from knowledge_versions where contribution = id) as versions
      from knowledge_contributions where id = ${json.contribution_id}`;
    expect(row).toEqual({ state: 'in_review', versions: 0 });
    expect((await decide(reviewer, json, 'accept')).status).toBe(200);
  });
});

describe('a document that stands in a version', () => {
  const at = (text: string) => `/knowledge/v1/bases/${BASE}/documents/${blobOf(text)}`;

  it('is given out by its own id only on record, and to whoever may retrieve it', async () => {
    const { author, reviewer, registry } = the;
    const proposed = await propose(author, { files: { 'd.md': 'Proposed only.' } });
    const early = await reviewer.call('GET', at('Proposed only.'));
    expect({ status: early.status, event: early.headers.get('attestry-event') }).toEqual({
      status: 200,
      event: null,
    });
    await decide(reviewer, proposed.json, 'accept');
    const read = await reviewer.call('GET', at('Proposed only.'));
    expect(read.bytes.toString()).toBe('Proposed only.');
    const id = read.headers.get('attestry-event') ?? '';
    const [event] = await registry.sql<{ kind: string }[]>`select kind from events where id = ${id}`;
    expect(event?.kind).toBe('CapabilityInvoked');
    const replayed = await reviewer.call('POST', `/knowledge/v1/retrievals/${id}/replay`, { body: {} });
    expect(replayed.json.outcome).toBe('match');
    const blind = await addMember(registry, 'human:acme.example:blind', {
      operations: ['review', 'propose'],
    });
    const refused = await blind.call('GET', at('Proposed only.'));
    expect({ status: refused.status, error: refused.json.error }).toEqual({
      status: 403,
      error: 'authority_denied',
    });
  });
});
