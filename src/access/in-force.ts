// Signs as the registrar: with the keys that the newest root names, also when that root changes meanwhile.
import { setImmediate as othersFirst } from 'node:timers/promises';
import { envelopeText, signEnvelope } from '../../keys/envelope.ts';
import type { Root } from '../../keys/root.ts';
import type { Signer } from '../../keys/signer.ts';
import type { Tx } from '../database/connect.ts';
import { lockTrust, newestRootVersion } from './delegation-store.ts';
import type { RequireTrueTime } from './true-time.ts';

/** A root and the keys at hand that it names, as many as it asks for. */
export interface InForce {
  readonly root: Root;
  readonly registrars: readonly Signer[];
  readonly log: Signer;
}

export interface FollowedTrust {
  /** Ask it before anything is signed that is believed for a time; taking a key back needs no clock. @throws ClockAstray */
  readonly requireTrueTime: RequireTrueTime;
  /** Take it once for each thing to sign: its parts belong together. @throws ForeignKeys */
  readonly inForce: () => InForce;
  /** Goes over to the newest root and its keys. @throws ForeignKeys where they are not at hand */
  readonly refresh: () => Promise<void>;
}

/** The text of the envelope that every registrar at hand has signed. */
export const signAsRegistrar = async (
  { registrars }: Pick<InForce, 'registrars'>,
  payloadType: string,
  payload: Uint8Array,
): Promise<string> => {
  const envelope = await signEnvelope({ payloadType, payload }, registrars);
  await othersFirst();
  return envelopeText(envelope);
};

/** Another root came into force after this one was taken for signing. */
export class RootMoved extends Error {
  override readonly name = 'RootMoved';
}

const ATTEMPTS = 8;

/**
 * Lets nobody publish a root, or change the keyring, until the transaction ends; what was signed under an older root
 * is not committed. Say it before anything is written.
 */
export const requireNewestRoot = async (tx: Tx, { root }: Pick<InForce, 'root'>): Promise<void> => {
  await lockTrust(tx);
  if ((await newestRootVersion(tx)) !== root.version) throw new RootMoved();
};

/** Does `work` with what is in force, and does it again when it finds that another root has come into force. */
export const underNewestRoot = async <T>(
  trust: FollowedTrust,
  work: (inForce: InForce) => Promise<T>,
): Promise<T> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(trust.inForce());
    } catch (error) {
      if (!(error instanceof RootMoved) || attempt === ATTEMPTS) throw error;
    }
    await trust.refresh();
  }
};
