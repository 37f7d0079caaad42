import { medianOf, quantileOf } from '@stepclock/numerics';
import { fittedSeconds, type RowsFit, type RowTable } from '@stepclock/step-cost';
import type { ClockedSteps } from '../clocked-steps.js';
import type { TrustedRows } from '../rows/trusted-rows.js';
import type { PrefillPolicy } from '../steps/shared-prompts.js';
import { START } from '../steps/step-starts.js';
import type { PromptOffset } from './prompt-offset.js';
import { promptScatter } from './prompt-scatter.js';

/** What the token clock saw, and how well. */
export interface TokenClockReport {
  readonly requests: number;
  readonly chunks: number;
  /** Steps that showed a token, and steps of prefill that did not. */
  readonly steps: number;
  readonly hiddenSteps: number;
  /** Steps that showed every sequence that decoded in them, as a share. */
  readonly completeShare: number;
  /** Lateness of chunks after the end of their step, s: median and 90 %; null where no two sequences overlap. */
  readonly spreadP50Sec: number | null;
  readonly spreadP90Sec: number | null;
  /** Engines behind the client, by groups of sequences that line up within and not across. */
  readonly engines: number;
  /** How chunks follow steps: one a step, or one every so many. */
  readonly stepsPerChunk: number;
  readonly prefillFirst: boolean;
  readonly policy: PrefillPolicy;
  /** Requests that sat out while others moved. */
  readonly preemptions: number;
  readonly starts: 'given' | 'rebuilt';
  /** Distance of rebuilt requests from the steps of those before them, s; null where starts were given. */
  readonly startResidualP50Sec: number | null;
  readonly startResidualP95Sec: number | null;
  readonly rows: number;
  readonly stepsPerRow: number;
  readonly stepsInRows: number;
  /** Ends of steps that were late by what followed. */
  readonly lateEnds: number;
  /** Standard deviations of the lateness that remains in ends, and of a step's own time, s. */
  readonly latenessSec: number;
  readonly stepNoiseSec: number;
  /** Robust relative residual of the rows. */
  readonly rowResidual: number;
  /** Rows that took far longer than their steps cost: how many, how much longer, s, and as a share of all time; when the first came. */
  readonly stalls: number;
  readonly stalledSec: number;
  readonly stalledShare: number;
  readonly stalledAtSec: readonly number[];
  /** Rows left out because their time contradicts the steps that they seem to hold. */
  readonly contradictingRows: number;
  /** What lies between the client and the engine at the start of an idle engine, s; null where no row begins so. */
  readonly clientOverheadSec: number | null;
  /** Tokens that a prompt has for the engine beyond those that the log counts (negative: fewer), with its standard error; null where nothing tells. */
  readonly promptOffsetTokens: number | null;
  readonly promptOffsetError: number | null;
  /** Tokens by which every prompt was shifted before the fit, because the offset is clear. */
  readonly shiftedTokens: number;
  /** One standard deviation by which prompts scatter beyond other steps, tokens, and the ratio of the scatters; null where nothing tells. */
  readonly promptScatterTokens: number | null;
  readonly promptScatterRatio: number | null;
  readonly meanPromptTokens: number;
  /** Steps of a request between its arrival and its first token: median. */
  readonly firstTokenSteps: number;
  /** Seconds that a mean prompt adds to its steps: by the coefficient of prompt tokens (null where the terms leave them out), and by both ends of its interval. */
  readonly promptCostSec: number | null;
  readonly promptCostRangeSec: readonly [number, number] | null;
  readonly meanStepSec: number;
  /** Labels of coefficients of which the rows determine only sums. */
  readonly onlySums: readonly string[];
}

/** Stalls whose times are given. */
const NAMED_STALLS = 20;
/** Chunks looked at for their lateness. */
const SPREAD_SAMPLE = 200_000;

/** What was fitted to a file's steps. */
export interface TokenClockFits {
  readonly trusted: TrustedRows;
  /** All rows, and the fit of those that are no stalls and do not contradict their steps. */
  readonly table: RowTable;
  readonly fit: RowsFit & {
    readonly stalled: Uint8Array;
    readonly contradicting: Uint8Array;
    readonly rows: RowTable;
  };
  /** What prompts lack or have beyond their tokens, as far as they were not shifted yet. */
  readonly offset: PromptOffset;
  /** 1 by term where the rows determine only sums. */
  readonly onlySums: Uint8Array;
}

