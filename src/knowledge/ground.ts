// What every part of the room of knowledge is made of: what the house gives it, and what all parts share.
import type { BlobStore } from '../../storage/blob-store.ts';
import type { Staging } from '../../storage/staging.ts';
import type { SignerFor } from '../access/authority-keys.ts';
import type { DelegatedKey } from '../access/delegations.ts';
import { remembering } from '../access/remember.ts';
import type { Acting, WhoActs } from '../access/workforces/acting.ts';
import { bindingFinder, type Capacity } from '../access/workforces/binding-store.ts';
import type { Sql } from '../database/connect.ts';
import type { Admit } from '../http/admission.ts';
import type { Pace } from '../http/steady.ts';
import type { BaseId } from '../protocol/knowledge/ids.ts';
import type { MakeEvent } from '../transparency/append.ts';
import type { AwaitReceipt } from '../transparency/receipts.ts';
import type { TurnDeps } from './accept/take-turn.ts';
import { authorise } from './bases/authorise.ts';
import { findBase } from './bases/base-store.ts';
import type { Alarm } from './events/alarm.ts';
import { makeKnowledgeEvent } from './events/events.ts';
import { answered, recordOnce, recordWrite } from './events/record.ts';
import { recordRefusal } from './events/record-refusal.ts';
import type { AppendRetrieval } from './retrieve/retrieval-store.ts';
import { createBlockStore, createKnownNodes } from './versions/block-store.ts';
import { foldFinder } from './versions/entry-store.ts';
import { signVersion } from './versions/sign-version.ts';

export interface KnowledgeDeps {
  readonly sql: Sql;
  readonly now: () => Date;
  readonly blobs: BlobStore;
  readonly staging: Staging;
  readonly whoActs: WhoActs;
  readonly makeEvent: MakeEvent;
  readonly awaitReceipt: AwaitReceipt;
  readonly findProof: (eventId: string, open: boolean) => Promise<string | 'late'>;
  readonly logSize: () => Promise<number>;
  readonly announce: (subject: string) => void;
  readonly signerFor: SignerFor;
  readonly delegatedKey: (keyId: string) => Promise<DelegatedKey | undefined>;
  readonly alarm: Alarm;
  readonly recordRead: AppendRetrieval;
  /** What a simulated world puts in the place of how contributions are accepted. */
  readonly accepting?: ((deps: TurnDeps) => TurnDeps) | undefined;
  readonly admitUpload: Admit;
  readonly admitImport: Admit;
  readonly admitExport: Admit;
  readonly pace: Pace;
}

/** What every part of the room is made of. */
export const ground = (the: KnowledgeDeps) => {
  const { sql, now, announce, awaitReceipt } = the;
  const make = makeKnowledgeEvent(the.makeEvent);
  const findBinding = bindingFinder(sql);
  const asking = {
    bindingOf: ({ id, workforce }: Acting, capacities: readonly Capacity[]) =>
      findBinding({ human: id, workforce, capacities, now: now() }),
    recordRefusal: recordRefusal({ sql, now, make, announce }),
  };
  const blocks = createBlockStore(sql);
  // Bases do not go away; whoever has to know how one stands asks for that together with what he looks for.
  const knownBases = remembering((id) => findBase(sql, id as BaseId));
  return {
    ...the,
    db: sql,
    make,
    asking,
    blocks,
    known: createKnownNodes(),
    authorise: authorise({ ...asking, findBase: (id) => findBase(sql, id) }),
    authoriseKnown: authorise({ ...asking, findBase: knownBases.find }),
    record: recordWrite({ sql, now, announce, awaitReceipt }),
    recordOnce: recordOnce({ sql, now, announce }),
    answered: answered({ sql, now, announce }),
    findFolds: foldFinder(sql),
    signVersion: signVersion(the.signerFor),
  };
};
export type Ground = ReturnType<typeof ground>;
