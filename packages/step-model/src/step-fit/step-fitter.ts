import { Fault } from '@stepclock/faults';
import { CompensatedSum, compensatedSum } from '@stepclock/numerics';
import {
  BASE_TERMS,
  betasOf,
  fitWindows,
  type RowTable,
  residualSeconds,
  rowsOf,
  windowsOn,
} from '@stepclock/step-cost';
import type { StepColumns } from '../step-columns.js';
import { blockWindows } from './block-windows.js';
import { GrownWindows } from './grown-windows.js';
import { logHalves } from './halves.js';
import { KeptSteps } from './kept-steps.js';
import type { FitStepsOptions, Interval, StepsFit } from './steps-fit.js';
import { type StepsTerms, termsToFit } from './steps-terms.js';
import { stepsWarnings } from './steps-warnings.js';
import { stretchesOf, workingRows } from './working-steps.js';

/** Steps that are fitted at a time: their terms as columns take some megabytes. */
const BLOCK = 2 ** 15;
/** Windows of a block: enough for Student's t, long enough to outlast what correlates. */
const WINDOWS = 20;
/** A shorter block goes by the weights of the one before. */
const SHORT_BLOCK = 1000;

/**
 * The regression of a step log that comes in pieces: steps become windows, some thousand at a time, and are forgotten. Memory does not grow with the log.
 *
 * @throws Fault `step-model/no-context`, `step-cost/unknown-term`
 */
export class StepFitter {
  #asked: StepsTerms | undefined;
  #coefficients: Float64Array | undefined;
  #empty = 0;
  #untimed = 0;
  #working = 0;
  #stalls = 0;
  #first: StepColumns | undefined;
  readonly #measured = new CompensatedSum();
  readonly #stalled = new CompensatedSum();
  readonly #windows = new GrownWindows();
  readonly #kept = new KeptSteps();
  readonly #ranges = { prefillTokens: new Range(), decodeSeqs: new Range(), contextTokens: new Range() };

  constructor(private readonly options: FitStepsOptions = {}) {}

  /** Takes the next steps of the log. @throws Fault `step-model/bad-step` */
  add(steps: StepColumns): void {
    this.#first ??= steps;
    this.#ranges.prefillTokens.take(steps.prefillTokens);
    this.#ranges.decodeSeqs.take(steps.decodeTokens);
    if (steps.contextTokens) this.#ranges.contextTokens.take(steps.contextTokens);
    const { rows, empty, untimed } = workingRows(steps);
    this.#empty += empty;
    this.#untimed += untimed;
    for (let from = 0; from < rows.length; from += BLOCK) {
      // What is left over is no block of its own.
      const to = rows.length - from < BLOCK * 1.5 ? rows.length : from + BLOCK;
      this.#addBlock(steps, rows.subarray(from, to));
      if (to === rows.length) break;
    }
  }

  #addBlock(steps: StepColumns, at: Uint32Array): void {
    const stretches = stretchesOf(steps, at);
    this.#asked ??= termsToFit(this.options, stretches);
    const seconds = Float64Array.from(at, (i) => steps.durationSec[i]);
    const rows = rowsOf(stretches, seconds, this.#asked.terms);
    const { weights: weighting = 'inverse-seconds', estimate = 'mean' } = this.options;
    const apart = (this.options.stalls ?? (weighting === 'none' ? 'in' : 'apart')) === 'apart';
    const { prefillTokens } = stretches;
    const short = at.length < SHORT_BLOCK;
    const block = blockWindows(
      rows,
      { weighting, estimate, apart, windows: short && this.#coefficients ? 1 : WINDOWS },
      (i) => ((prefillTokens?.[i] ?? 0) > 0 ? 1 : 0),
      this.#coefficients,
    );
    this.#coefficients = block.coefficients;
    this.#windows.add(block.windows);
    this.#kept.add(stretches, seconds, block.stalls);
    this.#working += at.length;
    for (let i = 0; i < seconds.length; i++) {
      this.#measured.add(seconds[i]);
      if (block.stalls?.[i] !== 1) continue;
      this.#stalls++;
      this.#stalled.add(seconds[i]);
    }
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
    const { level = 0.95, model = 'auto', estimate = 'mean', weights: weighting } = this.options;
    const { windows } = this.#windows;
    const fit = fitWindows(windows, { level, choice: asked.choice });
    const { intervals, identifiability } = fit;
    const p = asked.terms.length;
    const terms = fit.of.map((t) => asked.terms[t]);
    const measured = this.#measured.value;
    const stallSeconds = this.#stalled.value;
    const held = (coefficients: Float64Array): number =>
      windows.reduce((sum, { sums }) => sum + fit.of.reduce((part, t) => part + coefficients[t] * sums[t], 0), 0);
    // Plain least squares meet the time by themselves where they can; what priors and weights leave of it is put back.
    const factor = weighting === 'none' && estimate === 'mean' ? 1 : (measured - stallSeconds) / held(fit.coefficients);
    const coefficients = fit.coefficients.map((b) => factor * b);
    const isBase = terms.every((term) => BASE_TERMS.includes(term));
    const reads = terms.some(({ needs }) => needs.includes('contextTokens'));
    const halves = logHalves(windows, fit.of, level);
    const ends = (pair: Interval | null): Interval | null => pair && [factor * pair[0], factor * pair[1]];
    const { prefillTokens, decodeSeqs, contextTokens } = this.#ranges;
    return {
      algo: 'steps',
      model: !isBase ? 'terms' : model !== 'auto' ? model : reads ? 'kv' : 'linear',
      estimate,
      terms,
      betas: betasOf(
        terms,
        fit.of.map((t) => coefficients[t]),
      ),
      intervals: intervals && {
        level,
        byLabel: Object.fromEntries(terms.map(({ label }, k) => [label, ends(intervals.byTerm[fit.of[k]])])),
        covariance: fit.of.map((i) => fit.of.map((j) => factor ** 2 * intervals.covariance[i * p + j])),
        blocks: intervals.windows,
      },
      windows: windowsOn(windows, fit.of, fit.coefficients),
      identifiability: {
        ...identifiability,
        compositions: {
          prefillTokens: prefillTokens.ends,
          decodeSeqs: decodeSeqs.ends,
          ...(this.#first?.contextTokens && { contextTokens: contextTokens.ends }),
        },
      },
      diagnostics: {
        nSteps: this.#working,
        stalls: this.#stalls,
        measuredSeconds: measured,
        fittedSeconds: held(coefficients),
        stallSeconds,
        ...scatterOf(rowsOf(this.#kept.stretches(), this.#kept.seconds, asked.terms), coefficients),
        meanDurationSeconds: measured / this.#working,
      },
      halves,
      warnings: stepsWarnings({
        empty: this.#empty,
        untimed: this.#untimed,
        identifiability,
        hasIntervals: intervals !== null,
        halves,
      }),
    };
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
