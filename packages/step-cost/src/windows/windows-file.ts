import { count, finite, type ModelFileKind, modelOfJson, nonNegative, text } from '@stepclock/model-file';
import * as v from 'valibot';
import { CATALOGUE, termsNamed } from '../terms/catalogue.js';
import type { Term } from '../terms/term.js';
import { minor, taken } from './narrowed.js';
import { restated, type StepWindow } from './step-window.js';

/** More terms no catalogue has; the sums of a window grow with their square. */
const MOST_TERMS = 256;

const windowSchema = v.object({
  reference: v.array(finite),
  /** Lower triangle of X'WX, row by row. */
  gram: v.array(finite),
  moment: v.array(finite),
  sums: v.array(finite),
  squares: nonNegative,
  rows: count,
  seconds: nonNegative,
  steps: nonNegative,
  longest_seconds: nonNegative,
});

/** `stepclock/windows@1`: windows of one engine, whose terms and weights are alike. */
export const windowsSchema = v.pipe(
  v.object({
    schema: v.literal('stepclock/windows@1'),
    terms: v.pipe(v.array(text(100)), v.maxLength(MOST_TERMS, `must be at most ${MOST_TERMS} names`)),
    weighting: v.picklist(['inverse-seconds', 'none'], 'must be inverse-seconds or none'),
    windows: v.array(windowSchema),
  }),
  v.check(
    ({ terms: { length: p }, windows }) =>
      windows.every(
        ({ reference, gram, moment, sums }) =>
          reference.length === p && moment.length === p && sums.length === p && gram.length === (p * (p + 1)) / 2,
      ),
    'must have windows with a reference, a moment and sums of one number a term, and a gram of one a pair',
  ),
);

/** Windows as they stand in a file. */
export type WindowsFile = v.InferOutput<typeof windowsSchema>;

const KIND: ModelFileKind<typeof windowsSchema> = {
  family: 'stepclock/windows',
  version: 1,
  code: 'step-cost/bad-windows',
  described: 'windows as stepclock writes them',
  schema: windowsSchema,
};

/** Windows of one engine as a file's object; at least one. */
export const windowsFile = (windows: readonly StepWindow[]): WindowsFile => {
  const [{ terms, weighting }] = windows;
  const p = terms.length;
  return {
    schema: 'stepclock/windows@1',
    terms: terms.map(({ name }) => name),
    weighting,
    windows: windows.map(({ reference, gram, moment, sums, squares, rows, seconds, steps, longestSec }) => ({
      reference: Array.from(reference),
      gram: Array.from(gram).filter((_, k) => k % p <= Math.floor(k / p)),
      moment: Array.from(moment),
      sums: Array.from(sums),
      squares,
      rows,
      seconds,
      steps,
      longest_seconds: longestSec,
    })),
  };
};

/**
 * Windows from a file's object.
 *
 * @param catalogue where the names of terms are looked up
 * @throws Fault `step-cost/bad-windows`, `step-cost/unknown-term`
 */
export const readWindows = (
  json: unknown,
  catalogue: readonly Term[] = CATALOGUE,
  file?: string,
): readonly StepWindow[] => {
  const { terms: names, weighting, windows } = modelOfJson(json, KIND, file);
  const terms = names.flatMap((name) => termsNamed([name], catalogue));
  const p = terms.length;
  return windows.map(({ reference, gram, moment, sums, squares, rows, seconds, steps, longest_seconds }) => {
    const square = new Float64Array(p * p);
    let at = 0;
    for (let i = 0; i < p; i++) {
      for (let j = 0; j <= i; j++, at++) {
        square[i * p + j] = gram[at];
        square[j * p + i] = gram[at];
      }
    }
    return {
      terms,
      weighting,
      reference: Float64Array.from(reference),
      gram: square,
      moment: Float64Array.from(moment),
      sums: Float64Array.from(sums),
      squares,
      rows,
      seconds,
      steps,
      longestSec: longest_seconds,
    };
  });
};

/**
 * The same windows with some of their terms only: what the others cost under a fit is taken off the measured time.
 *
 * @param of the terms that stay, by index
 * @param coefficients of all terms
 */
export const windowsOn = (
  windows: readonly StepWindow[],
  of: readonly number[],
  coefficients: Float64Array,
): readonly StepWindow[] =>
  windows.map((given) => {
    const window = restated(given, coefficients);
    const p = window.terms.length;
    return {
      ...window,
      terms: of.map((t) => window.terms[t]),
      reference: taken(window.reference, of),
      moment: taken(window.moment, of),
      sums: taken(window.sums, of),
      gram: minor(window.gram, p, of),
    };
  });
