// What a check says of one need of a pack: that it is not met, met in part, or not to be told. Pure.
import type { CompatCode } from './tables.ts';

/** Written by a check; whoever orders the checks adds which pack it is about. */
export type Said =
  | {
      /** `degraded`: the pack can be installed, and this of it stays without effect. */
      readonly as: 'unmet' | 'degraded';
      readonly code: CompatCode;
      /** A JSON pointer into pack.json. */
      readonly where: string;
      readonly needs: string;
      /** What the host has instead. */
      readonly host: string;
    }
  | { readonly as: 'notChecked'; readonly where: string; readonly needs: string; readonly why: string };

export const unmet = (code: CompatCode, where: string, needs: string, host: string): Said => ({
  as: 'unmet',
  code,
  where,
  needs,
  host,
});

export const degraded = (code: CompatCode, where: string, needs: string, host: string): Said => ({
  as: 'degraded',
  code,
  where,
  needs,
  host,
});

export const notChecked = (where: string, needs: string, why: string): Said => ({
  as: 'notChecked',
  where,
  needs,
  why,
});
