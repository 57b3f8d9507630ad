// What somebody signs who decides about a contribution: one spelling, bound to one revision.
import { describe, expect, it } from 'vitest';
import { fromUtf8, utf8 } from '../../../keys/bytes.ts';
import { canonicalBytes } from '../../../keys/canonical.ts';
import { ContentError } from '../../../src/protocol/content-errors.ts';
import type { NamedDigest } from '../../../src/protocol/knowledge/changes.ts';
import {
  DECISION_PAYLOAD_TYPE,
  DECISION_WORDS,
  type Decision,
  makeDecision,
  parseDecision,
} from '../../../src/protocol/knowledge/decision.ts';
import { type BaseId, contributionIdOf, type PrincipalId } from '../../../src/protocol/knowledge/ids.ts';

const BASE = 'kb:acme.example:claims:policy-wording' as BaseId;
const DIGEST: NamedDigest = `sha256:${'ab'.repeat(32)}`;

const DECISION: Decision = {
  contribution_id: contributionIdOf(BASE, '01hzy0000000000000000000aa'),
  knowledge_base_id: BASE,
  revision: 2,
  revision_digest: DIGEST,
  decision: 'accept',
  actor: 'human:acme.example:ada' as PrincipalId,
};

const problemsOf = (payload: Uint8Array): unknown => {
  try {
    parseDecision(payload);
  } catch (error) {
    if (error instanceof ContentError && error.code === 'decision_form') return error.details;
    throw error;
  }
  return undefined;
};

describe('a decision', () => {
  it('is canonical JSON under a type of its own', () => {
    const { payloadType, payload } = makeDecision(DECISION);
    expect(payloadType).toBe(DECISION_PAYLOAD_TYPE);
    expect(fromUtf8(payload)).toBe(
      `{"actor":"human:acme.example:ada","contribution_id":"contribution:acme.example:claims:policy-wording:01hzy0000000000000000000aa","decision":"accept","knowledge_base_id":"${BASE}","revision":2,"revision_digest":"${DIGEST}","v":1}`,
    );
  });

  it.each(DECISION_WORDS)('to %s is read back as it was made', (decision) => {
    const made = { ...DECISION, decision };
    expect(parseDecision(makeDecision(made).payload)).toEqual(made);
  });

  it.each<[string, object]>([
    ['of another form', { v: 2 }],
    ['with another word', { decision: 'approved' }],
    ['about no revision', { revision: 0 }],
    ['about half a revision', { revision: 1.5 }],
    ['about another base than the contribution is of', { knowledge_base_id: 'kb:acme.example:claims:other' }],
    ['about no contribution', { contribution_id: BASE }],
    ['about a digest in capitals', { revision_digest: DIGEST.toUpperCase() }],
    ['by nobody', { actor: 'account:acme' }],
    ['with something more', { note: 'and another thing' }],
  ])('%s is refused', (_name, change) => {
    expect(problemsOf(canonicalBytes({ v: 1, ...DECISION, ...change }))).toBeDefined();
  });

  it('without a member, in another spelling, or of another kind of value is refused', () => {
    const { actor: _, ...rest } = DECISION;
    expect(problemsOf(canonicalBytes({ v: 1, ...rest }))).toBeDefined();
    const text = fromUtf8(makeDecision(DECISION).payload) ?? '';
    expect(problemsOf(utf8(text.replace(':', ': ')))).toMatchObject({ reason: 'json_not_canonical' });
    for (const other of ['null', '[]', '"v"', '7', '', '\u0000'])
      expect(problemsOf(utf8(other))).toBeDefined();
    expect(problemsOf(new Uint8Array(5_000))).toMatchObject({ expectedBytes: 4_096 });
  });

  it('that could not be read back is not made', () => {
    expect(() => makeDecision({ ...DECISION, revision: 0 })).toThrow(ContentError);
  });
});
