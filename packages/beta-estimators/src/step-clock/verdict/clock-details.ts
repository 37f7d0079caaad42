import { type PrefixSums, prefixSum, sumBetween } from '@stepclock/overlap-pressure';
import { dividedCost, emptyStretch, fittedSeconds } from '@stepclock/step-cost';
import type { PhaseTable } from '@stepclock/trace-io';
import type { ResolvedStepClockOptions } from '../fit/step-clock-options.js';
import type { LaidWindow } from '../fit/trace-fit.js';
import { fitWithPrompts } from '../prompts/fit-with-prompts.js';
import { activeOn } from '../trace/clock-frame.js';
import type { Decodes, Prefills } from '../trace/trace-columns.js';

/** One value a segment. Times are the trace's own. */
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
  /** Mean over the segment's steps; 0 where no term reads it. */
  readonly contextTokens: Float64Array;
  /** What the cost says of the segment. */
  readonly predictedSec: Float64Array;
}

/** One value a phase that a window saw whole: prefills first, window by window. */
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
  /** Middle of the cluster, on the trace's own clock. */
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

/**
 * The segments, phases and clusters behind an estimate. It fits once more, so that keeping an estimate keeps nothing of this.
 *
 * @param options the `options` of the estimate
 * @throws Fault as `estimateStepClock` does
 */
export const stepClockDetails = (phases: PhaseTable, options: ResolvedStepClockOptions): StepClockDetails => {
  let windows: StepClockDetails[] = [];
  const begin = () => {
    windows = [];
    return (window: LaidWindow): void => {
      windows.push(detailsOf(window));
    };
  };
  fitWithPrompts(phases, options, undefined, begin);
  const inRow = (column: (window: StepClockDetails) => Float64Array): Float64Array => {
    const pieces = windows.map(column);
    const whole = new Float64Array(pieces.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const piece of pieces) {
      whole.set(piece, at);
      at += piece.length;
    }
    return whole;
  };
  return {
    segments: {
      startSec: inRow(({ segments: s }) => s.startSec),
      durationSec: inRow(({ segments: s }) => s.durationSec),
      activePrefills: inRow(({ segments: s }) => s.activePrefills),
      activeDecodes: inRow(({ segments: s }) => s.activeDecodes),
      steps: inRow(({ segments: s }) => s.steps),
      expectedSteps: inRow(({ segments: s }) => s.expectedSteps),
      prefillTokens: inRow(({ segments: s }) => s.prefillTokens),
      contextTokens: inRow(({ segments: s }) => s.contextTokens),
      predictedSec: inRow(({ segments: s }) => s.predictedSec),
    },
    phases: {
      row: Uint32Array.from(windows.flatMap(({ phases: p }) => Array.from(p.row))),
      observedSec: inRow(({ phases: p }) => p.observedSec),
      predictedSec: inRow(({ phases: p }) => p.predictedSec),
      meanDecodes: inRow(({ phases: p }) => p.meanDecodes),
      meanPrefillTokens: inRow(({ phases: p }) => p.meanPrefillTokens),
    },
    clusters: {
      timeSec: inRow(({ clusters: c }) => c.timeSec),
      observedSec: inRow(({ clusters: c }) => c.observedSec),
      predictedSec: inRow(({ clusters: c }) => c.predictedSec),
      steps: inRow(({ clusters: c }) => c.steps),
    },
  };
};

