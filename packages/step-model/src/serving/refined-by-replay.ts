import { type EngineLimits, type Simulation, simulate } from '@stepclock/engine-sim';
import { compensatedSum } from '@stepclock/numerics';
import { type Betas, CATALOGUE } from '@stepclock/step-cost';
import type { RequestTable } from '@stepclock/trace-io';
import { carriedStepSeconds } from '../replay/carried-cost.js';
import { type ServingMetrics, servingMetrics } from '../replay/serving-metrics.js';
import { type FittedBetas, lineThrough } from './likely-betas.js';
import type { MeasuredServingOptions } from './measured-serving.js';
import { pickedRequests, rowsByArrival } from './picked-requests.js';
import { workloadOf } from './replayed-load.js';
import { tellsScheduling, triedRules } from './rule-trial.js';
import { vllmDefaults } from './vllm-defaults.js';

/** What replays of a log say of the coefficients that were fitted to it. */
export type ReplayedFit =
  | Refinement
  /** No coefficients that the fit leaves open bring the replay near: its limits or rules are not those of the log. `decodes`: the share by which they last too long where the tokens come near. */
  | { readonly kind: 'doubted'; readonly late: number; readonly decodes?: number };

export interface Refinement {
  readonly kind: 'refined';
  /** The coefficients refined, s by label. */
  readonly betas: Betas;
  /** By which the time of the replayed steps was multiplied. */
  readonly factor: number;
  /** Replays that it took. */
  readonly replays: number;
  /** Share by which replayed first and last tokens come late in the mean, of their time since the arrival: as fitted, and refined. */
  readonly late: readonly [asFitted: number, refined: number];
}

/** Where fewer requests were preempted, their clock needs no help. */
const PREEMPTED_SHARE = 0.05;
/** A replay that is as near as this is what one can ask of it: which request is preempted is chance. */
const NEAR = 0.005;
/**
 * Standard errors of the steps' time that coefficients are moved at most. On the RTX 4090 log they move by 2.5 to 3.5; with a KV cache that is told
 * 15 % too small, or 20 % too large, by 4.2 to 11.
 */
const FARTHEST = 4;
/**
 * Decodes of a replay whose tokens come near are off by no more, unless it had another cache. The RTX 4090 log's are off by 0.8 % at most; with
 * a KV cache that is told 10 % wrong, by 8 %.
 */
const DECODES_NEAR = 0.02;
/** A replay that misses by less, and cannot be mended, is not worth a word. */
const DOUBTFUL = 0.1;
const MOST_REPLAYS = 12;
/** Requests, from the first on, that are served: enough for a mean, and a second's work. */
const SERVED = 5000;

/**
 * Coefficients of a log whose requests were preempted, refined by serving it again: its clock lacks the steps of what was computed again, the
 * replayed engine has them. Where the first and last tokens of the replay come late (or early) in the mean, the coefficients move as little as
 * they must, in units of their own covariance: by `Sigma g`, g what the replayed steps hold of each term (the update of a Kalman filter, one
 * observation).
 *
 * @param settings the engine's limits, its KV cache among them
 * @returns undefined where the replay preempts hardly any request, or is near as it is
 * @throws Fault as `replay` does
 */
