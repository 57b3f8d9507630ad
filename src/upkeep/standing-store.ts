// Versions beside the events that tell last how they stand.
import type { Queryable } from '../database/connect.ts';
import type { EventKind } from '../protocol/event.ts';

/** Of rows that should not be there; whoever has more of them has one problem, and not so many. */
const STRAYS = 1_000;

interface StrandForm {
  /** Null where nothing is said of a version. */
  readonly note: string;
  readonly eventId: string;
  readonly makes: EventKind;
  /** Null where nothing takes it back. */
  readonly takesBack: EventKind | null;
}

/** The ways in which it is told how a version stands: columns of the row, and the events that change them. */
export const STRANDS = {
  yank: {
    note: 'yanked',
    eventId: 'standing_event_id',
    makes: 'pack.yanked',
    takesBack: 'pack.unyanked',
  },
  deprecation: {
    note: 'deprecated',
    eventId: 'deprecation_event_id',
    makes: 'pack.deprecated',
    takesBack: 'pack.undeprecated',
  },
  unpublish: {
    note: 'unpublished',
    eventId: 'unpublished_event_id',
    makes: 'pack.unpublished',
    takesBack: null,
  },
} as const satisfies Record<string, StrandForm>;
export type Strand = keyof typeof STRANDS;

/** Versions whose last event of a strand is not the one by which they stand, and such events about no version. */
export const changesOutOfStep = (db: Queryable, strand: Strand) => {
  const { note, eventId, makes, takesBack }: StrandForm = STRANDS[strand];
  const kinds = takesBack === null ? [makes] : [makes, takesBack];
  return db<
    { subject: string; event_id: string; kind: string; standing: string | null; says: boolean | null }[]
  >`
    select last.subject, last.id as event_id, last.kind, versions.${db(eventId)} as standing,
      case when versions.name is null then null else versions.${db(note)} is not null end as says
    from (
      select distinct on (events.subject) events.subject, events.id, events.kind
      from events left join leaves on leaves.event_id = events.id
      where events.kind = any(${kinds as string[]})
      order by events.subject, leaves.position desc nulls first, events.xact desc, events.ordinal desc
    ) as last left join versions on last.subject = 'pack:' || versions.name || '@' || versions.version
    where versions.name is null or versions.${db(eventId)} is distinct from last.id
      or (versions.${db(note)} is not null) <> (last.kind = ${makes})
    order by last.subject limit ${STRAYS}`;
};