const detailsOf = ({ problem, laid: { state, rows }, coefficients }: LaidWindow): StepClockDetails => {
  const { frame, graph, groups, columns } = problem;
  const { steps, context, shares } = state;
  const count = frame.segmentSec.length;
  const { perStep, ofPrefill } = dividedCost(rows.terms, coefficients);
  const held = emptyStretch();
  const predictedSec = steps.map((k, j) => {
    held.prefillTokens = shares.tokens[j];
    const alone = shares.alone?.[j] ?? 0;
    held.prefillSteps = alone > 0 ? alone : Math.min(k, shares.tokens[j] > 0 ? 1 : 0);
    held.prefillRequests = shares.requests?.[j] ?? 0;
    held.prefillContext = shares.positions?.[j] ?? 0;
    return k * perStep(frame.decodes[j], context[j]) + alone * perStep(0, 0) + ofPrefill(held);
  });
  const expectedSteps = new Float64Array(count).fill(Number.NaN);
  for (let e = 0; e < graph.edges; e++) expectedSteps[graph.segment[e]] = state.expected[e];
  const firstOf = new Float64Array(groups.length).fill(Number.NaN);
  const timeSec = new Float64Array(groups.length);
  for (let j = 0; j < count; j++) {
    const c = groups.ofSegment[j];
    if (c < 0) continue;
    if (Number.isNaN(firstOf[c])) firstOf[c] = frame.nodeSec[j];
    timeSec[c] = columns.originSec + (firstOf[c] + frame.nodeSec[j + 1]) / 2;
  }
  return {
    segments: {
      startSec: frame.nodeSec.slice(0, count).map((sec) => sec + columns.originSec),
      durationSec: frame.segmentSec,
      activePrefills: activeOn(count, frame.prefillSegment, frame.prefillEnd),
      activeDecodes: frame.decodes,
      steps: steps.slice(),
      expectedSteps,
      prefillTokens: shares.tokens.slice(),
      contextTokens: context.slice(),
      predictedSec,
    },
    phases: phaseDetails(problem, steps, shares.tokens, predictedSec),
    clusters: {
      timeSec,
      observedSec: rows.seconds,
      predictedSec: rows.seconds.map((_, i) => fittedSeconds(rows, coefficients, i)),
      steps: rows.steps,
    },
  };
};

const phaseDetails = (
  { frame, columns }: LaidWindow['problem'],
  steps: Float64Array,
  prefilled: Float64Array,
  predictedSec: Float64Array,
): PhaseDetails => {
  const sums = {
    predicted: prefixSum(predictedSec),
    steps: prefixSum(steps),
    decodes: prefixSum(steps.map((k, j) => k * frame.decodes[j])),
    prefilled: prefixSum(prefilled),
  };
  const details: { readonly [column in keyof PhaseDetails]: number[] } = {
    row: [],
    observedSec: [],
    predictedSec: [],
    meanDecodes: [],
    meanPrefillTokens: [],
  };
  const put = (from: Prefills | Decodes, i: number, over: (s: PrefixSums) => number): void => {
    if (from.cut[i] === 1) return;
    const k = over(sums.steps);
    details.row.push(from.row[i]);
    details.observedSec.push(from.endSec[i] - from.startSec[i]);
    details.predictedSec.push(over(sums.predicted));
    details.meanDecodes.push(k > 0 ? over(sums.decodes) / k : 0);
    details.meanPrefillTokens.push(k > 0 ? over(sums.prefilled) / k : 0);
  };
  for (let i = 0; i < columns.prefills.length; i++) {
    const first = frame.prefillSegment[i];
    put(columns.prefills, i, (s) => overPrefill(s, first, frame.prefillOffset[i], frame.prefillEnd[i]));
  }
  for (let i = 0; i < columns.decodes.length; i++) {
    put(columns.decodes, i, (s) => sumBetween(s, frame.decodeStart[i], frame.decodeEnd[i]));
  }
  return {
    row: Uint32Array.from(details.row),
    observedSec: Float64Array.from(details.observedSec),
    predictedSec: Float64Array.from(details.predictedSec),
    meanDecodes: Float64Array.from(details.meanDecodes),
    meanPrefillTokens: Float64Array.from(details.meanPrefillTokens),
  };
};

/** Sum over a prefill's segments; of the first one only what lies after its start. */
const overPrefill = (sums: PrefixSums, first: number, offset: number, end: number): number =>
  sumBetween(sums, first, end) - offset * sumBetween(sums, first, first + 1);
