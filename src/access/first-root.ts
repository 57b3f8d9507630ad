// What a new registry begins with: the root of its operator's own ceremony, or one that is made on the spot.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodeHex, equalBytes } from '../../keys/bytes.ts';
import { instantOf } from '../../keys/document.ts';
import { parseDraft } from '../../keys/draft.ts';
import { envelopeText, parseEnvelope, signEnvelope } from '../../keys/envelope.ts';
import { KeyError } from '../../keys/errors.ts';
import { vkeyOf } from '../../keys/key.ts';
import {
  isRootExpired,
  ROOT_PAYLOAD_TYPE,
  type Root,
  rootPayload,
  verifyFirstRoot,
} from '../../keys/root.ts';
import { keysAtHand, makeServiceKeys, type ServiceKeys } from './service-keys.ts';

export interface FirstRootDeps {
  readonly now: () => Date;
  /** Where the registry's own keys lie. */
  readonly keyFolder: string;
  /** A scheme-less URL by which others tell this registry apart; a name made from the root key where undefined. */
  readonly origin: string | undefined;
}

export interface FirstRoot {
  readonly root: Root;
  readonly envelope: string;
}

/** The operator's own root cannot be the one this registry begins with. */
export class OwnRootRefused extends Error {
  override readonly name = 'OwnRootRefused';
  readonly cure: string;

  constructor(path: string, problem: string, cure: string) {
    super(`${path}: ${problem}`);
    this.cure = cure;
  }
}

const OWN_ROOT = 'root.json';
const ROOT_LIFETIME_MS = 5 * 365 * 24 * 60 * 60 * 1_000;

/** The bytes that the operator has laid into the folder, if he has. */
export const readOwnRoot = (keyFolder: string): Promise<Uint8Array | undefined> =>
  readFile(join(keyFolder, OWN_ROOT)).catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });

/** Whether the operator's root is the one in this envelope; what cannot be read is none. */
export const isOwnRoot = (own: Uint8Array, envelope: string): boolean => {
  try {
    return equalBytes(parseDraft(own).payload, parseEnvelope(envelope).payload);
  } catch (error) {
    if (error instanceof KeyError) return false;
    throw error;
  }
};

const problemOf = (error: KeyError): string =>
  error.code === 'root_new_threshold'
    ? `${String(error.details['found'])} of ${String(error.details['expected'])} signatures are there.`
    : error.message;

const verifyOwn = (path: string, bytes: Uint8Array): FirstRoot => {
  try {
    const envelope = parseDraft(bytes);
    return { root: verifyFirstRoot(envelope), envelope: envelopeText(envelope) };
  } catch (error) {
    if (!(error instanceof KeyError)) throw error;
    const cure = 'Sign it with "attestry root sign" until "attestry root show" says that nothing is missing.';
    throw new OwnRootRefused(path, problemOf(error), cure);
  }
};

const ownRoot = async (the: FirstRootDeps, bytes: Uint8Array): Promise<FirstRoot> => {
  const path = join(the.keyFolder, OWN_ROOT);
  const own = verifyOwn(path, bytes);
  const { version, expires } = own.root;
  const again = 'Make another with "attestry root init".';
  if (version !== 1) throw new OwnRootRefused(path, `It is version ${version}, and the first is 1.`, again);
  if (isRootExpired(own.root, the.now())) throw new OwnRootRefused(path, `It expired on ${expires}.`, again);
  const { missing } = await keysAtHand(the.keyFolder, own.root);
  const cure = `Put these private keys into ${the.keyFolder} and start again.`;
  if (missing.length > 0)
    throw new OwnRootRefused(path, `Keys that it names are not there.\n${missing.join('\n')}`, cure);
  return own;
};

const originFrom = ({ root }: ServiceKeys): string =>
  `attestry.local/${encodeHex(root.publicKey.subarray(0, 6))}`;

const rootOver = ({ root, registrar, log }: ServiceKeys, now: Date, origin: string): Root => ({
  version: 1,
  issuedAt: instantOf(now),
  expires: instantOf(new Date(now.getTime() + ROOT_LIFETIME_MS)),
  registry: origin,
  threshold: 1,
  keys: [root],
  registrar: { threshold: 1, keys: [registrar] },
  log: { origin, vkey: vkeyOf(origin, log.publicKey) },
});

const madeRoot = async (the: FirstRootDeps): Promise<FirstRoot> => {
  const keys = await makeServiceKeys(the.keyFolder);
  const root = rootOver(keys, the.now(), the.origin ?? originFrom(keys));
  const payload = rootPayload(root);
  const signed = await signEnvelope({ payloadType: ROOT_PAYLOAD_TYPE, payload }, [keys.root]);
  return { root, envelope: envelopeText(signed) };
};

/**
 * Nothing is stored but keys. A root of the operator's own makes none: it names those that have to lie beside it.
 * @throws OwnRootRefused with its cure
 */
export const firstRoot = async (the: FirstRootDeps): Promise<FirstRoot> => {
  const own = await readOwnRoot(the.keyFolder);
  return own === undefined ? madeRoot(the) : ownRoot(the, own);
};
