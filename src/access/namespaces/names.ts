// What a namespace is called: read at the door into its parts. Pure.
import { type Fault, fault } from '../../protocol/faults.ts';

export interface NamespaceName {
  /** `scope.org`. */
  readonly name: string;
  readonly scope: 'core' | 'vendor' | 'community' | 'private';
  readonly org: string;
}

const ORG = '[a-z][a-z0-9_-]{0,62}';
const NAMESPACE = new RegExp(`^(core|vendor|community|private)\\.(${ORG})$`);
const WORD = new RegExp(`^${ORG}$`);

const malformed = (namespace: string): Fault =>
  fault('validation_error', { namespace }, 'A namespace is scope.org, e.g. vendor.acme or community.alice.');

/** @throws Fault validation_error */
export const readNamespace = (text: string): NamespaceName => {
  const [name = '', scope, org = ''] = NAMESPACE.exec(text) ?? [];
  if (scope === undefined) throw malformed(text);
  return { name, scope: scope as NamespaceName['scope'], org };
};

/** What may be held: a namespace, or one word, which is held in every scope. */
export interface HeldName {
  readonly name: string;
  /** Undefined for a word. */
  readonly scope: string | undefined;
  readonly org: string;
}

/** @throws Fault validation_error */
export const readHeldName = (text: string): HeldName =>
  WORD.test(text) ? { name: text, scope: undefined, org: text } : readNamespace(text);
