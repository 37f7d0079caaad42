import { Fault } from '@stepclock/faults';
import { CompensatedSum, compensatedSum } from '@stepclock/numerics';
import { type RowTable, residualSeconds, rowsOf, type StepWindow, standingFor } from '@stepclock/step-cost';
import type { StepColumns } from '../step-columns.js';
import { blockWindows } from './block-windows.js';
import { fitOfSums } from './fit-of-sums.js';
import { GrownWindows } from './grown-windows.js';
import { KeptSteps } from './kept-steps.js';
import type { FitStepsOptions, Interval, StepsFit } from './steps-fit.js';
import { type StepsTerms, termsToFit } from './steps-terms.js';
import { stretchesOf, tellsAll, withKnownFacts, workingRows } from './working-steps.js';

/** Steps that are fitted at a time: their terms as columns take some megabytes. */
const BLOCK = 2 ** 15;
/** As many steps leave nothing of a coefficient's error but what drifts: from there on an ever smaller part of the blocks is fitted. */
const MOST_WHOLE = 2 ** 18;
/** Of a log that long, so that the part lies even over it. */
const SAMPLED_BLOCK = 2 ** 12;
/** Windows of a block: enough for Student's t, long enough to outlast what correlates. */
const WINDOWS = 20;
/** A shorter block goes by the weights of the one before. */
const SHORT_BLOCK = 1000;

/** A fitted block, until it is known for how many steps it stands: its own and those that follow it unfitted. */
interface Sampled {
  readonly windows: readonly StepWindow[];
  readonly steps: number;
  readonly seconds: number;
  readonly stalls: number;
  readonly stallSeconds: number;
  standsFor: number;
}

/**
 * The regression of a step log that comes in pieces: steps become windows, some thousand at a time, and are forgotten. Memory does not grow with the
 * log, and from a quarter of a million steps on time hardly does: a block stands for those behind it, twice as many each time the log has doubled.
 *
 * @throws Fault `step-model/no-context`, `step-cost/unknown-term`
 */
export class StepFitter {
  #asked: StepsTerms | undefined;
  #coefficients: Float64Array | undefined;
  #empty = 0;
  #untimed = 0;
  #incomplete = 0;
  #working = 0;
  #fitted = 0;
  #stalls = 0;
  #first: StepColumns | undefined;
  #last: Sampled | undefined;
  /** Blocks to pass over before the next that is fitted. */
  #toPass = 0;
  readonly #measured = new CompensatedSum();
  /** The measured time and that of stalls, from fitted blocks and what they stand for. */
  readonly #sampled = new CompensatedSum();
  readonly #stalled = new CompensatedSum();
  readonly #windows = new GrownWindows();
  readonly #kept = new KeptSteps();
  readonly #ranges = { prefillTokens: new Range(), decodeSeqs: new Range(), contextTokens: new Range() };

  constructor(private readonly options: FitStepsOptions = {}) {}

  /** Takes the next steps of the log. @throws Fault `step-model/bad-step` */
  add(log: StepColumns): void {
    const steps = withKnownFacts(log);
    const { rows, empty, untimed, incomplete } = workingRows(steps);
    this.#empty += empty;
    this.#untimed += untimed;
    this.#incomplete += incomplete;
    // What the first steps told and these do not is no zero.
    if (this.#asked !== undefined && !tellsAll(steps, this.#asked.terms)) {
      this.#incomplete += rows.length;
      return;
    }
    this.#first ??= steps;
    this.#ranges.prefillTokens.take(steps.prefillTokens);
    this.#ranges.decodeSeqs.take(steps.decodeTokens);
    if (steps.contextTokens) this.#ranges.contextTokens.take(steps.contextTokens);
    for (let from = 0; from < rows.length; ) {
      const block = this.#isSampling ? SAMPLED_BLOCK : BLOCK;
      // What is left over is no block of its own.
      const to = rows.length - from < block * 1.5 ? rows.length : from + block;
      this.#take(steps, rows.subarray(from, to));
      from = to;
    }
  }

