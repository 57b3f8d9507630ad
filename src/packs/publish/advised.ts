// What a publish makes of advisories that name its version: it is yanked in the statement that makes it true.
import { actorOf, type Principal } from '../../access/principal.ts';
import type { MakeEvent } from '../../transparency/append.ts';
import type { YankGrounds, YankNote } from '../lifecycle/yank-note.ts';
import { isPrivate, type PackAddress } from '../policy.ts';
import type { VersionRecord } from '../version-record.ts';
import type { Advice } from './insert-store.ts';

/** What advisories say of a version. */
export interface Warning {
  /** The last change of what is advised about the pack; 0 where there never was any. */
  readonly seen: number;
  /** Undefined where no advisory in force names the version; `causationId` is the event that last said so. */
  readonly yank: { readonly grounds: YankGrounds; readonly causationId: string } | undefined;
}

/** @throws Fault validation_error where the signed list of what is yanked would not hold one more */
export type WarningOf = (version: PackAddress, publisher: Principal) => Promise<Warning>;

const yankedEvent = (
  { name, version }: PackAddress,
  publisher: Principal,
  { grounds, causationId }: NonNullable<Warning['yank']>,
) => ({
  kind: 'pack.yanked' as const,
  actor: actorOf(publisher),
  subject: `pack:${name}@${version}`,
  sealed: isPrivate(name),
  data: { name, version, ...grounds },
  causationId,
});

/** Whoever publishes a version that an advisory names, yanks it: it counts among those of the account. */
export const adviceFrom = (
  makeEvent: MakeEvent,
  record: VersionRecord,
  publisher: Principal,
  { seen, yank }: Warning,
): Advice => {
  if (yank === undefined) return { seen, yank: null };
  const event = makeEvent(yankedEvent(record, publisher, yank));
  const note: YankNote = {
    ...yank.grounds,
    yankedAt: event.at.toISOString(),
    yankedBy: publisher.account,
  };
  return { seen, yank: { note, event } };
};
