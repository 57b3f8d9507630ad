// Establishes which root a registry stands on and which keys sign under it, and follows both while it runs.
import { parseEnvelope } from '../../keys/envelope.ts';
import { type Root, verifyFirstRoot } from '../../keys/root.ts';
import type { Signer } from '../../keys/signer.ts';
import type { Sql, Tx } from '../database/connect.ts';
import { inTransaction } from '../database/transaction.ts';
import type { EventFacts } from '../protocol/event.ts';
import { insertRoot, lockTrust, rootAt } from './delegation-store.ts';
import { type FirstRootDeps, firstRoot } from './first-root.ts';
import type { FollowedTrust, InForce } from './in-force.ts';
import { keysAtHand } from './service-keys.ts';
import type { RequireTrueTime } from './true-time.ts';
import { warnOfExpiry, warnOfUnusedRoot } from './trust-warnings.ts';

export interface TrustDeps extends FirstRootDeps {
  readonly sql: Sql;
  readonly append: (tx: Tx, facts: EventFacts) => Promise<unknown>;
  /** Asked before anything is dated and signed. @throws ClockAstray */
  readonly requireTrueTime: RequireTrueTime;
  /** Tells the operator, in a sentence, of what will need him. */
  readonly warn: (sentence: string) => void;
}

export interface Trust extends FollowedTrust {
  /** The newest root that this process knows. */
  readonly root: () => Root;
  /** The key of the log, whichever the root names at the moment: key id and public key follow it. */
  readonly log: Signer;
}

const OTHER_FOLDER =
  'Start with the data directory that holds its keys (ATTESTRY_DATA_DIR), or with an empty database.';

/** The keys at hand are not those of this database: signing with them would make a second registry out of one. */
export class ForeignKeys extends Error {
  override readonly name = 'ForeignKeys';
  readonly cure: string;

  constructor(message: string, cure = OTHER_FOLDER) {
    super(message);
    this.cure = cure;
  }
}

/** Whichever of several processes that start at once comes first publishes its root; the others find it. */
const publishFirstRoot = async (the: TrustDeps): Promise<string> => {
  await the.requireTrueTime();
  const { root, envelope } = await firstRoot(the);
  return inTransaction(the.sql, async (tx) => {
    await lockTrust(tx);
    const published = await rootAt(tx, 'latest');
    if (published !== undefined) return published;
    await insertRoot(tx, root.version, envelope);
    const facts = { actor: 'registry', subject: `root:${root.version}`, data: { envelope } };
    await the.append(tx, { kind: 'root.published', ...facts });
    return envelope;
  });
};

/** Names each file that is missing or holds another key: laying the right one there is the first of the cures. */
const foreign = (folder: string, root: Root, missing: readonly string[], found: boolean): ForeignKeys => {
  const belongs = `The database belongs to the registry "${root.registry}"`;
  const put = `Put these private keys into ${folder}.`;
  const named = missing.join('\n');
  if (root.version > 1)
    return new ForeignKeys(
      `${belongs}, and its root ${root.version} names keys that this process does not hold.\n${named}`,
      put,
    );
  const there = found ? `has other keys in ${folder}` : `does not have its keys in ${folder}`;
  return new ForeignKeys(
    `${belongs}, but this process ${there}. Missing, or there with another key:\n${named}`,
    `${put} Or: ${OTHER_FOLDER}`,
  );
};

const holdKeys = async (folder: string, root: Root): Promise<InForce> => {
  const { registrars, log, missing, found } = await keysAtHand(folder, root);
  if (log === undefined || missing.length > 0) throw foreign(folder, root, missing, found);
  return { root, registrars, log };
};

/** A signer that is always the one in force now; where several of its answers must agree, take `inForce` once. */
const following = (current: () => Signer): Signer => ({
  get keyId() {
    return current().keyId;
  },
  get publicKey() {
    return current().publicKey;
  },
  sign: async (message) => current().sign(message),
});

/** Without `inForce`, `problem` says why nothing can be signed under that root. */
interface State {
  readonly root: Root;
  readonly inForce?: InForce;
  readonly problem?: unknown;
}

/** Better no signature than one by a key that is no longer the one. */
const stateUnder = (folder: string, root: Root): Promise<State> =>
  holdKeys(folder, root).then(
    (inForce) => ({ root, inForce }),
    (problem: unknown) => ({ root, problem }),
  );

const keysOf = ({ inForce, problem }: State): InForce => {
  if (inForce === undefined) throw problem;
  return inForce;
};

const follow = (the: TrustDeps, start: InForce): Trust => {
  let state: State = { root: start.root, inForce: start };
  const refresh = async (): Promise<void> => {
    const newest = await newestRoot(the.sql);
    if (newest === undefined || (newest.version === state.root.version && state.inForce)) return;
    const found = await stateUnder(the.keyFolder, newest);
    // Of two refreshes at once, the one that read less may end last.
    if (found.root.version >= state.root.version) state = found;
    keysOf(found);
  };
  const inForce = (): InForce => keysOf(state);
  const { requireTrueTime } = the;
  return { root: () => state.root, inForce, log: following(() => inForce().log), refresh, requireTrueTime };
};

const newestRoot = async (sql: Sql): Promise<Root | undefined> => {
  const envelope = await rootAt(sql, 'latest');
  return envelope === undefined ? undefined : verifyFirstRoot(parseEnvelope(envelope));
};

/**
 * What this registry stands on; a new one begins here.
 * @throws ForeignKeys, OwnRootRefused, ClockAstray; KeyError of a key file that cannot be opened
 */
export const establishTrust = async (the: TrustDeps): Promise<Trust> => {
  const root = (await newestRoot(the.sql)) ?? verifyFirstRoot(parseEnvelope(await publishFirstRoot(the)));
  const held = await holdKeys(the.keyFolder, root);
  warnOfExpiry(the, root);
  await warnOfUnusedRoot(the);
  return follow(the, held);
};
