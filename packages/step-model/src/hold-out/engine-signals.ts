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
  /** Seconds in which a prefill is under way. */
  readonly prefillSec: PrefixSums;
  /** Context of the decodes x seconds. */
  readonly contextSec: PrefixSums;
  /** Cost of a step x seconds, by the batch of each segment. */
  readonly stepCostSec: PrefixSums;
}

/**
 * The signals of one engine.
 *
 * @param rows of the phases, those of the engine; at least one
 * @param ofBatches cost of a step that needs the batch of each segment
 */
export const engineSignals = (phases: PhaseTable, rows: Uint32Array, ofBatches: StepCost): EngineSignals => {
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
    prefixIntegral(
      grid,
      activeSum(
        grid,
        work.map((_, k) => (isDecode(k) ? 0 : of(k) / (end[k] - start[k]))),
      ),
    );
  const decodes = ofDecodes((k) => rate[k]);
  // A decode's context grows evenly from its prompt: at time t it is base + rate t.
  const bases = ofDecodes((k) => promptOf(k) - rate[k] * start[k]);
  const context = decodes.map((r, j) => bases[j] + (r * (grid.timesSec[j] + grid.timesSec[j + 1])) / 2);
  const prefills = activeCount(grid, kinds, PREFILL);
  const step = emptyStretch();
  const perStep = activeCount(grid, kinds, DECODE).map((seqs, j) => {
    step.steps = 1;
    step.decodeSeqs = seqs;
    step.contextTokens = context[j];
    step.prefillSteps = Math.min(prefills[j], 1);
    return ofBatches.secondsOf(step);
  });
  const secondsOf = (signal: Float64Array) => prefixSum(signal.map((value, j) => value * grid.segmentSec[j]));
  return {
    grid,
    isDecode,
    work,
    rate,
    decodeTokens: prefixIntegral(grid, decodes),
    prefillTokens: ofPrefills((k) => work[k]),
    prefillRequests: ofPrefills(() => 1),
    prefillContext: ofPrefills((k) => work[k] * (promptOf(k) - (work[k] - 1) / 2)),
    prefillSec: secondsOf(prefills.map((n) => Math.min(n, 1))),
    contextSec: secondsOf(context),
    stepCostSec: secondsOf(perStep),
  };
};
