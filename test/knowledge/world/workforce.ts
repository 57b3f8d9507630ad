// A registry with a workforce in it: people and agents who act with tokens of their own on a base that one of them owns.
import { randomBytes } from 'node:crypto';
import type { Overrides } from '../../../src/compose.ts';
import { cidOf } from '../../../src/protocol/cid.ts';
import {
  type BaseId,
  CAPABILITY_VERBS,
  OPERATIONS,
  type Operation,
} from '../../../src/protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../../src/protocol/knowledge/policy.ts';
import { type Answer, type CallOptions, startRegistry } from '../../world/registry.ts';

export const WORKFORCE = 'workforce:acme.example:claims';
export const BASE = 'kb:acme.example:claims:handbook' as BaseId;

type Call = (method: string, path: string, options?: CallOptions) => Promise<Answer>;

/** Whoever acts: as principal, with a token of an account of his own. */
export interface Member {
  readonly id: string;
  readonly account: string;
  readonly token: string;
  readonly call: Call;
}

export interface MemberOptions {
  /** On every base of the world; all of them unless told. */
  readonly operations?: readonly Operation[];
  readonly bases?: readonly BaseId[];
  /** Of a worker. */
  readonly owner?: string;
  /** In which a human is bound; as a reviewer and an architect unless told. */
  readonly capacities?: readonly string[];
  readonly account?: string;
}

/** What a registry and its children have in common. */
export interface Served {
  readonly call: Call;
}

const ok = (answer: Answer): Answer => {
  if (answer.status < 300) return answer;
  throw new Error(`${answer.status} ${answer.bytes.toString('utf8')}`);
};

const roleFor = ({ operations = OPERATIONS, bases = [BASE] }: MemberOptions) => ({
  knowledge_bases: bases.map((base, at) => ({
    clause: `kb-${at + 1}`,
    knowledge_base_id: base,
    operations,
    versions: 'any',
  })),
  knowledge_capabilities: CAPABILITY_VERBS.map((verb) => ({
    clause: `kc-${verb}`,
    capability_kind: `capability:acme.example:knowledge.${verb}/v1`,
  })),
});

const traceparent = (): string =>
  `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`;

/** The same caller with the token of a member, and a trace where it is a worker. */
export const as =
  (served: Served, { id, token }: Pick<Member, 'id' | 'token'>): Call =>
  (method, path, { headers = {}, ...options } = {}) =>
    served.call(method, path, {
      token,
      ...options,
      headers: { ...(id.startsWith('worker:') ? { traceparent: traceparent() } : {}), ...headers },
    });

const newAccount = async (served: Served): Promise<{ account: string; token: string }> => {
  const account = `a-${randomBytes(4).toString('hex')}`;
  ok(await served.call('POST', '/access/accounts', { body: { name: account } }));
  const scopes = ['knowledge:read', 'knowledge:write'];
  const { json } = ok(await served.call('POST', '/access/tokens', { body: { account, scopes } }));
  return { account, token: json.token };
};

/** `human:…` or `worker:…` with a role of its own. */
export const addMember = async (served: Served, id: string, options: MemberOptions = {}): Promise<Member> => {
  const { account, token } = await newAccount(served);
  const role = `role:acme.example:r-${randomBytes(4).toString('hex')}/v1`;
  const grant = { role, workforce: WORKFORCE, authority_grant: roleFor(options) };
  ok(await served.call('POST', '/access/roles', { body: grant }));
  const { owner, capacities = id.startsWith('human:') ? ['reviewer', 'architect'] : [] } = options;
  const principal = {
    principal: id,
    workforce: WORKFORCE,
    account,
    role,
    ...(owner === undefined ? {} : { owner }),
  };
  ok(await served.call('POST', '/access/principals', { body: principal }));
  for (const capacity of capacities) {
    const body = { human: id, workforce: WORKFORCE, capacity, not_after: '2036-01-01T00:00:00Z' };
    ok(await served.call('POST', '/access/bindings', { body }));
  }
  return { id, account, token, call: as(served, { id, token }) };
};

export const registerWorkforce = async (served: Served): Promise<void> => {
  ok(
    await served.call('POST', '/access/workforces', { body: { workforce: WORKFORCE, steward: 'operator' } }),
  );
};

