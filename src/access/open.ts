// Wires who is believed: tokens, keys, namespaces, workforces, the root and what it signs, and their addresses. Long, flat and dull.
import { join } from 'node:path';
import type Router from '@koa/router';
import type { Logger } from 'pino';
import { formatVkey } from '../../keys/key.ts';
import type { Sql } from '../database/connect.ts';
import type { DocumentCache } from '../http/document-cache.ts';
import { allAccounts, tokensOf } from './access-store.ts';
import { type AccountDeps, createAccount, issueToken, revokeToken } from './accounts.ts';
import { authenticate, findToken } from './authenticate.ts';
import { authorityKeys } from './authority-keys.ts';
import { delegateKey } from './delegate-key.ts';
import { type DelegationDeps, findDelegatedKey, listKeys } from './delegations.ts';
import { KEYS_TOPIC, readIssued, readKey, readRoot, trustTopicsOf } from './documents.ts';
import { type GateSettings, gates } from './gates.ts';
import { requireScope } from './grants.ts';
import { forgetKeyedRequests } from './idempotency-record-store.ts';
import type { IssueDeps } from './issue-list.ts';
import { KEYRING, reissueKeyring } from './keyring.ts';
import { claimOf, namespacesLostBy } from './namespaces/claim-store.ts';
import { type OpenNamespacesDeps, openNamespaces } from './namespaces/open.ts';
import { ensureOperatorToken } from './operator-token.ts';
import { type Draft, draftOf, publishRoot } from './publish-root.ts';
import { sweepBuckets } from './rate-limit-store.ts';
import { remembering } from './remember.ts';
import { revokeKey } from './revoke-key.ts';
import { addAccessRoutes } from './routes.ts';
import { openAuthoritySecret } from './service-keys.ts';
import { sightOf } from './sight.ts';
import { keepKeyring, type StateDeps, stateRevocation } from './state-revocation.ts';
import { requireTrueTime } from './true-time.ts';
import { establishTrust } from './trust.ts';
import { whoActs } from './workforces/acting.ts';
import { type WorkforcesDeps, wireWorkforces } from './workforces/open.ts';
import { addWorkforceRoutes } from './workforces/routes.ts';

const KEYRING_CHECK_MS = 60 * 1_000;
const SWEEP_MS = 60 * 60 * 1_000;
const FORGET_MS = 10 * 60 * 1_000;

export interface AccessDeps
  extends Pick<IssueDeps, 'treeSize'>,
    Pick<StateDeps, 'sealedPosition'>,
    Pick<OpenNamespacesDeps, 'privateRegistry' | 'isUsed' | 'proofRule' | 'prover'>,
    Pick<WorkforcesDeps, 'knownBases' | 'proposals'> {
  readonly sql: Sql;
  readonly now: () => Date;
  /** Whether nobody holds the clock against that of the database. */
  readonly isSimulated: boolean;
  readonly cache: DocumentCache;
  readonly log: Logger;
  readonly append: AccountDeps['append'] & DelegationDeps['append'];
  readonly announce: (subject: string) => void;
  readonly dataDir: string;
  readonly keyFolder: string;
  readonly publicUrl: string | undefined;
  /** A key that is believed elsewhere, as it is served there. */
  readonly mirroredKey: (keyId: string) => Promise<Uint8Array | undefined>;
  /** The list of withdrawn versions, which the registrar signs, too. */
  readonly reissueWithdrawals: (the: IssueDeps) => () => Promise<void>;
  readonly draftWithdrawals: (the: IssueDeps) => Draft;
}

const remembered = (sql: Sql) => ({
  keys: remembering(findDelegatedKey(sql)),
  tokens: remembering(findToken(sql)),
  claims: remembering((namespace) => claimOf(sql, namespace)),
});

