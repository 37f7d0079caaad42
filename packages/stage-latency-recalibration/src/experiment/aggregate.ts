import { meanOf } from '@stepclock/numerics';

/** Mean, standard deviation over seeds (of one seed) and standard error of the mean. */
export interface Spread {
  readonly mean: number;
  readonly sd: number;
  readonly standardError: number;
  readonly seeds: number;
}

export const spreadOf = (values: readonly number[]): Spread => {
  const n = values.length;
  const mean = meanOf(values);
  const sd = n > 1 ? Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / (n - 1)) : 0;
  return { mean, sd, standardError: sd / Math.sqrt(n), seeds: n };
};

/** Six digits: far beyond what seeds agree on, and the same on every machine. */
const rounded = (value: number): number => Number(value.toPrecision(6));

/** Rounds every number of a plain object, and turns what is not finite into null. */
export const roundedDeep = (value: unknown): unknown => {
  if (typeof value === 'number') return Number.isFinite(value) ? rounded(value) : null;
  if (Array.isArray(value)) return value.map(roundedDeep);
  if (value !== null && typeof value === 'object') {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, roundedDeep(entry)]));
  }
  return value;
};

/** Items of one key together, in the order in which keys first appear. */
export const grouped = <T>(items: readonly T[], key: (item: T) => string): T[][] => {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const name = key(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return [...groups.values()];
};