export const registerBase = async (
  steward: Member,
  policy: Partial<ContributionPolicy> = {},
  base: BaseId = BASE,
  sensitivity = 'internal',
): Promise<Answer> => {
  const body = {
    knowledge_base_id: base,
    title: 'Handbook',
    purpose: 'What everybody needs to know.',
    steward: steward.id,
    data_manifest: {
      sources: [{ uri: 'https://acme.example/wiki', purpose: 'where it is written first' }],
      sensitivity,
      residency: null,
      approval_model: policy.mode ?? 'reviewed',
    },
    retention: { min_days: 30, min_versions: 10, legal_hold: false },
    contribution_policy: policy,
  };
  return ok(await steward.call('POST', '/knowledge/v1/bases', { body }));
};

export const blobOf = (text: string): string => cidOf('raw', Buffer.from(text));

/** Uploads a document and says how a change puts it somewhere. */
export const upload = async (by: Member, path: string, text: string, base: BaseId = BASE) => {
  const bytes = Buffer.from(text);
  const blob = blobOf(text);
  const headers = { 'Content-Type': 'application/octet-stream' };
  ok(await by.call('PUT', `/knowledge/v1/bases/${base}/documents/${blob}`, { body: bytes, headers }));
  return { op: 'put', path, blob, size: bytes.length, media_type: 'text/markdown' } as const;
};

export const currentOf = async (by: Member, base: BaseId = BASE): Promise<string | null> =>
  ok(await by.call('GET', `/knowledge/v1/bases/${base}/pointer`)).json.knowledge_base_version;

export interface Wish {
  /** Texts by path; null deletes. */
  readonly files: Readonly<Record<string, string | null>>;
  readonly more?: object;
  readonly base?: BaseId;
  /** Which version it changes; the current one unless told. */
  readonly on?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

export const propose = async (
  by: Member,
  { files, more = {}, base = BASE, on, headers = {} }: Wish,
): Promise<Answer> => {
  const changes: object[] = [];
  for (const [path, text] of Object.entries(files)) {
    changes.push(text === null ? { op: 'delete', path } : await upload(by, path, text, base));
  }
  const base_version = on === undefined ? await currentOf(by, base) : on;
  const body = { base_version, changes, summary: 'Some changes.', ...more };
  return by.call('POST', `/knowledge/v1/bases/${base}/contributions`, { body, headers });
};

type Proposed = { readonly contribution_id: string; readonly revision_digest: string };

export const decide = (
  by: Member,
  { contribution_id, revision_digest }: Proposed,
  decision: string,
  more: object = {},
): Promise<Answer> =>
  by.call('POST', `/knowledge/v1/contributions/${contribution_id}/decisions`, {
    body: { revision_digest, decision, ...more },
  });

export const verdict = (by: Member, of: Proposed, word: string, more: object = {}): Promise<Answer> =>
  by.call('POST', `/knowledge/v1/contributions/${of.contribution_id}/verdicts`, {
    body: { revision_digest: of.revision_digest, verdict: word, ...more },
  });

/** Proposed by the one and accepted by the other: the version that came of it. */
export const publish = async (
  by: Member,
  reviewer: Member,
  files: Wish['files'],
  base: BaseId = BASE,
): Promise<string> => {
  const { json } = ok(await propose(by, { files, base }));
  return ok(await decide(reviewer, json, 'accept')).json.knowledge_base_version;
};

export interface Workforce {
  readonly registry: Awaited<ReturnType<typeof startRegistry>>;
  readonly steward: Member;
  readonly reviewer: Member;
  readonly author: Member;
  /** A worker that the author answers for. */
  readonly agent: Member;
  /** A worker that the reviewer answers for. */
  readonly verifier: Member;
  readonly stop: () => Promise<void>;
}

/** @param policy of the base; the usual one unless told */
export const startWorkforce = async (
  policy: Partial<ContributionPolicy> = {},
  overrides: Overrides = {},
  sensitivity = 'internal',
): Promise<Workforce> => {
  const registry = await startRegistry({}, overrides);
  await registerWorkforce(registry);
  const steward = await addMember(registry, 'human:acme.example:sam');
  const reviewer = await addMember(registry, 'human:acme.example:rui');
  const author = await addMember(registry, 'human:acme.example:ada');
  const agent = await addMember(registry, 'worker:acme.example:claims:scribe', { owner: author.id });
  const verifier = await addMember(registry, 'worker:acme.example:claims:critic', { owner: reviewer.id });
  await registerBase(steward, policy, BASE, sensitivity);
  return { registry, steward, reviewer, author, agent, verifier, stop: () => registry.stop() };
};
