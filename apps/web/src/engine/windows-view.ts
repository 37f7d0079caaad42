import {
  BASE_TERMS,
  fitWindow,
  inverseSeconds,
  knownTerms,
  type RowRange,
  rowsOf,
  windowsOf,
} from '@stepclock/step-cost';
import type { WindowsView } from '../messages.js';
import type { Bars } from './step-bars.js';

/** Windows of a log, and steps that each has at least: fewer tell four coefficients badly. */
const MOST_WINDOWS = 24;
const FEWEST_STEPS = 200;

/** Ranges of bars with about the same time each. */
const rangesOf = ({ length, startSec, endSec }: Bars, count: number): readonly RowRange[] => {
  const span = endSec[length - 1] - startSec[0];
  const ranges: [number, number][] = [];
  for (let i = 0, w = 0; w < count; w++) {
    const from = i;
    const until = startSec[0] + ((w + 1) / count) * span;
    while (i < length && (w === count - 1 || startSec[i] < until)) i++;
    if (i > from) ranges.push([from, i]);
  }
  return ranges;
};

/** The base terms of each window fitted by itself, and by how much it took longer than the model of all of them says. Null for short logs. */
export const windowsViewOf = (bars: Bars, betas: Readonly<Record<string, number>>): WindowsView | null => {
  const { startSec, endSec, stretches, predictedSec, length } = bars;
  const steps = stretches.steps.reduce((sum, k) => sum + k, 0);
  const count = Math.min(MOST_WINDOWS, Math.floor(steps / FEWEST_STEPS));
  if (count < 2) return null;
  const ranges = rangesOf(bars, count);
  const measured = Float64Array.from({ length }, (_, i) => endSec[i] - startSec[i]);
  const terms = knownTerms(BASE_TERMS, stretches).filter(({ label }) => label in betas);
  const rows = rowsOf(stretches, measured, terms);
  const windows = windowsOf(rows, inverseSeconds(rows), new Float64Array(terms.length), ranges);
  const fits = windows.map((window) => (window.steps < FEWEST_STEPS / 2 ? undefined : fitWindow(window)));
  const sum = (column: Float64Array, [from, to]: RowRange): number => {
    let total = 0;
    for (let i = from; i < to; i++) total += column[i];
    return total;
  };
  return {
    middleSec: Float64Array.from(ranges, ([from, to]) => (startSec[from] + endSec[to - 1]) / 2 - startSec[0]),
    residual: Float64Array.from(ranges, (range) => sum(measured, range) / sum(predictedSec, range) - 1),
    byTerm: terms.map(({ label, phrase, unit }, t) => ({
      ...{ label, phrase, unit, value: betas[label] },
      own: Float64Array.from(fits, (fit) => fit?.coefficients[t] ?? Number.NaN),
    })),
  };
};
