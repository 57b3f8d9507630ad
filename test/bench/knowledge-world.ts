// A workforce on the registry under measurement, bases of any size, and contributions that wait to be accepted.
import type { BaseId } from '../../src/protocol/knowledge/ids.ts';
import type { ContributionPolicy } from '../../src/protocol/knowledge/policy.ts';
import {
  addMember,
  type Member,
  propose,
  registerBase,
  registerWorkforce,
  type Served,
} from '../knowledge/world/workforce.ts';
import { caller } from '../world/registry.ts';
import type { Bench } from './service.ts';

export interface Team {
  readonly steward: Member;
  readonly author: Member;
  readonly reviewer: Member;
  readonly served: Served;
}

const POLICY: Partial<ContributionPolicy> = { auto_rebase: true, max_changes: 2_000 };

export const baseNamed = (name: string): BaseId => `kb:acme.example:claims:${name}` as BaseId;

/** With roles that know all of these bases. */
export const makeTeam = async ({ service }: Bench, bases: readonly BaseId[]): Promise<Team> => {
  const served = { call: caller(service.url, service.operatorToken) };
  await registerWorkforce(served);
  const steward = await addMember(served, 'human:acme.example:steward', { bases });
  const author = await addMember(served, 'human:acme.example:author', { bases });
  const reviewer = await addMember(served, 'human:acme.example:reviewer', { bases });
  for (const base of bases) await registerBase(steward, POLICY, base);
  return { steward, author, reviewer, served };
};

/** Does so many things, some at a time. */
export const each = async (
  count: number,
  parallel: number,
  act: (at: number) => Promise<unknown>,
): Promise<void> => {
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < count; at = next++) await act(at);
  };
  await Promise.all(Array.from({ length: parallel }, lane));
};

let written = 0;

/** A contribution of one new entry, as the request that accepts it. */
export const proposeOne = async ({ author, reviewer }: Team, url: string, base: BaseId): Promise<Buffer> => {
  written += 1;
  const files = { [`new/${written}.md`]: `Entry ${written}.` };
  const { status, json } = await propose(author, { files, base });
  if (status > 202) throw new Error(`a proposal was answered ${status}`);
  const body = JSON.stringify({ revision_digest: json.revision_digest, decision: 'accept' });
  const head = [
    `POST /knowledge/v1/contributions/${json.contribution_id}/decisions HTTP/1.1`,
    `Host: ${new URL(url).host}`,
    `Authorization: Bearer ${reviewer.token}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
};

export const proposeMany = async (
  team: Team,
  url: string,
  bases: readonly BaseId[],
  count: number,
): Promise<Buffer[]> => {
  const requests: Buffer[] = [];
  await each(count, 6, async (at) => {
    requests[at] = await proposeOne(team, url, bases[at % bases.length] as BaseId);
  });
  return requests;
};
