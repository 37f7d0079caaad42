import { type PrefixSums, prefixSum, sumBetween } from '@stepclock/overlap-pressure';
import { dividedCost, emptyStretch, fittedSeconds } from '@stepclock/step-cost';
import type { PhaseTable } from '@stepclock/trace-io';
import { fitStepClock } from '../fit/fit-step-clock.js';
import type { ResolvedStepClockOptions } from '../fit/step-clock-options.js';
import { activeOn } from '../trace/clock-frame.js';
import type { Decodes, Prefills } from '../trace/trace-columns.js';

/** One value a segment. Times on the clock's own time line: from near zero, engines and windows one after another. */
export interface SegmentDetails {
  readonly startSec: Float64Array;
  readonly durationSec: Float64Array;
  readonly activePrefills: Float64Array;
  readonly activeDecodes: Float64Array;
  /** k_j, and k0_j before the counts corrected it; NaN where the counts alone decide. */
  readonly steps: Float64Array;
  readonly expectedSteps: Float64Array;
  /** P_j: prefill tokens that the segment was given. */
  readonly prefillTokens: Float64Array;
  /** Mean over the segment's steps; 0 in the linear model. */
  readonly contextTokens: Float64Array;
  /** What the cost says of the segment. */
  readonly predictedSec: Float64Array;
}

/** One value a phase that the fit has seen: prefills first. */
export interface PhaseDetails {
  /** Row of the phase table. */
  readonly row: Uint32Array;
  readonly observedSec: Float64Array;
  readonly predictedSec: Float64Array;
  /** Per step of the phase: active decodes, and prefill tokens of the engine. */
  readonly meanDecodes: Float64Array;
  readonly meanPrefillTokens: Float64Array;
}

/** One value a cluster: a row of the regression. */
export interface ClusterDetails {
  /** Middle of the cluster, seconds on the clock's own time line. */
  readonly timeSec: Float64Array;
  readonly observedSec: Float64Array;
  readonly predictedSec: Float64Array;
  readonly steps: Float64Array;
}

/** The fitted clock from inside, for pictures. */
export interface StepClockDetails {
  readonly segments: SegmentDetails;
  readonly phases: PhaseDetails;
  readonly clusters: ClusterDetails;
}

/** Sum over a prefill's segments; of the first one only what lies after its start. */
const overPrefill = (sums: PrefixSums, first: number, offset: number, end: number): number =>
  sumBetween(sums, first, end) - offset * sumBetween(sums, first, first + 1);

/**
 * The segments, phases and clusters behind an estimate. It takes the estimate's own fit while that is in memory, and fits once
 * more otherwise, so that keeping an estimate keeps nothing of this.
 *
 * @param options the `options` of the estimate
 * @throws EstimatorError as `estimateStepClock` does
 */
export const stepClockDetails = (phases: PhaseTable, options: ResolvedStepClockOptions): StepClockDetails => {
  const { problem, fit } = fitStepClock(phases, options);
  const { frame, graph, groups, columns } = problem;
  const { coefficients, state, rows, terms } = fit;
  const { steps, context, shares } = state;
  const count = frame.segmentSec.length;

  const decodeTokens = steps.map((k, j) => k * frame.decodes[j]);
  const { perStep, ofPrefill } = dividedCost(terms, coefficients);
  const held = emptyStretch();
  const predictedSec = steps.map((k, j) => {
    held.prefillTokens = shares.tokens[j];
    held.prefillSteps = Math.min(k, shares.tokens[j] > 0 ? 1 : 0);
    held.prefillRequests = shares.requests?.[j] ?? 0;
    held.prefillContext = shares.positions?.[j] ?? 0;
    return k * perStep(frame.decodes[j], context[j]) + ofPrefill(held);
  });
  const expectedSteps = new Float64Array(count).fill(Number.NaN);
  for (let e = 0; e < graph.edges; e++) expectedSteps[graph.segment[e]] = state.expected[e];

  const total = columns.prefills.length + columns.decodes.length;
  const details = {
    row: new Uint32Array(total),
    observedSec: new Float64Array(total),
    predictedSec: new Float64Array(total),
    meanDecodes: new Float64Array(total),
    meanPrefillTokens: new Float64Array(total),
  };
  const sums = {
    predicted: prefixSum(predictedSec),
    steps: prefixSum(steps),
    decodes: prefixSum(decodeTokens),
    prefilled: prefixSum(shares.tokens),
  };
  const put = (at: number, from: Prefills | Decodes, i: number, over: (s: PrefixSums) => number): void => {
    const k = over(sums.steps);
    details.row[at] = from.row[i];
    details.observedSec[at] = from.endSec[i] - from.startSec[i];
    details.predictedSec[at] = over(sums.predicted);
    details.meanDecodes[at] = k > 0 ? over(sums.decodes) / k : 0;
    details.meanPrefillTokens[at] = k > 0 ? over(sums.prefilled) / k : 0;
  };
  for (let i = 0; i < columns.prefills.length; i++) {
    const first = frame.prefillSegment[i];
    const end = frame.prefillEnd[i];
    const offset = frame.prefillOffset[i];
    put(i, columns.prefills, i, (s) => overPrefill(s, first, offset, end));
  }
  for (let i = 0; i < columns.decodes.length; i++) {
    const from = frame.decodeStart[i];
    const to = frame.decodeEnd[i];
    put(columns.prefills.length + i, columns.decodes, i, (s) => sumBetween(s, from, to));
  }

  const firstOf = new Float64Array(groups.length).fill(Number.NaN);
  const timeSec = new Float64Array(groups.length);
  for (let j = 0; j < count; j++) {
    const c = groups.ofSegment[j];
    if (c < 0) continue;
    if (Number.isNaN(firstOf[c])) firstOf[c] = frame.nodeSec[j];
    timeSec[c] = (firstOf[c] + frame.nodeSec[j + 1]) / 2;
  }
  return {
    segments: {
      startSec: frame.nodeSec.slice(0, count),
      durationSec: frame.segmentSec,
      activePrefills: activeOn(count, frame.prefillSegment, frame.prefillEnd),
      activeDecodes: frame.decodes,
      steps,
      expectedSteps,
      prefillTokens: shares.tokens,
      contextTokens: context,
      predictedSec,
    },
    phases: details,
    clusters: {
      timeSec,
      observedSec: rows.seconds,
      predictedSec: rows.seconds.map((_, i) => fittedSeconds(rows, coefficients, i)),
      steps: rows.steps,
    },
  };
};
