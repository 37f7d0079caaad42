import {
  activeCount,
  activeSum,
  type PrefixSums,
  prefixIntegral,
  prefixSum,
  type TimeGrid,
  timeGrid,
} from '@stepclock/overlap-pressure';
import { emptyStretch, type StepCost } from '@stepclock/step-cost';
import { DECODE, type PhaseTable, PREFILL } from '@stepclock/trace-io';

/** A model's cost in two parts: what the means of a stretch tell, and what the batch of every step must be asked for. */
export interface DividedModel {
  readonly ofMeans: StepCost;
  readonly ofBatches: StepCost;
}

/** N of a decode: a given step count wins over the tokens. */
export const decodeSteps = (phases: PhaseTable, i: number): number => {
  const given = phases.steps?.[i];
  return given !== undefined && given >= 0 ? given : phases.decodeTokens[i];
};

/** Prompt tokens by request, cached ones included. */
const promptTokens = (phases: PhaseTable): Float64Array => {
  const tokens = new Float64Array(phases.requestIds.length);
  for (let i = 0; i < phases.length; i++) {
    if (phases.kind[i] !== PREFILL) continue;
    tokens[phases.request[i]] = phases.prefillTokens[i] + (phases.cachedTokens?.[i] ?? 0);
  }
  return tokens;
};

/**
 * What one engine processes over time, each phase's work spread evenly over it. Sums from the trace's start to each boundary; of a difference,
 * what lies between two.
 */
export interface EngineSignals {
  readonly grid: TimeGrid;
  readonly isDecode: (row: number) => boolean;
  /** Of a row: steps of a decode, tokens of a prefill. */
  readonly work: Float64Array;
  /** Work per second. */
  readonly rate: Float64Array;
  readonly decodeTokens: PrefixSums;
  readonly prefillTokens: PrefixSums;
  /** Prompts. */
  readonly prefillRequests: PrefixSums;
  /** Positions of the prefill tokens. */
  readonly prefillContext: PrefixSums;
  /** Steps that hold prefill. */
  readonly prefillSteps: PrefixSums;
  /** Context of the decodes x seconds. */
  readonly contextSec: PrefixSums;
  /** Cost of a step x seconds, by the batch of each segment. */
  readonly stepCostSec: PrefixSums;
}

/**
 * The signals of one engine.
 *
 * @param rows of the phases, those of the engine; at least one
 */
export const engineSignals = (
  phases: PhaseTable,
  rows: Uint32Array,
  { ofMeans, ofBatches }: DividedModel,
): EngineSignals => {
  const origin = rows.reduce((least, i) => Math.min(least, phases.startSec[i]), Infinity);
  const start = Float64Array.from(rows, (i) => phases.startSec[i] - origin);
  const end = Float64Array.from(rows, (i) => phases.endSec[i] - origin);
  const grid = timeGrid(start, end);
  const kinds = Uint8Array.from(rows, (i) => phases.kind[i]);
  const prompts = promptTokens(phases);
  const isDecode = (k: number) => kinds[k] === DECODE;
  const promptOf = (k: number) => prompts[phases.request[rows[k]]];
  const work = Float64Array.from(rows, (i, k) => (isDecode(k) ? decodeSteps(phases, i) : phases.prefillTokens[i]));
  const rate = work.map((done, k) => done / (end[k] - start[k]));
  const ofDecodes = (of: (k: number) => number) =>
    activeSum(
      grid,
      work.map((_, k) => (isDecode(k) ? of(k) : 0)),
    );
  const ofPrefills = (of: (k: number) => number) =>
    activeSum(
      grid,
      work.map((_, k) => (isDecode(k) ? 0 : of(k) / (end[k] - start[k]))),
    );
  const decodes = ofDecodes((k) => rate[k]);
  // A decode's context grows evenly from its prompt: at time t it is base + rate t.
  const bases = ofDecodes((k) => promptOf(k) - rate[k] * start[k]);
  const context = decodes.map((r, j) => bases[j] + (r * (grid.timesSec[j] + grid.timesSec[j + 1])) / 2);
  const prefills = activeCount(grid, kinds, PREFILL);
  const prefillTokens = ofPrefills((k) => work[k]);
  const prefillRequests = ofPrefills(() => 1);
  const prefillContext = ofPrefills((k) => work[k] * (promptOf(k) - (work[k] - 1) / 2));
  const seqs = activeCount(grid, kinds, DECODE);
  const step = emptyStretch();
  const perStep = new Float64Array(grid.segmentCount);
  const prefillSteps = new Float64Array(grid.segmentCount);
  for (let j = 0; j < grid.segmentCount; j++) {
    step.steps = 1;
    step.decodeSeqs = seqs[j];
    step.contextTokens = context[j];
    step.prefillSteps = Math.min(prefills[j], 1);
    perStep[j] = ofBatches.secondsOf(step);
    if (prefills[j] === 0) continue;
    // Steps with prefill are longer than the others: what its tokens do not take of the time, whole steps do.
    const ofStep = ofMeans.secondsOf(step) + perStep[j];
    const sec = grid.segmentSec[j];
    const ofTokens = ofMeans.secondsOf({
      ...emptyStretch(),
      prefillTokens: prefillTokens[j] * sec,
      prefillRequests: prefillRequests[j] * sec,
      prefillContext: prefillContext[j] * sec,
    });
    prefillSteps[j] = ofStep > 0 ? Math.max(0, sec - ofTokens) / ofStep : 0;
  }
  const secondsOf = (signal: Float64Array) => prefixSum(signal.map((value, j) => value * grid.segmentSec[j]));
  return {
    grid,
    isDecode,
    work,
    rate,
    decodeTokens: prefixIntegral(grid, decodes),
    prefillTokens: prefixIntegral(grid, prefillTokens),
    prefillRequests: prefixIntegral(grid, prefillRequests),
    prefillContext: prefixIntegral(grid, prefillContext),
    prefillSteps: prefixSum(prefillSteps),
    contextSec: secondsOf(context),
    stepCostSec: secondsOf(perStep),
  };
};
