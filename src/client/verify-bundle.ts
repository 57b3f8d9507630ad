// Verifies a version out of a bundle: the same questions in the same order, and nobody is asked over a network.
import { type Bundle, requireBundled, wantedOf } from './bundle.ts';
import { replaying } from './network/recorded-transport.ts';
import { Refusal, refusal } from './refusal.ts';
import { lookAtRegistry } from './registry.ts';
import { RequestInvalid } from './request-invalid.ts';
import { memoryTrustStore, type TrustStore } from './trust-state.ts';
import { type Verified, type VerifyPolicy, verifyWanted } from './verify.ts';

export interface VerifyBundleOptions {
  /** The envelope of a root document that was handed over on a trusted way; without it the bundle's own is believed. */
  readonly pinnedRoot?: Uint8Array | undefined;
  /** As of when; default: now. What has expired since is refused. */
  readonly at?: Date | undefined;
  /** What was seen of the registry before; default: nothing. */
  readonly store?: TrustStore | undefined;
  readonly policy?: VerifyPolicy | undefined;
}

type Made = Pick<Bundle, 'createdAt'>;

/** Nothing newer than the bundle can be had offline, so whoever is refused for its age may ask as of its making. */
export const withAge = (error: unknown, { createdAt }: Made): unknown =>
  error instanceof Refusal && error.code.endsWith('_expired')
    ? refusal(
        error.question,
        error.code,
        { ...error.evidence, bundledAt: createdAt },
        'The documents in the bundle have expired since it was made.',
        error,
      )
    : error;

/** Clocks differ a little; a bundle that is made and checked within a minute must not fail for it. */
const CLOCK_SKEW_MS = 5 * 60_000;

/** @throws RequestInvalid for a time before it was made; Refusal `bundle_unreadable` */
export const requireMade = ({ createdAt }: Made, at: Date): void => {
  const made = Date.parse(createdAt) - CLOCK_SKEW_MS;
  const now = Math.max(at.getTime(), Date.now());
  if (made <= at.getTime()) return;
  if (made <= now)
    throw new RequestInvalid(
      `The bundle was made at ${createdAt}, and tells nothing of ${at.toISOString()}, which was before: ask as of then or later.`,
    );
  const evidence = { createdAt, now: new Date(now).toISOString() };
  throw refusal(
    'registry',
    'bundle_unreadable',
    evidence,
    'The bundle says that it was made later than now.',
  );
};

/** @throws Refusal of the first question answered with "no" */
export const verifyBundle = async (bundle: Bundle, options: VerifyBundleOptions = {}): Promise<Verified> => {
  const { pinnedRoot, at = new Date(), store = memoryTrustStore(), policy } = options;
  requireMade(bundle, at);
  const transport = replaying(bundle.answers, bundle.registry);
  try {
    const look = { url: bundle.registry, transport, store, pinnedRoot, now: () => at };
    const registry = await lookAtRegistry(look);
    const verified = await verifyWanted({ registry, policy }, wantedOf(bundle));
    requireBundled(bundle, verified.digest);
    return verified;
  } catch (error) {
    throw withAge(error, bundle);
  }
};
