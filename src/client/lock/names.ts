// Pure. What stands beside a lockfile is called, and how an earlier time is named.

/** After so many entries, or before the first one that was recorded later than that. */
export type Moment = { readonly size: number } | { readonly time: Date };

/** For people: `3 entries`, or a time. */
export const momentText = (moment: Moment): string => {
  if ('time' in moment) return moment.time.toISOString();
  return `${moment.size} ${moment.size === 1 ? 'entry' : 'entries'}`;
};

/** `pack-lock.json` → `pack-lock.attestry.json`. */
export const companionPath = (lockPath: string): string => lockPath.replace(/(\.json)?$/, '.attestry.json');
