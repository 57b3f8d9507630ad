// What a client remembers of a registry between runs, so that nobody can lead it back: it only moves forward. Pure.
import type { KeyringMark } from '../../keys/keyring.ts';
import type { WithdrawalsMark } from '../../keys/withdrawals.ts';

/** The largest checkpoint believed, and the key whose log it heads (as a vkey text). */
export interface CheckpointMark {
  readonly vkey: string;
  readonly size: number;
  /** Base64. */
  readonly root: string;
  /** The signed note, verbatim. */
  readonly note: string;
}

/** The newest move of a base's pointer that was seen. */
export interface PointerMark {
  readonly generation: number;
  readonly version: string;
}

export interface TrustState {
  readonly format: 1;
  /** Base address of the registry this is about. */
  readonly registry: string;
  /** The newest root believed: its envelope as served, its version and the hex SHA-256 of its payload. */
  readonly root: { readonly version: number; readonly sha256: string; readonly envelope: string };
  readonly keyring?: KeyringMark | undefined;
  readonly checkpoint?: CheckpointMark | undefined;
  readonly withdrawals?: WithdrawalsMark | undefined;
  /** By the id of the base. */
  readonly pointers?: Readonly<Record<string, PointerMark>> | undefined;
}

/** Two heads that one log signed and that do not follow from one another: enough to convince anybody else. */
export interface LogEvidence {
  readonly registry: string;
  readonly vkey: string;
  readonly remembered: Pick<CheckpointMark, 'size' | 'note'>;
  readonly found: Pick<CheckpointMark, 'size' | 'note'>;
  /** The consistency proof that was attempted, base64; empty where none could be made. */
  readonly proof: readonly string[];
}

/** Documents that do not follow from what was believed of a registry, as it served them; null where it did not. */
export interface ServedEvidence {
  readonly registry: string;
  /** The code of the refusal. */
  readonly refused: string;
  readonly remembered: Pick<TrustState['root'], 'version' | 'sha256'>;
  readonly root: string | null;
  readonly keyring: string | null;
}

/**
 * A store promises: what `remember` was given is on disk when it resolves, unless something newer is; what
 * `keepEvidence` was given is never overwritten, and can be found where it says. `rememberHead` is one step that no
 * other process comes between: it gives false, and changes nothing, where another head than `before` is remembered.
 */
export interface TrustStore {
  /** Where it is kept, for people who have to look. */
  readonly place: string;
  readonly recall: () => Promise<TrustState | undefined>;
  readonly remember: (state: TrustState) => Promise<void>;
  readonly rememberHead: (head: CheckpointMark, before: CheckpointMark | undefined) => Promise<boolean>;
  readonly keepEvidence: (evidence: LogEvidence) => Promise<string>;
  /** The same for documents; absent where a store has no place for them. */
  readonly keepServed?: (evidence: ServedEvidence) => Promise<string>;
}

type Fields = Readonly<Record<string, 'text' | 'number'>>;

const REGISTRAR_MARK: Fields = { version: 'number', treeSize: 'number', sha256: 'text', registrar: 'text' };
const CHECKPOINT_MARK: Fields = { vkey: 'text', size: 'number', root: 'text', note: 'text' };
const ROOT_MARK: Fields = { version: 'number', sha256: 'text', envelope: 'text' };
const POINTER_MARK: Fields = { generation: 'number', version: 'text' };

const hasFields = (value: unknown, fields: Fields): boolean => {
  if (typeof value !== 'object' || value === null) return false;
  const members = new Map<string, unknown>(Object.entries(value));
  return Object.entries(fields).every(([name, type]) =>
    type === 'number' ? Number.isSafeInteger(members.get(name)) : typeof members.get(name) === 'string',
  );
};

const isAbsentOr = (value: unknown, fields: Fields): boolean =>
  value === undefined || hasFields(value, fields);

const isPointers = (value: unknown): boolean =>
  value === undefined ||
  (typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((mark) => hasFields(mark, POINTER_MARK)));

export const isTrustState = (value: unknown): value is TrustState => {
  const state = value as Partial<TrustState> | null;
  return (
    state?.format === 1 &&
    typeof state.registry === 'string' &&
    hasFields(state.root, ROOT_MARK) &&
    isAbsentOr(state.keyring, REGISTRAR_MARK) &&
    isAbsentOr(state.checkpoint, CHECKPOINT_MARK) &&
    isAbsentOr(state.withdrawals, REGISTRAR_MARK) &&
    isPointers(state.pointers)
  );
};

/** Signed by one and the same authority, the newer mark counts; else the one that came with the newer root. */
const newerOf = <T>(
  newer: T | undefined,
  older: T | undefined,
  authority: (mark: T) => string,
  age: (mark: T) => number,
): T | undefined => {
  if (newer === undefined || older === undefined) return newer ?? older;
  return authority(newer) === authority(older) && age(older) > age(newer) ? older : newer;
};

const registrarOf = (mark: KeyringMark | WithdrawalsMark): string => mark.registrar;
const versionOf = (mark: KeyringMark | WithdrawalsMark): number => mark.version;

/** Of each base the later move. */
const laterOf = (left: TrustState['pointers'], right: TrustState['pointers']): TrustState['pointers'] => {
  if (left === undefined || right === undefined) return left ?? right;
  const later = Object.entries(left).filter(
    ([base, mark]) => mark.generation > (right[base]?.generation ?? -1),
  );
  return { ...right, ...Object.fromEntries(later) };
};

/** Whatever order two runs end in, the result is the newer of both, mark by mark. */
export const forwardOf = (old: TrustState | undefined, next: TrustState): TrustState => {
  if (old === undefined) return next;
  const [newer, older] = old.root.version > next.root.version ? [old, next] : [next, old];
  const pointers = laterOf(newer.pointers, older.pointers);
  return {
    ...newer,
    keyring: newerOf(newer.keyring, older.keyring, registrarOf, versionOf),
    checkpoint: newerOf(
      newer.checkpoint,
      older.checkpoint,
      ({ vkey }) => vkey,
      ({ size }) => size,
    ),
    withdrawals: newerOf(newer.withdrawals, older.withdrawals, registrarOf, versionOf),
    ...(pointers === undefined ? {} : { pointers }),
  };
};

/** The state with another head; undefined where there is no state, or another head in it than `before`. */
export const withHead = (
  state: TrustState | undefined,
  head: CheckpointMark,
  before: CheckpointMark | undefined,
): TrustState | undefined =>
  state?.checkpoint?.note === before?.note ? state && { ...state, checkpoint: head } : undefined;

/** Remembers for as long as the process lives; for tests, browsers, and hosts that keep the state elsewhere. */
export interface MemoryTrustStore extends TrustStore {
  readonly evidence: readonly LogEvidence[];
}

export const memoryTrustStore = (): MemoryTrustStore => {
  let kept: TrustState | undefined;
  const evidence: LogEvidence[] = [];
  return {
    place: 'memory',
    evidence,
    recall: async () => kept,
    remember: async (state) => {
      kept = forwardOf(kept, state);
    },
    rememberHead: async (head, before) => {
      const next = withHead(kept, head, before);
      kept = next ?? kept;
      return next !== undefined;
    },
    keepEvidence: async (found) => {
      evidence.push(found);
      return 'memory';
    },
  };
};