  get #isSampling(): boolean {
    return this.#working >= MOST_WHOLE && this.options.allSteps !== true;
  }

  #take(steps: StepColumns, at: Uint32Array): void {
    for (const i of at) this.#measured.add(steps.durationSec[i]);
    if (this.#last !== undefined && this.#toPass > 0) {
      this.#toPass--;
      this.#last.standsFor += at.length;
    } else {
      this.#toPass = this.#isSampling ? 2 ** (Math.floor(Math.log2(this.#working / MOST_WHOLE)) + 1) - 1 : 0;
      this.#settle();
      this.#addBlock(steps, at);
    }
    this.#working += at.length;
  }

  /** Counts the last fitted block for all that it stands for. */
  #settle(): void {
    if (this.#last === undefined) return;
    const { windows, steps, seconds, stalls, stallSeconds, standsFor } = this.#last;
    const times = standsFor / steps;
    this.#windows.add(windows.map((window) => standingFor(window, times)));
    this.#sampled.add(times * seconds);
    this.#stalled.add(times * stallSeconds);
    this.#stalls += times * stalls;
    this.#last = undefined;
  }

  #addBlock(steps: StepColumns, at: Uint32Array): void {
    const stretches = stretchesOf(steps, at);
    this.#asked ??= termsToFit(this.options, stretches);
    const seconds = Float64Array.from(at, (i) => steps.durationSec[i]);
    const rows = rowsOf(stretches, seconds, this.#asked.terms);
    const { weights: weighting = 'inverse-seconds', estimate = 'mean' } = this.options;
    const apart = (this.options.stalls ?? (weighting === 'none' ? 'in' : 'apart')) === 'apart';
    const { prefillTokens } = stretches;
    const isPart = at.length < SHORT_BLOCK || this.#isSampling;
    const block = blockWindows(
      rows,
      { weighting, estimate, apart, windows: isPart && this.#coefficients ? 1 : WINDOWS },
      (i) => ((prefillTokens?.[i] ?? 0) > 0 ? 1 : 0),
      this.#coefficients,
    );
    this.#coefficients = block.coefficients;
    this.#kept.add(stretches, seconds, block.stalls);
    const isStall = (_: number, i: number): boolean => block.stalls?.[i] === 1;
    const stalled = seconds.filter(isStall);
    this.#fitted += at.length;
    this.#last = {
      windows: block.windows,
      steps: at.length,
      seconds: compensatedSum(seconds),
      stalls: stalled.length,
      stallSeconds: compensatedSum(stalled),
      standsFor: at.length,
    };
  }

  /** Whether a step with work came. */
  get hasSteps(): boolean {
    return this.#asked !== undefined;
  }

  /** The fit of what has come so far. @throws Fault `step-model/no-steps` */
  fit(): StepsFit {
    const asked = this.#asked;
    if (asked === undefined) {
      const rule = `must have a step that processes tokens${this.#untimed > 0 ? ' and takes time' : ''}`;
      throw new Fault('step-model/no-steps', {
        what: 'step log',
        rule,
        value: `${this.#empty + this.#untimed} steps`,
      });
    }
    this.#settle();
    const { prefillTokens, decodeSeqs, contextTokens } = this.#ranges;
    return fitOfSums(
      {
        terms: asked.terms,
        choice: asked.choice,
        windows: this.#windows.windows,
        measuredSeconds: this.#measured.value,
        sampledSeconds: this.#sampled.value,
        sampledStallSeconds: this.#stalled.value,
        steps: this.#working,
        fitted: this.#fitted,
        stalls: this.#stalls,
        compositions: {
          prefillTokens: prefillTokens.ends,
          decodeSeqs: decodeSeqs.ends,
          ...(this.#first?.contextTokens && { contextTokens: contextTokens.ends }),
        },
        scatterOf: (coefficients) =>
          scatterOf(rowsOf(this.#kept.stretches(), this.#kept.seconds, asked.terms), coefficients),
        empty: this.#empty,
        untimed: this.#untimed,
        incomplete: this.#incomplete,
      },
      this.options,
    );
  }
}

/** Least and most of a column that comes in pieces. */
class Range {
  #least = Infinity;
  #most = -Infinity;

  take(column: Float64Array): void {
    for (let i = 0; i < column.length; i++) {
      if (column[i] < this.#least) this.#least = column[i];
      if (column[i] > this.#most) this.#most = column[i];
    }
  }

  get ends(): Interval {
    return [this.#least, this.#most];
  }
}

/** How far single steps lie from the fit. */
const scatterOf = (
  rows: RowTable,
  coefficients: Float64Array,
): Pick<StepsFit['diagnostics'], 'r2' | 'rmseSeconds' | 'relativeRmse'> => {
  const n = rows.length;
  const residual = residualSeconds(rows, coefficients);
  const mean = compensatedSum(rows.seconds) / n;
  const squares = compensatedSum(residual.map((r) => r * r));
  const total = compensatedSum(rows.seconds.map((sec) => (sec - mean) ** 2));
  const relative = residual.map((r, i) => (r / (rows.seconds[i] - r)) ** 2);
  return {
    r2: total > 0 ? 1 - squares / total : null,
    rmseSeconds: Math.sqrt(squares / n),
    relativeRmse: Math.sqrt(compensatedSum(relative) / n),
  };
};
