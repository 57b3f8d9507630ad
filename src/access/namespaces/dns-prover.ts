// Reads what a domain shows in its DNS: the TXT records of one label that only its owner can set.
import { Resolver } from 'node:dns/promises';
import { DNS_LABEL } from './domain.ts';
import { ProverError } from './prover.ts';

/** All TXT records of a name, each in the pieces that it came in. */
export type LookupTxt = (name: string) => Promise<readonly (readonly string[])[]>;

const TRY_MS = 3_000;
const TRIES = 2;

const systemTxt: LookupTxt = (name) => new Resolver({ timeout: TRY_MS, tries: TRIES }).resolveTxt(name);

const NOTHING_THERE = ['ENOTFOUND', 'ENODATA'];

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : '';

/** Rejects with ProverError. */
export const dnsTexts =
  (lookupTxt: LookupTxt = systemTxt) =>
  async (domain: string): Promise<readonly string[]> => {
    const records = await lookupTxt(`${DNS_LABEL}.${domain}`).catch((error: unknown) => {
      if (codeOf(error) === 'ETIMEOUT') throw new ProverError('too_slow', error);
      throw new ProverError(NOTHING_THERE.includes(codeOf(error)) ? 'absent' : 'unreachable', error);
    });
    return records.map((pieces) => pieces.join(''));
  };
