// What a host decides about the packs it takes, as its policy file says it. Pure.
import type { NamespacePattern, PackName, PackVersion } from '../../protocol/pack-id.ts';
import type { Assurance } from '../assurance.ts';

/** The name under which a policy is found in the working directory. */
export const POLICY_FILE = 'attestry.policy.json';

/** node-packs.md §Trust model, strictest first, with what each takes. */
export const MODES = {
  allowlist: 'only names and keys that are listed, signed by a key that speaks for them',
  pinned: 'only the very versions and bytes that are listed',
  verified: 'only what is signed by a key that speaks for its name',
  open: 'anything whose bytes are the ones that the registry names, also unsigned; for development only',
} as const;
export type Mode = keyof typeof MODES;

/** From the least to the worst, as advisories have them. */
export const SEVERITIES = ['low', 'medium', 'high', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

export interface Pin {
  readonly name: PackName;
  readonly version: PackVersion;
  /** `sha256-` and base64. */
  readonly integrity: string;
}

export interface Allowed {
  readonly namespaces?: readonly NamespacePattern[] | undefined;
  /** Key ids, and fingerprints as in `SHA256:…`. */
  readonly keys?: readonly string[] | undefined;
}

export interface MinimumAge {
  readonly ms: number;
  /** As it is written: `7d`. */
  readonly text: string;
  readonly except: readonly NamespacePattern[];
}

export interface AdvisoryRule {
  /** This severity and all that is worse is refused; the rest is warned of. */
  readonly refuse: Severity;
  /** Refuses where the registry's list cannot be had or believed. */
  readonly required: boolean;
}

export interface LicenseRule {
  /** SPDX ids. */
  readonly allow: readonly string[];
  /** For packs that name no licence. */
  readonly missing: 'refuse' | 'warn' | 'allow';
}

export interface PolicyRegistry {
  /** In the one spelling of `registryBase`. */
  readonly url: string;
  /** File of the root document to start from, relative to the policy file. */
  readonly root?: string | undefined;
  /** Names that are asked for here and nowhere else. */
  readonly names: readonly NamespacePattern[];
  /** Whether the token of whoever installs is for this one. */
  readonly token: boolean;
}

export interface Policy {
  /** How refusals call it, such as `attestry.policy.json`. */
  readonly file: string;
  readonly mode: Mode;
  readonly assurance?: Assurance | undefined;
  readonly allow: Allowed;
  readonly pins: readonly Pin[];
  readonly minimumAge?: MinimumAge | undefined;
  readonly advisories?: AdvisoryRule | undefined;
  /** What becomes of a yanked version that is named exactly; ranges never choose one. */
  readonly yanks: 'refuse' | 'warn';
  readonly deprecated: 'refuse' | 'warn';
  readonly licenses?: LicenseRule | undefined;
  /** In the order in which they are asked; none: whichever the caller names. */
  readonly registries: readonly PolicyRegistry[];
}
