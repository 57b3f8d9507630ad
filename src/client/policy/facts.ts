// What a policy is asked about: one version, as far as it is known, and what is known around it. Pure.
import type { Assurance } from '../assurance.ts';
import type { Answer } from '../refusal.ts';
import type { Severity } from './policy.ts';

/** `log`: proven by the log of the registry; `registry`: it says so, and nobody signed that. */
export interface Published {
  readonly at: Date;
  readonly by: 'log' | 'registry';
}

/** What only a verification can tell. */
export interface Proven {
  readonly assurance: Assurance;
  /** Undefined for an unsigned pack. */
  readonly keyId: string | undefined;
  /** Of the key that made the signature. */
  readonly fingerprint: string | undefined;
  readonly answers: readonly Answer[];
  /** Whether a signed list says that these bytes are withdrawn; undefined where there is no such list. */
  readonly withdrawn: boolean | undefined;
}

export interface PackFacts {
  readonly name: string;
  readonly version: string;
  readonly integrity: string;
  /** Base address of the registry. */
  readonly registry: string;
  readonly yanked: boolean;
  readonly deprecated: boolean;
  /** As the manifest has it; undefined where it names none. */
  readonly license: string | undefined;
  readonly published: Published | undefined;
  /** As the registry says, before anything is proven. */
  readonly keyId: string | undefined;
  /** Undefined for a version that might be chosen, and is not verified yet. */
  readonly proven: Proven | undefined;
}

/** One row of an advisory: versions of one pack that it names. */
export interface Advice {
  readonly id: string;
  readonly severity: Severity;
  readonly summary: string;
  readonly admits: (version: string) => boolean;
  readonly fixedIn: string | undefined;
}

/** `why`: what stands in the way of having the list. */
export type AdvisoryList =
  /** `byName`: by the key of the name of the pack. */
  | { readonly had: true; readonly byName: ReadonlyMap<string, readonly Advice[]> }
  | { readonly had: false; readonly why: string };

export interface PolicyContext {
  readonly now: Date;
  /** Undefined where nobody asked for it yet: rules about advisories then wait until the version is verified. */
  readonly advisories?: AdvisoryList | undefined;
}

/** What a rule says about a version. */
export interface Finding {
  readonly effect: 'refuse' | 'warn';
  /** Where it stands in the policy, as a JSON pointer. */
  readonly rule: string;
  readonly message: string;
  /** What would satisfy the rule. */
  readonly cure: string;
}

export const refuse = (rule: string, message: string, cure: string): Finding => ({
  effect: 'refuse',
  rule,
  message,
  cure,
});

export const warn = (rule: string, message: string, cure = ''): Finding => ({
  effect: 'warn',
  rule,
  message,
  cure,
});
