// Pure. The words of resolving: what is asked, what could be chosen, what may not be, and what comes out.
import type { Effort } from './effort.ts';

/** One version that a registry offers. `registry` is the base URL it is fetched from. */
export interface Candidate {
  readonly name: string;
  readonly version: string;
  /** Subresource form, `sha256-<base64>`, of the tarball. */
  readonly integrity: string;
  readonly registry: string;
  readonly yanked: boolean;
  readonly deprecated: boolean;
  readonly publishedAt?: string;
  /** Name to range, as the manifest declares them. */
  readonly dependencies: Readonly<Record<string, string>>;
  readonly license?: string;
  readonly keyId?: string;
}

/** A range somebody asks for. `by` is `you`, or the `name@version` whose manifest declares it. */
export interface Wish {
  readonly name: string;
  readonly range: string;
  readonly by: string;
}

/** Why a candidate may not be chosen; `rule` names the line of the policy. */
export interface Denial {
  readonly rule: string;
  readonly message: string;
}

export type Admit = (candidate: Candidate) => Denial | undefined;

/** Sorted by name; one version of each. */
export interface Solution {
  readonly packs: readonly Candidate[];
}

/** A version that fits what was asked, and why it was not chosen. */
export interface Tried {
  readonly version: string;
  readonly because: string;
  /** Where a policy denies it, and nothing else would. */
  readonly denial?: Denial;
}

/** `wishes` are only those without which there would be no conflict. */
export interface Conflict {
  readonly code: string;
  readonly name: string;
  readonly wishes: readonly Wish[];
  readonly tried: readonly Tried[];
}

/** A version as the index of its pack has it, before its manifest is read. */
export interface Listed {
  readonly version: string;
  readonly yanked: boolean;
  readonly deprecated: boolean;
  readonly publishedAt?: string;
}

export interface VersionName {
  readonly name: string;
  readonly version: string;
}

/** What was learned so far. What is not in a map was not asked yet. */
export interface Known {
  /** By name; empty where no registry has it. */
  readonly listed: ReadonlyMap<string, readonly Listed[]>;
  /** By `name@version`; undefined where it is not served. */
  readonly candidates: ReadonlyMap<string, Candidate | undefined>;
}

export interface Problem {
  /** Of `you`. */
  readonly wishes: readonly Wish[];
  /** Name to the version (or range) that counts instead of every asked range. */
  readonly overrides?: Readonly<Record<string, string>> | undefined;
  readonly admit?: Admit | undefined;
  readonly maxSteps?: number | undefined;
  /** What all rounds of one search may do together; default: each as much as one may. */
  readonly effort?: Effort | undefined;
}

/** What has to be known before it can be said more. */
export interface Need {
  readonly names: readonly string[];
  readonly versions: readonly VersionName[];
}

export type Outcome =
  | { readonly solution: Solution }
  | { readonly need: Need }
  | { readonly conflict: Conflict };
