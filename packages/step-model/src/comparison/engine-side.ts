import { tQuantile } from '@stepclock/numerics';
import {
  fitWindows,
  mergeWindows,
  REBUILT_STEPS_FLOOR_SHARE,
  type StepWindow,
  type Term,
  windowsOn,
} from '@stepclock/step-cost';
import { stepModelFault } from '../step-model-fault.js';
import type { BatchSeen, ComparedLog } from './compared-log.js';

/** One side of a comparison: the coefficients of the terms that both sides tell, and how far they are known. */
export interface EngineSide {
  readonly coefficients: Float64Array;
  /** Covariance times the squared reach of an interval at the level: `sqrt(x' S x)` is half of an interval. */
  readonly spread: readonly Float64Array[];
  /** What a mean step of its log holds of each term. */
  readonly step: Float64Array;
  /** Seconds of a mean step that lie in terms which are left out: so much the others may have taken over. */
  readonly leftOutSec: number;
  readonly requests: number | null;
  readonly batches: readonly BatchSeen[];
}

const seconds = (windows: readonly StepWindow[]): number => windows.reduce((sum, window) => sum + window.seconds, 0);

/** Seconds over those of the fit, less one. */
const offOf = (windows: readonly StepWindow[], coefficients: Float64Array): number => {
  const fitted = windows.reduce((sum, { sums }) => sum + sums.reduce((s, x, t) => s + x * coefficients[t], 0), 0);
  return seconds(windows) / fitted - 1;
};

/**
 * Standard deviation of what one run is off by as a whole, beyond what its own windows scatter: 0 where they explain all of it.
 *
 * @param runs windows of each of at least two runs of one engine
 */
const betweenRuns = (runs: readonly (readonly StepWindow[])[], coefficients: Float64Array): number => {
  const off = runs.map((windows) => offOf(windows, coefficients));
  const mean = off.reduce((a, b) => a + b, 0) / runs.length;
  const scatter = off.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (runs.length - 1);
  const own = runs.map((windows, f) => {
    const n = windows.length;
    const each = windows.map(
      (window) => (window.seconds / seconds(windows)) * (offOf([window], coefficients) - off[f]),
    );
    return (n / (n - 1)) * each.reduce((sum, x) => sum + x * x, 0);
  });
  return Math.sqrt(Math.max(0, scatter - own.reduce((a, b) => a + b, 0) / runs.length));
};

/** The windows of a log on some terms: the cost of the others goes into these, as on the side that does not know them. */
const onTerms = ({ windows }: ComparedLog, terms: readonly Term[]): readonly StepWindow[] => {
  const [{ terms: own }] = windows;
  const of = terms.map((term) => own.indexOf(term));
  const reference = windows[0].reference.map((value, t) => (of.includes(t) ? value : 0));
  return windowsOn(windows, of, reference);
};

/** Mean seconds of a step in terms of a log that are not among the given ones. */
const leftOutOf = ({ windows, terms: own }: ComparedLog, terms: readonly Term[]): number => {
  const out = own.filter((term) => !terms.includes(term));
  if (out.length === 0) return 0;
  const { terms: all, sums, steps } = mergeWindows(windows);
  const { coefficients } = fitWindows(windows, { choice: own.map((term) => all.indexOf(term)) });
  return out.reduce(
    (sec, term) => sec + Math.abs((coefficients[all.indexOf(term)] * sums[all.indexOf(term)]) / steps),
    0,
  );
};

const several = (batches: readonly (readonly BatchSeen[])[]): readonly BatchSeen[] => {
  const all = new Map<number, BatchSeen>();
  for (const { decodeSeqs, steps, meanSeconds } of batches.flat()) {
    const before = all.get(decodeSeqs) ?? { steps: 0, meanSeconds: 0 };
    const count = before.steps + steps;
    const mean = (before.steps * before.meanSeconds + steps * meanSeconds) / count;
    all.set(decodeSeqs, { decodeSeqs, steps: count, meanSeconds: mean });
  }
  return [...all.values()];
};

/**
 * One or several logs of one engine as a side: their windows fitted together on the given terms. What the runs differ by as a whole beyond their own
 * scatter widens the spread.
 *
 * @param terms that the windows of all logs of both sides have
 * @param hasOtherClock whether the other side's steps were rebuilt by another clock: what both err by alike goes into no difference otherwise
 * @throws Fault `step-model/not-comparable`
 */
export const engineSideOf = (
  logs: readonly ComparedLog[],
  terms: readonly Term[],
  name: string,
  level: number,
  hasOtherClock: boolean,
): EngineSide => {
  const runs = logs.map((log) => onTerms(log, terms));
  const windows = runs.flat();
  const p = terms.length;
  const { coefficients, intervals } = fitWindows(windows, {
    level,
    choice: terms.map((_, t) => t),
    floorShare: hasOtherClock ? REBUILT_STEPS_FLOOR_SHARE : 0,
  });
  if (intervals === null) {
    const rule = `must tell ${terms.map(({ label }) => label).join(', ')} apart to be compared`;
    throw stepModelFault('step-model/not-comparable', { what: name, rule, value: 'columns that depend on each other' });
  }
  const reach = tQuantile((1 + level) / 2, windows.length - 1);
  const between = runs.length < 2 ? 0 : betweenRuns(runs, coefficients);
  const common = between === 0 ? 0 : (tQuantile((1 + level) / 2, runs.length - 1) * between) ** 2 / runs.length;
  const spread = terms.map((_, t) =>
    Float64Array.from({ length: p }, (_, u) => {
      const own = reach ** 2 * intervals.covariance[t * p + u] + common * coefficients[t] * coefficients[u];
      // One that is held at its bound has no variance, but an upper end.
      const isHeld = t === u && intervals.covariance[t * p + t] === 0;
      return isHeld ? ((intervals.byTerm[t]?.[1] ?? 0) - coefficients[t]) ** 2 : own;
    }),
  );
  const { sums, steps } = mergeWindows(windows);
  const requests = logs.reduce((sum, log) => sum + (log.requests ?? Number.NaN), 0);
  return {
    coefficients,
    spread,
    step: sums.map((sum) => sum / steps),
    leftOutSec: logs.reduce((most, log) => Math.max(most, leftOutOf(log, terms)), 0),
    requests: Number.isFinite(requests) ? requests : null,
    batches: several(logs.map(({ batches }) => batches)),
  };
};
