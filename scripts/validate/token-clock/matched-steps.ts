import { medianOf, quantileOf } from '@stepclock/numerics';
import type { TrueSteps } from './true-steps.js';

type Steps = Pick<TrueSteps, 'endSec' | 'decodeSeqs' | 'contextTokens'>;

/** Rebuilt steps laid over true ones. */
export interface Matched {
  readonly extra: number;
  readonly missed: number;
  /** Distance of ends from the true ones less their usual distance nearby (clocks drift, clients are late), s: median and 95 %. */
  readonly boundaryP50Sec: number;
  readonly boundaryP95Sec: number;
  /** Distance of periods from the true ones, s: median. */
  readonly periodP50Sec: number;
}

/** Steps looked ahead for the next that agree, and how many must. */
const AHEAD = 120;
const AGREEING = 6;
/** Neighbours by which the usual distance of ends is taken. */
const NEIGHBOURS = 50;

/** Matches steps in order by what they hold: a diff with a bounded look ahead. */
export const matchedSteps = (mine: Steps, theirs: Steps): Matched => {
  const same = (i: number, k: number): boolean =>
    mine.decodeSeqs[i] === theirs.decodeSeqs[k] && Math.abs(mine.contextTokens[i] - theirs.contextTokens[k]) < 0.5;
  const agreeing = (i: number, k: number): number => {
    let count = 0;
    for (let s = 0; s < 8; s++) if (same(i + s, k + s)) count++;
    return count;
  };
  const pairs: (readonly [number, number])[] = [];
  let i = 0;
  let k = 0;
  const n = mine.endSec.length;
  const m = theirs.endSec.length;
  while (i < n && k < m) {
    if (same(i, k)) {
      pairs.push([i++, k++]);
      continue;
    }
    const [di, dk] = nextAgreement((x, y) => agreeing(i + x, k + y));
    for (let s = 0; s < Math.min(di, dk); s++) pairs.push([i + s, k + s]);
    i += di;
    k += dk;
  }
  const distance = Float64Array.from(pairs, ([a, b]) => mine.endSec[a] - theirs.endSec[b]);
  const off = distance.map((d, at) =>
    Math.abs(d - medianOf(distance.subarray(Math.max(0, at - NEIGHBOURS), at + NEIGHBOURS + 1))),
  );
  const periods = Float64Array.from(distance.subarray(1), (d, at) => Math.abs(d - distance[at]));
  const quantile = (of: Float64Array, p: number): number => (of.length === 0 ? Number.NaN : quantileOf(of, p));
  return {
    extra: n - pairs.length,
    missed: m - pairs.length,
    boundaryP50Sec: quantile(off, 0.5),
    boundaryP95Sec: quantile(off, 0.95),
    periodP50Sec: quantile(periods, 0.5),
  };
};

/** The nearest pair of skips after which the steps agree again; one each where none does. */
const nextAgreement = (agreeing: (x: number, y: number) => number): readonly [number, number] => {
  for (let d = 1; d <= AHEAD; d++) for (let x = 0; x <= d; x++) if (agreeing(x, d - x) >= AGREEING) return [x, d - x];
  return [1, 1];
};
