import { seededRandom } from '@stepclock/numerics';
import {
  BASE_TERMS,
  betasOf,
  fitWindows,
  inverseSeconds,
  REBUILT_STEPS_FLOOR_SHARE,
  rowBlocks,
  rowsOf,
  windowsOf,
} from '@stepclock/step-cost';
import { betasFileOf, type EngineLine, engineLineOf } from '../src/index.js';

export interface MadeEngine {
  readonly seed: number;
  readonly label?: string | null;
  /** By term, s. */
  readonly betas?: readonly number[];
  /** How much slower its last step is than its first, as a share. */
  readonly drift?: number;
  readonly steps?: number;
  readonly windows?: number;
  readonly startSec?: readonly [number, number];
}

export const TRUE = [0.006, 2e-5, 1.2e-4, 1e-7];
const NOISE = 0.05;

/** The line of an engine whose steps are known: random compositions, noise of 5 %, and no clock between. */
export const madeLine = (
  engine: string,
  { seed, label = null, betas = TRUE, drift = 0, steps = 2000, windows = 20, startSec = [0, 100] }: MadeEngine,
): EngineLine => {
  const chance = seededRandom(seed, 'fleet');
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - chance())) * Math.cos(2 * Math.PI * chance());
  const column = (at: (i: number) => number): Float64Array => Float64Array.from({ length: steps }, (_, i) => at(i));
  const decodeSeqs = column(() => 1 + Math.floor(40 * chance()));
  const prefillTokens = column(() => (chance() < 0.4 ? Math.floor(1500 * chance()) : 0));
  const contextTokens = decodeSeqs.map((n) => n * (200 + 600 * chance()));
  const seconds = column((i) => {
    const sum = betas[0] + betas[1] * prefillTokens[i] + betas[2] * decodeSeqs[i] + betas[3] * contextTokens[i];
    return sum * (1 + drift * (i / steps - 0.5)) * (1 + NOISE * normal());
  });
  const rows = rowsOf(
    { length: steps, steps: new Float64Array(steps).fill(1), prefillTokens, decodeSeqs, contextTokens },
    seconds,
    BASE_TERMS,
  );
  const reference = Float64Array.from(betas);
  const made = windowsOf(rows, inverseSeconds(rows, reference), reference, rowBlocks(rows, windows));
  const { coefficients, intervals } = fitWindows(made, { choice: 'all', floorShare: REBUILT_STEPS_FLOOR_SHARE });
  const p = BASE_TERMS.length;
  const model = betasFileOf({
    algo: 'step-clock',
    betas: betasOf(BASE_TERMS, coefficients),
    terms: BASE_TERMS,
    windows: made,
    intervals: intervals && {
      level: intervals.level,
      byLabel: Object.fromEntries(BASE_TERMS.map(({ label: name }, t) => [name, intervals.byTerm[t]])),
      covariance: Array.from({ length: p }, (_, i) => Array.from(intervals.covariance.subarray(i * p, (i + 1) * p))),
    },
  });
  const known = { engine, label, rows: 120, used: 100, excluded: [{ reason: 'no-output', count: 20, firstLine: 3 }] };
  return engineLineOf({ ...known, startSec }, { model }, '0.0.0');
};