export const refinedByReplay = (
  requests: RequestTable,
  fitted: FittedBetas,
  settings: EngineLimits,
  { window: [from, to] = [-Infinity, Infinity], catalogue = CATALOGUE, ...options }: MeasuredServingOptions = {},
): ReplayedFit | undefined => {
  if (settings.kvTokens === undefined) return undefined;
  const { arrivalSec } = requests;
  const rows = rowsByArrival(requests).filter((i) => !((arrivalSec?.[i] ?? 0) >= to));
  const log = pickedRequests(requests, rows.subarray(0, SERVED));
  const workload = workloadOf(log, options);
  const engineOf = (betas: Betas) => ({
    ...settings,
    stepSeconds: carriedStepSeconds(betas, catalogue),
    stepNoise: 0,
  });
  const defaults = vllmDefaults(options.engine, tellsScheduling(log));
  const { rules } = triedRules(log, workload, engineOf(fitted.betas), defaults);
  const measured = servingMetrics(log);
  const isIn = (sec: number): boolean => sec >= from && sec < to;
  const first = rowsWhere(log.firstTokenSec, isIn);
  const last = rowsWhere(log.lastTokenSec, isIn);
  const whole = compensatedSum([...first.map((i) => measured.ttft[i]), ...last.map((i) => measured.latency[i])]);
  const both = last.filter((i) => measured.latency[i] >= measured.ttft[i]);
  const decodeSec = ({ ttft, latency }: ServingMetrics): number =>
    compensatedSum(both.map((i) => latency[i] - ttft[i]));
  const served = (betas: Betas) => simulate(workload, { ...engineOf(betas), ...rules });
  const lateness = (run: Simulation): number => {
    const { ttft, latency } = servingMetrics(run.requests);
    const late = [
      ...first.map((i) => ttft[i] - measured.ttft[i]),
      ...last.map((i) => latency[i] - measured.latency[i]),
    ];
    return compensatedSum(late) / whole;
  };
  const asFitted = served(fitted.betas);
  const lateFitted = lateness(asFitted);
  const preempted = asFitted.truth.preemptions.reduce((sum, times) => sum + (times > 0 ? 1 : 0), 0);
  if (!(preempted >= PREEMPTED_SHARE * log.length && Math.abs(lateFitted) > NEAR)) return undefined;
  const { at, errorShare } = lineThrough(fitted, asFitted.steps, catalogue);
  const asItWas = Math.abs(lateFitted) > DOUBTFUL ? ({ kind: 'doubted', late: lateFitted } as const) : undefined;
  // Times grow with the steps, a little more than in proportion: regula falsi (Illinois) between the fit and the farthest that it leaves open.
  let [near, far] = [1, 1 - Math.sign(lateFitted) * Math.min(FARTHEST * errorShare, 1 / 2)];
  let [lateNear, lateFar] = [lateFitted, lateness(served(at(far)))];
  if (!(lateNear * lateFar < 0)) return asItWas;
  for (let replays = 3; replays <= MOST_REPLAYS; replays++) {
    const factor = near + ((far - near) * lateNear) / (lateNear - lateFar);
    const betas = at(factor);
    const run = served(betas);
    const late = lateness(run);
    if (Math.abs(late) <= NEAR) {
      const decodes = decodeSec(servingMetrics(run.requests)) / decodeSec(measured) - 1;
      if (Math.abs(decodes) > DECODES_NEAR) return { kind: 'doubted', late: lateFitted, decodes };
      return { kind: 'refined', betas, factor, replays, late: [lateFitted, late] };
    }
    if (late * lateNear < 0) [far, lateFar] = [near, lateNear];
    else lateFar /= 2;
    [near, lateNear] = [factor, late];
  }
  return asItWas;
};

const rowsWhere = (column: Float64Array | undefined, isIn: (sec: number) => boolean): readonly number[] =>
  column === undefined ? [] : Array.from(column.keys()).filter((i) => isIn(column[i]));

/** A fit, as far as a refinement changes it. */
interface Refinable {
  readonly betas: Betas;
  readonly intervals: {
    readonly byLabel: Readonly<Record<string, readonly [number, number] | null>>;
    readonly covariance: readonly (readonly number[])[];
  } | null;
}

/** Half width of a 95 % interval over a standard error. */
const HALF_WIDTH = 1.96;

/** A fit with refined coefficients, and intervals that still reach to where they were. */
export const refinedFit = <F extends Refinable>(fit: F, { betas }: Pick<Refinement, 'betas'>): F => {
  const { intervals } = fit;
  const moved = Object.entries(betas).map(([label, to]) => to - fit.betas[label]);
  const around = (to: number, from: number, interval: readonly [number, number] | null | undefined) => {
    if (interval == null) return null;
    const [below, above] = [from - interval[0], interval[1] - from].map((half) => Math.hypot(half, to - from));
    return [interval[0] < 0 ? to - below : Math.max(0, to - below), to + above] as const;
  };
  return {
    ...fit,
    betas,
    intervals: intervals && {
      ...intervals,
      byLabel: Object.fromEntries(
        Object.entries(betas).map(([label, to]) => [label, around(to, fit.betas[label], intervals.byLabel[label])]),
      ),
      covariance: intervals.covariance.map((row, i) => row.map((c, j) => c + (moved[i] * moved[j]) / HALF_WIDTH ** 2)),
    },
  };
};
