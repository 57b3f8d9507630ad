// attestry kb verdict, eval, approve, accept, reject, request-changes: what is said and decided about a contribution.
import type { JsonObject } from '../../../keys/canonical.ts';
import { envelopeText, signEnvelope } from '../../../keys/envelope.ts';
import { loadSeedSigner } from '../../../keys/signers/seed.ts';
import { type Decision, makeDecision } from '../../protocol/knowledge/decision.ts';
import type { ContributionId, PrincipalId } from '../../protocol/knowledge/ids.ts';
import { textOf } from '../../protocol/manifest/read.ts';
import { registryOf } from '../ask.ts';
import { acting, type Result, type Settings } from '../command.ts';
import { UsageError } from '../failure.ts';
import { keyIdFor } from '../key-name.ts';
import { rowsAt } from '../table.ts';
import { contributionAddress } from './names.ts';
import { type AsOptions, knowledgeRegistry, placeOf } from './registry.ts';
import { type StandingRevision, standingRevision } from './revision.ts';

interface AboutOptions extends AsOptions {
  /** Of the revision that was looked at; default: the one that stands now. */
  readonly digest?: string;
}

const sayAbout = async (
  settings: Settings,
  options: AboutOptions,
  name: string,
  kind: 'verdicts' | 'evals',
  said: JsonObject,
  sentence: string,
): Promise<Result> => {
  const registry = knowledgeRegistry(settings, options);
  const { id, digest, number } = await standingRevision(registry, name, options.digest);
  const path = `${contributionAddress(id)}/${kind}`;
  const reply = await registry.write('POST', path, { revision_digest: digest, ...said });
  const state = String(reply.body['state']);
  const line = `${sentence} on ${id}, revision ${number}${placeOf(reply)}. It is ${state}.`;
  return { lines: [line], json: reply.body };
};

interface VerdictOptions extends AboutOptions {
  readonly criteria?: readonly string[];
  readonly confidence?: number;
}

export const verdict = acting<VerdictOptions>((settings, options, name = '', word = '') => {
  const { criteria, confidence } = options;
  const said = {
    verdict: word,
    ...(criteria === undefined ? {} : { criteria }),
    ...(confidence === undefined ? {} : { confidence }),
  };
  return sayAbout(settings, options, name, 'verdicts', said, `Verdict ${word}`);
});

interface EvalOptions extends AboutOptions {
  readonly suite: string;
  readonly evidence?: string;
}

export const evaluate = acting<EvalOptions>((settings, options, name = '', result = '') => {
  const { suite, evidence } = options;
  const said = { suite, result, ...(evidence === undefined ? {} : { evidence }) };
  return sayAbout(settings, options, name, 'evals', said, `Evaluation ${suite}: ${result}`);
});

interface DecisionOptions extends AboutOptions {
  readonly reason?: string;
  readonly shadow?: boolean;
  readonly key?: string;
  readonly keyId?: string;
}

/** Who signs must be named in what he signs. @throws UsageError where the account acts as several */
const actorOf = async (settings: Settings, { as }: AsOptions): Promise<string> => {
  if (as !== undefined) return as;
  const { body } = await registryOf(settings).ask('GET', '/access/principals?account=own');
  const own = rowsAt(body, 'principals').filter((row) => row['ended_at'] === null);
  const [only, ...others] = own.map((row) => textOf(row['principal']) ?? '');
  if (only !== undefined && others.length === 0) return only;
  throw new UsageError('A signed decision names who decides: say --as human:<authority>:<name>');
};

const signatureOf = async (
  settings: Settings,
  options: DecisionOptions,
  decision: Decision['decision'],
  { id, base, number, digest }: StandingRevision,
): Promise<{ readonly signature?: string }> => {
  if (options.key === undefined) return {};
  const signer = await loadSeedSigner(options.key, keyIdFor(options.key, options.keyId));
  const payload = makeDecision({
    contribution_id: id as ContributionId,
    knowledge_base_id: base,
    revision: number,
    revision_digest: digest,
    decision,
    actor: (await actorOf(settings, options)) as PrincipalId,
  });
  return { signature: envelopeText(await signEnvelope(payload, [signer])) };
};

const DONE: Readonly<Record<Decision['decision'], string>> = {
  approve: 'Approved',
  accept: 'Accepted',
  reject: 'Rejected',
  request_changes: 'Asked for changes of',
};

const becameLines = (body: JsonObject): readonly string[] => {
  const version = textOf(body['knowledge_base_version']);
  if (version === undefined) return [`It is ${String(body['state'])}.`];
  const { generation } = body;
  const current =
    generation === null ? 'The pointer stays where it is' : `It is current, generation ${String(generation)}`;
  return [`It became version ${version}. ${current}.`];
};

const deciding = (decision: Decision['decision']) =>
  acting<DecisionOptions>(async (settings, options, name = '') => {
    const registry = knowledgeRegistry(settings, options);
    const standing = await standingRevision(registry, name, options.digest);
    const { reason, shadow } = options;
    const reply = await registry.write('POST', `${contributionAddress(standing.id)}/decisions`, {
      revision_digest: standing.digest,
      decision,
      ...(reason === undefined ? {} : { reason_code: reason }),
      ...(shadow === true ? { shadow } : {}),
      ...(await signatureOf(settings, options, decision, standing)),
    });
    const line = `${DONE[decision]} ${standing.id}, revision ${standing.number}${placeOf(reply)}.`;
    return { lines: [line, ...becameLines(reply.body)], json: reply.body };
  });

export const approve = deciding('approve');
export const accept = deciding('accept');
export const reject = deciding('reject');
export const requestChanges = deciding('request_changes');
