import type { WhatIfSettings } from '../messages.js';
import type { Theme } from './theme.js';

/** What a link carries: how the page is looked at, and no data. */
export interface Settings {
  readonly from?: number;
  readonly to?: number;
  readonly theme?: Theme;
  readonly whatIf?: Partial<WhatIfSettings>;
}

const WHAT_IF = ['maxNumSeqs', 'maxNumBatchedTokens', 'ttftMs', 'tpotMs', 'prefixHits', 'ratePerSec'] as const;

const numberOf = (text: string | null): number | undefined => {
  const value = text === null || text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) && value >= 0 ? value : undefined;
};

/** Settings from a link's fragment; what is no setting is left alone. */
export const settingsOf = (fragment: string): Settings => {
  const given = new URLSearchParams(fragment.replace(/^#/, ''));
  const [from, to] = [numberOf(given.get('from')), numberOf(given.get('to'))];
  const theme = given.get('theme');
  const whatIf = Object.fromEntries(
    WHAT_IF.flatMap((name) => {
      const value = numberOf(given.get(name));
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  return {
    ...(from !== undefined && to !== undefined && from < to && { from, to }),
    ...((theme === 'light' || theme === 'dark') && { theme }),
    ...(Object.keys(whatIf).length > 0 && { whatIf }),
  };
};

/** A link's fragment. */
export const fragmentOf = ({ whatIf, ...shown }: Settings): string => {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...shown, ...whatIf })) {
    if (value !== undefined) given.set(name, String(typeof value === 'number' ? Number(value.toPrecision(8)) : value));
  }
  return given.toString();
};
