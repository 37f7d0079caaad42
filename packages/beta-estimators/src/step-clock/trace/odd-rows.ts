import { quantileOf } from '@stepclock/numerics';
import type { TimeGrid } from '@stepclock/overlap-pressure';
import { DECODE, type PhaseTable, tokensOfRows } from '@stepclock/trace-io';

/** A row that took far longer than its own tokens and the other requests say. */
export interface OddRow {
  /** Of the table. */
  readonly row: number;
  readonly kind: 'prefill' | 'decode';
  readonly seconds: number;
  /** What it should have taken: of a decode by the steps that others show meanwhile, of a prefill the longest of the others. */
  readonly expectedSec: number;
}

/** A row is odd beyond so many steps of the median pace, ... */
const LEAST_STEPS = 200;
/** ... and this many times what the others are off by: all but the largest hundredth, and four. */
const TIMES_OTHERS = 5;
const TIMES_LONGEST = 10;
const RARE = 0.01;
const FEW = 4;
/** Fewer rows tell nothing of what is odd. */
const LEAST_ROWS = 40;

/** Which of some values lie far above the rest of them. */
const farAbove = (values: Float64Array, times: number, least: number): readonly number[] => {
  if (values.length < LEAST_ROWS) return [];
  const rare = Math.max(FEW, RARE * values.length) / values.length;
  const limit = Math.max(times * quantileOf(values, 1 - rare), least);
  const far: number[] = [];
  for (let i = 0; i < values.length; i++) if (values[i] > limit) far.push(i);
  return far;
};

/**
 * The few rows of one engine that cannot be right: decodes during which, by the pace of the others, far more steps passed than they count, and
 * prefills that outlast all others by far.
 *
 * @param rows of one engine, with work to show
 * @param grid of these rows
 * @param paceSec median time of a token, s
 */
export const oddRows = (phases: PhaseTable, rows: Uint32Array, grid: TimeGrid, paceSec: number): readonly OddRow[] => {
  const { kind, startSec, endSec } = phases;
  const prefills = rows.filter((i) => kind[i] !== DECODE);
  const lengths = new Float64Array(prefills.length);
  for (let k = 0; k < prefills.length; k++) lengths[k] = endSec[prefills[k]] - startSec[prefills[k]];
  const longest = farAbove(lengths, TIMES_LONGEST, LEAST_STEPS * paceSec);
  const odd = new Set(longest);
  let usual = 0;
  for (let k = 0; k < lengths.length; k++) if (lengths[k] > usual && !odd.has(k)) usual = lengths[k];
  return [
    ...longest.map((k) => ({ row: prefills[k], kind: 'prefill', seconds: lengths[k], expectedSec: usual }) as const),
    ...lateDecodes(phases, rows, grid, paceSec),
  ];
};

/**
 * A decode takes part in every step between its ends. How many passed, the other decodes tell: where m of them are active besides it, they move
 * at their mean pace; where none is, steps take the median time, unless something is in prefill, which may take any.
 */
const lateDecodes = (phases: PhaseTable, rows: Uint32Array, grid: TimeGrid, paceSec: number): readonly OddRow[] => {
  const stepsOfRow = stepsOfRows(phases);
  const isDecode = (q: number): boolean => phases.kind[rows[q]] === DECODE;
  const count = rows.length;
  const { timesSec, segmentSec, startIndex, endIndex } = grid;
  const secondsOf = (q: number): number => phases.endSec[rows[q]] - phases.startSec[rows[q]];
  const [steps, rate] = [new Float64Array(count), new Float64Array(count)];
  for (let q = 0; q < count; q++) {
    if (!isDecode(q)) continue;
    steps[q] = stepsOfRow(rows[q]);
    rate[q] = steps[q] / secondsOf(q);
  }
  const segments = segmentSec.length;
  const rates = new Float64Array(segments + 1);
  const decoding = new Int32Array(segments + 1);
  const prefilling = new Int32Array(segments + 1);
  for (let q = 0; q < count; q++) {
    const active = isDecode(q) ? decoding : prefilling;
    active[startIndex[q]]++;
    active[endIndex[q]]--;
    rates[startIndex[q]] += rate[q];
    rates[endIndex[q]] -= rate[q];
  }
  // Integrals, by boundary: of all rates over the number of others, of 1 over that number, and of the time alone over a step's.
  const together = new Float64Array(segments + 1);
  const inverse = new Float64Array(segments + 1);
  const alone = new Float64Array(segments + 1);
  for (let j = 0, sum = 0, n = 0, p = 0; j < segments; j++) {
    sum += rates[j];
    n += decoding[j];
    p += prefilling[j];
    const dt = segmentSec[j];
    together[j + 1] = together[j] + (n > 1 ? (dt * sum) / (n - 1) : 0);
    inverse[j + 1] = inverse[j] + (n > 1 ? dt / (n - 1) : 0);
    alone[j + 1] = alone[j] + (n === 1 && p === 0 ? dt / paceSec : 0);
  }
  const passed = (q: number, g: number): number => together[g] - rate[q] * inverse[g] + alone[g];
  const decodes: number[] = [];
  for (let q = 0; q < count; q++) if (isDecode(q)) decodes.push(q);
  const excess = new Float64Array(decodes.length);
  for (const [k, q] of decodes.entries()) excess[k] = passed(q, endIndex[q]) - passed(q, startIndex[q]) - steps[q];
  return farAbove(excess, TIMES_OTHERS, LEAST_STEPS).map((k): OddRow => {
    const q = decodes[k];
    const goal = passed(q, startIndex[q]) + steps[q];
    let low = startIndex[q];
    let high = endIndex[q];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (passed(q, middle) < goal) low = middle;
      else high = middle;
    }
    const share = (goal - passed(q, low)) / (passed(q, high) - passed(q, low));
    const expectedEnd = timesSec[low] + Math.min(1, Math.max(0, share)) * (timesSec[high] - timesSec[low]);
    return { row: rows[q], kind: 'decode', seconds: secondsOf(q), expectedSec: expectedEnd - phases.startSec[rows[q]] };
  });
};

/** Steps of each decode row: a given number, else its tokens. */
export const stepsOfRows = (phases: PhaseTable): ((row: number) => number) => {
  const { steps } = phases;
  const tokensOf = tokensOfRows(phases);
  return (i) => {
    const given = steps === undefined ? Number.NaN : steps[i];
    return given >= 0 ? given : tokensOf(i);
  };
};
