// attestry gc: says by name what belongs to nothing, and removes it when it is told to.
import { openUpkeep } from '../main.ts';
import { operating, progressLine } from './operating.ts';
import { printLines } from './terminal.ts';

interface GcOptions {
  readonly delete?: boolean;
  /** Milliseconds. */
  readonly grace: number;
}

interface Swept {
  readonly kind: string;
  readonly name: string;
  readonly bytes: number;
  readonly modifiedAt: Date | null;
  readonly fate: string;
}

const lineOf = ({ kind, name, bytes, modifiedAt, fate }: Swept): string => {
  const since = modifiedAt === null ? '' : `, ${modifiedAt.toISOString()}`;
  return `${name}  ${kind}, ${bytes} bytes${since}${fate === 'found' ? '' : `: ${fate}`}`;
};

/** Sums instead of a list, however much there is; machines get the list in their one document. */
const collector = (json: boolean) => {
  const listed: Swept[] = [];
  const sums = { found: 0, removed: 0, bytes: 0 };
  const tell = (swept: Swept): void => {
    sums.found += 1;
    if (swept.fate === 'removed') sums.removed += 1;
    if (swept.fate === 'removed' || swept.fate === 'found') sums.bytes += swept.bytes;
    if (json) listed.push(swept);
    else printLines([lineOf(swept)]);
  };
  return { tell, sums, listed };
};

const summary = (
  remove: boolean,
  { found, removed, bytes }: ReturnType<typeof collector>['sums'],
): string => {
  if (found === 0) return 'There is no garbage.';
  if (remove) return `Removed ${removed} of ${found}, ${bytes} bytes.`;
  return `${found} to remove, ${bytes} bytes. Nothing was removed; "attestry gc --delete" does it.`;
};

export const collect = operating<GcOptions>(async ({ delete: remove = false, grace: graceMs }, json) => {
  const { tell, sums, listed } = collector(json);
  const { gc } = await openUpkeep(progressLine());
  await gc({ remove, graceMs }, tell);
  return {
    ok: true,
    lines: [summary(remove, sums)],
    json: { ok: true, deleted: remove, ...sums, garbage: listed },
  };
});