/** @param shifted tokens by which prompts were shifted */
export function tokenClockReport(clocked: ClockedSteps, fits: TokenClockFits, shifted: number): TokenClockReport {
  const { steps, starts, prompts, alignment, rebuilt, table } = clocked;
  const { fit, trusted } = fits;
  const spread = spreadSample(clocked);
  let complete = 0;
  let asked = 0;
  let hidden = 0;
  for (let k = 0; k < steps.length; k++) {
    hidden += prompts.hiddenSteps[k];
    if (steps.decodeSeqs[k] === 0) continue;
    asked++;
    if (steps.decodeChunks[k] >= steps.decodeSeqs[k]) complete++;
  }
  let stepsInRows = 0;
  for (let i = 0; i < trusted.rows.length; i++) stepsInRows += trusted.rows.to[i] - trusted.rows.from[i];
  const stalled = [...fit.stalled.keys()].filter((i) => fit.stalled[i] === 1);
  const excess = (i: number): number => fits.table.seconds[i] - fittedSeconds(fits.table, fit.coefficients, i);
  const stalledSec = stalled.reduce((sum, i) => sum + excess(i), 0);
  const relative = Float64Array.from({ length: fit.rows.length }, (_, i) => {
    const fitted = fittedSeconds(fit.rows, fit.coefficients, i);
    return Math.abs(fit.rows.seconds[i] / fitted - 1);
  });
  const residuals = rebuilt?.residualSec.filter((r) => !Number.isNaN(r));
  const quantile = (of: Float64Array | undefined, p: number): number | null =>
    of === undefined || of.length === 0 ? null : quantileOf(of, p);
  const overhead = fit.rows.terms.findIndex(({ name }) => name === 'client_overhead');
  return {
    requests: table.requestCount,
    chunks: table.chunkSec.length,
    steps: steps.length,
    hiddenSteps: hidden,
    completeShare: asked > 0 ? complete / asked : 1,
    spreadP50Sec: quantile(spread, 0.5),
    spreadP90Sec: quantile(spread, 0.9),
    engines: alignment.heads.length,
    stepsPerChunk: alignment.sequences.chunks.kind === 'step' ? 1 : alignment.sequences.chunks.steps,
    prefillFirst: alignment.prefillFirst,
    policy: prompts.policy,
    preemptions: steps.resumptions.length,
    starts: rebuilt === undefined ? 'given' : 'rebuilt',
    startResidualP50Sec: quantile(residuals, 0.5),
    startResidualP95Sec: quantile(residuals, 0.95),
    rows: trusted.rows.length,
    stepsPerRow: trusted.length.steps,
    stepsInRows,
    lateEnds: trusted.lateSec.reduce((count, late) => count + (late > 0 ? 1 : 0), 0),
    latenessSec: trusted.length.latenessSec,
    stepNoiseSec: trusted.length.stepNoiseSec,
    rowResidual: relative.length > 0 ? 1.4826 * medianOf(relative) : 0,
    stalls: stalled.length,
    stalledSec,
    stalledShare: stalledSec / fits.table.seconds.reduce((sum, sec) => sum + sec, 0),
    stalledAtSec: stalled.slice(0, NAMED_STALLS).map((i) => trusted.rows.startSec[i]),
    contradictingRows: fit.contradicting.reduce((count, is) => count + is, 0),
    clientOverheadSec: starts.kind.includes(START.IDLE) && overhead >= 0 ? fit.coefficients[overhead] : null,
    promptOffsetTokens: Number.isNaN(fits.offset.tokens) ? null : shifted + fits.offset.tokens,
    promptOffsetError: Number.isNaN(fits.offset.error) ? null : fits.offset.error,
    shiftedTokens: shifted,
    ...scatterOf(fit),
    ...promptCost(clocked, fit),
    onlySums: fit.rows.terms.filter((_, t) => fits.onlySums[t] === 1).map(({ label }) => label),
  };
}

function scatterOf({ rows, coefficients }: TokenClockFits['fit']) {
  const { ratio, tokens } = promptScatter(rows, coefficients);
  return { promptScatterTokens: tokens, promptScatterRatio: ratio };
}

function promptCost({ steps, table }: ClockedSteps, { rows, intervals, coefficients }: TokenClockFits['fit']) {
  const waits: number[] = [];
  for (let r = 0; r < table.requestCount; r++) {
    const first = steps.firstStep[r];
    if (first < 0) continue;
    let step = first;
    while (step > 0 && steps.engineStart[step] === 0 && steps.endSec[step - 1] > table.sentSec[r]) step--;
    waits.push(first - step + 1);
  }
  const meanPromptTokens = table.promptTokens.reduce((sum, tokens) => sum + tokens, 0) / table.requestCount;
  const at = rows.terms.findIndex(({ name }) => name === 'prefill_tokens');
  const range = intervals?.byTerm[at];
  const total = rows.seconds.reduce((sum, sec) => sum + sec, 0);
  const count = rows.steps.reduce((sum, k) => sum + k, 0);
  return {
    meanPromptTokens,
    firstTokenSteps: waits.length > 0 ? medianOf(waits) : 0,
    promptCostSec: at < 0 ? null : coefficients[at] * meanPromptTokens,
    promptCostRangeSec: range ? ([range[0] * meanPromptTokens, range[1] * meanPromptTokens] as const) : null,
    meanStepSec: total / count,
  };
}

/** Lateness of chunks in steps that two sequences at least show. */
function spreadSample({ steps, table, alignment }: ClockedSteps): Float64Array {
  const { firstChunk, order, endChunk } = alignment.sequences;
  const every = Math.max(1, Math.floor(table.chunkSec.length / SPREAD_SAMPLE));
  const late: number[] = [];
  for (const r of order) {
    for (let i = firstChunk[r] + 1; i < endChunk[r]; i += every) {
      const k = steps.stepOfChunk[i];
      if (k >= 0 && steps.decodeChunks[k] > 1) late.push(table.chunkSec[i] - steps.endSec[k]);
    }
  }
  return Float64Array.from(late);
}