const believe = ({ sql, now, isSimulated, keyFolder, publicUrl, append, log }: AccessDeps) =>
  establishTrust({
    sql,
    now,
    requireTrueTime: isSimulated ? async () => undefined : requireTrueTime({ sql, now }),
    keyFolder,
    origin: publicUrl?.replace(/^https?:\/\//, ''),
    append,
    warn: (sentence) => log.warn(sentence),
  });

/** Nothing is issued before `begin`. */
export const openAccess = async (the: AccessDeps) => {
  const { sql, now, cache, log, append, announce, treeSize, keyFolder } = the;
  const { keys, tokens, claims } = remembered(sql);
  const trust = await believe(the);
  const issuing = { sql, now, trust, treeSize, known: new Map() };
  const reissue = reissueKeyring(issuing);
  const reissueWithdrawn = the.reissueWithdrawals(issuing);
  const stateRevoked = stateRevocation({ sql, trust, sealedPosition: the.sealedPosition });
  const keep = keepKeyring({ sql, stateRevocation: stateRevoked, reissueKeyring: reissue });
  const asks = authenticate({ findToken: findToken(sql), now });
  // Remembered, since every statement that commits, a read's too, asks about token and principal once more.
  const asksFast = authenticate({ findToken: tokens.find, now });
  const asksHeld = authenticate({ findToken: tokens.held, now });
  const holderOfNamespace = async (namespace: string) => (await claims.find(namespace))?.account;
  const shared = { sql, now, append, announce, holderOfNamespace };
  const delegations = { ...shared, trust, reissueKeyring: reissue };
  const namespaces = openNamespaces({
    ...shared,
    privateRegistry: the.privateRegistry,
    isUsed: the.isUsed,
    proofRule: the.proofRule,
    origin: () => trust.root().log.origin,
    claimOf: claims.find,
    prover: the.prover,
  });
  const workforces = wireWorkforces({
    ...shared,
    authenticate: asks,
    knownBases: the.knownBases,
    proposals: the.proposals,
  });
  const keyList = listKeys({ sql, now });

  const followRoot = () =>
    void trust
      .refresh()
      .then(() => cache.forget(KEYS_TOPIC))
      .catch((error: unknown) => log.error({ err: error }, 'the root cannot be followed'));
  // What was committed stands: the list follows with the next change, or with the chore.
  const followWithdrawn = () =>
    reissueWithdrawn().catch((error: unknown) =>
      log.error({ err: error }, 'the list of withdrawn versions could not be reissued'),
    );
  return {
    trust,
    holderOfNamespace,
    /** The log as the newest root names it. */
    namedLog: () => {
      const { origin, vkey } = trust.root().log;
      return { origin, vkey: formatVkey(vkey) };
    },
    headSigner: { vkey: () => trust.root().log.vkey, sign: trust.log.sign },
    authenticate: asks,
    authenticateFast: asksFast,
    whoActs: whoActs({ authenticate: asksFast, principalsOf: workforces.principalsOf }),
    delegatedKey: keys.find,
    claimOfNamespace: claims.find,
    requireProven: namespaces.requireProven,
    requireKeyOfHolder: namespaces.requireKeyOfHolder,
    listKeys: keyList,
    reissueKeyring: reissue,
    reissueWithdrawals: followWithdrawn,
    stateRevocation: stateRevoked,
    signerFor: authorityKeys({
      ...delegations,
      openSecret: () => openAuthoritySecret(keyFolder),
      delegatedKey: keys.find,
    }),
    mayAudit: async (authorization: string) => sightOf(await asks(authorization), namespacesLostBy(sql)),
    requireAuditor: async (authorization: string | undefined) =>
      requireScope(await asks(authorization), 'audit:read'),
    /** Tell it the subject of everything that is announced. */
    forget: (subject: string): void => {
      if (subject.startsWith('token:')) tokens.forget();
      if (subject.startsWith('key:')) keys.forget();
      if (subject.startsWith('root:')) followRoot();
      if (subject.startsWith('namespace:')) claims.forget();
      workforces.forget(subject);
      for (const topic of trustTopicsOf(subject)) cache.forget(topic);
    },
    /** When it is told of what is announced: follows what was published before, and issues what is due. */
    begin: async (): Promise<void> => {
      followRoot();
      await keep().catch((error: unknown) => log.error({ err: error }, 'the keyring could not be reissued'));
      await followWithdrawn();
      await ensureOperatorToken(shared, join(the.dataDir, 'admin-token'));
    },
    gates: (settings: GateSettings) =>
      gates(
        { sql, log, authenticate: asks, authenticateFast: asksFast, authenticateHeld: asksHeld },
        settings,
      ),
    addRoutes: (router: Router): void => {
      addAccessRoutes(router, {
        authenticate: asks,
        createAccount: createAccount(shared),
        listAccounts: () => allAccounts(sql),
        issueToken: issueToken(shared),
        listTokens: (account) => tokensOf(sql, account),
        revokeToken: revokeToken(shared),
        namespaces,
        delegateKey: delegateKey(delegations),
        revokeKey: revokeKey({ ...delegations, treeSize, stateRevocation: stateRevoked }),
        publishRoot: publishRoot({
          ...shared,
          trust,
          lists: [draftOf(issuing, KEYRING), the.draftWithdrawals(issuing)],
          keyFolder,
        }),
        listKeys: keyList,
        readKey: readKey({ sql, cache, mirroredKey: the.mirroredKey }),
        readRoot: readRoot({ sql, cache }),
        readKeyring: readIssued({ sql }, 'keyrings'),
        readWithdrawals: readIssued({ sql }, 'withdrawals'),
      });
      addWorkforceRoutes(router, workforces.routes);
    },
    chores: [
      { name: 'root', everyMs: KEYRING_CHECK_MS, run: trust.refresh },
      { name: 'keyring', everyMs: KEYRING_CHECK_MS, run: keep },
      { name: 'withdrawals', everyMs: KEYRING_CHECK_MS, run: reissueWithdrawn },
      // Keys grow old without an event.
      { name: 'key list', everyMs: KEYRING_CHECK_MS, run: async () => cache.forget(KEYS_TOPIC) },
      { name: 'names', everyMs: SWEEP_MS, run: namespaces.indexNames },
      { name: 'keyed writes', everyMs: FORGET_MS, run: () => forgetKeyedRequests(sql) },
      { name: 'rate limits', everyMs: FORGET_MS, run: () => sweepBuckets(sql) },
    ],
  };
};
