import { dataset, type FeatureTable, featureTable, leastSquares } from '@stepclock/regression';
import { median } from 'd3-array';
import type { Metric } from '../table/metric.js';
import { countSettings, settingsOf } from '../table/settings.js';
import { cannotBeFitted } from './cannot-be-fitted.js';
import { type Misfit, misfitOf } from './misfit.js';
import { opennessOf, SQUARE_SHARE } from './openness.js';
import { DEFAULT_PADDING, PHYSICS_TERMS, type PhysicsPredictor, physicsColumns, physicsPredictor } from './physics.js';

/** Weights of squared errors that make them relative. */
export const relativeWeights = (target: Float64Array): Float64Array => target.map((y) => 1 / (y * y));

/** Terms (by number, besides the constant) to try, richest first: the next ones when the data cannot tell them apart. */
const CHOICES: readonly (readonly number[])[] = [[1, 2, 3, 4], [1, 3, 4], [3, 4], [1, 3], [3], [1, 2], [1]];
/** The same without the quadratic term. */
const LINEAR = CHOICES.filter((terms) => !terms.includes(2));
const [PROMPT, SQUARE] = [1, 2];

/**
 * Least squares on the physics terms, weighted by 1/y: the relative error is what counts, over answers of ten tokens and of four thousand.
 *
 * The quadratic term extrapolates worst and is determined last. Prompts beyond the longest one go on with a second fit, in which it is shrunk towards zero
 * and not below it: `min sum ((y - X b) / y)^2 + n / settings (s / (1e-4 b_P))^2 b_PP^2`, s the relative misfit of a setting.
 *
 * @param target positive
 * @throws Fault of @stepclock/regression when there is no row
 */
export const fitPhysics = (
  tokens: FeatureTable,
  target: Float64Array,
  padding = DEFAULT_PADDING,
  metric: Metric = 'total',
): PhysicsPredictor => {
  const columns = physicsColumns(tokens, padding);
  const relative = columns.map((column) => column.map((value, i) => value / target[i]));
  const misfit = misfitOf(columns, relative);
  const setting = settingsOf(tokens);
  const positiveFrom =
    (least: number) =>
    ({ coefficients }: Terms): boolean => {
      const corners = physicsColumns(cornersOf(tokens, least), padding);
      return corners[0].every((_, i) => corners.reduce((sum, column, j) => sum + coefficients[j] * column[i], 0) > 0);
    };
  const isPositive: Positivity = {
    within: positiveFrom(Number.POSITIVE_INFINITY),
    // Energy starts late: a device climbs to its power.
    below: positiveFrom(metric === 'energy' || metric === 'power' ? Number.POSITIVE_INFINITY : SMALLEST),
  };
  const { coefficients, terms } = formOf(CHOICES, relative, setting, isPositive);
  const linear = formOf(LINEAR, relative, setting, isPositive);
  const cautious = (linear.terms.includes(PROMPT) ? withSquare(linear, relative, misfit) : undefined) ?? linear;
  // Decoding meets the prompt as context alone, and mean power levels off: neither goes on with the prompt.
  const goesOn = metric !== 'decode' && metric !== 'power';
  const told = (j: number) => columns[j].some((value) => value !== 0);
  return physicsPredictor({
    coefficients,
    padding,
    dropped: PHYSICS_TERMS.filter((_, j) => j > 0 && told(j) && !terms.includes(j)),
    beyond: {
      prompt: columns[PROMPT].reduce((a, b) => Math.max(a, b), 0),
      slope: goesOn ? Math.max(0, cautious.coefficients[PROMPT]) : 0,
      square: goesOn ? Math.max(0, cautious.coefficients[SQUARE]) : 0,
    },
    openness: opennessOf({ columns, relative, ...cautious, misfit, metric, typical: typicalOf(columns, target) }),
  });
};

/** Whether a form is above zero at the token counts of the rows, and from the smallest request on. */
interface Positivity {
  readonly within: (fit: Terms) => boolean;
  readonly below: (fit: Terms) => boolean;
}

/** A request of two tokens takes some time. */
const SMALLEST = 2;

/** The corners of the box that the rows lie in, from `least` tokens on. */
const cornersOf = (tokens: FeatureTable, least: number): FeatureTable => {
  const ends = tokens.columns.map((column) => [
    column.reduce((a, b) => Math.min(a, b), Math.min(least, column[0])),
    column.reduce((a, b) => Math.max(a, b), column[0]),
  ]);
  const corners = 2 ** ends.length;
  const columns = ends.map((pair, j) => Float64Array.from({ length: corners }, (_, i) => pair[(i >> j) & 1]));
  return featureTable(tokens.names, columns);
};

interface Terms {
  readonly coefficients: Float64Array;
  readonly terms: readonly number[];
}

/** Median over the rows of y over each term: the coefficient if the term made up all of it. */
const typicalOf = (columns: readonly Float64Array[], target: Float64Array): number[] =>
  columns.map((column) => median(target, (y, i) => (column[i] > 0 ? y / column[i] : Number.NaN)) ?? 0);

/** With fewer settings a form is chosen by leaving each of them out; with more, what is determined is also good. Four a coefficient. */
const FEW_SETTINGS = 20;

/**
 * The richest form that the settings determine; of few settings, the one that predicts each of them best without it. A form that falls
 * to zero is fitted without its constant, unless that is clearly worse; one that falls to zero within the token counts of the rows is none.
 */
const formOf = (
  choices: typeof CHOICES,
  relative: readonly Float64Array[],
  setting: Int32Array,
  isPositive: Positivity,
): Terms => {
  const settings = countSettings(setting);
  let best: { readonly fit: Terms; readonly error: number } | undefined;
  for (const terms of choices) {
    if (terms.some((j) => relative[j].every((value) => value === 0))) continue;
    // An exact fit through as many settings as terms has learnt the noise: a shorter form predicts better.
    if (terms.length + 1 >= settings) continue;
    const free = attempt(relative, terms);
    if (!free) continue;
    const bound = isPositive.below(free) ? undefined : attempt(relative, terms, { constant: false });
    const bounded =
      bound !== undefined &&
      isPositive.below(bound) &&
      (!isPositive.within(free) || rmsOf(relative, bound) <= AS_GOOD * rmsOf(relative, free));
    const fit = bounded ? bound : free;
    if (!isPositive.within(fit)) continue;
    if (settings >= FEW_SETTINGS) return fit;
    const error = errorLeftOut(relative, terms, setting, { constant: !bounded });
    if (!best || error < best.error) best = { fit, error };
  }
  // Of what is wrong with the rows the last form complains too.
  return best?.fit ?? solve(relative, []);
};

/** Without its constant a form may miss its rows by so many times as much: with noise it does, with a line that is truly below zero it misses by far more. */
const AS_GOOD = 2;

/** Root mean square of the relative errors. */
const rmsOf = (relative: readonly Float64Array[], { coefficients }: Terms): number => {
  const squares = relative[0].reduce(
    (sum, _, i) => sum + (1 - relative.reduce((value, column, j) => value + coefficients[j] * column[i], 0)) ** 2,
    0,
  );
  return Math.sqrt(squares / relative[0].length);
};

/** Undefined where the rows cannot tell the terms. */
const attempt = (
  relative: readonly Float64Array[],
  terms: readonly number[],
  how: SolveOptions = {},
): Terms | undefined => {
  try {
    return solve(relative, terms, how);
  } catch (error) {
    if (cannotBeFitted(error)) return undefined;
    throw error;
  }
};

/** Mean squared relative error of each setting by a fit to the others. */
const errorLeftOut = (
  relative: readonly Float64Array[],
  terms: readonly number[],
  setting: Int32Array,
  how: SolveOptions,
): number => {
  let sum = 0;
  const settings = new Set(setting);
  for (const left of settings) {
    const fit = attempt(
      relative.map((column) => column.filter((_, i) => setting[i] !== left)),
      terms,
      how,
    );
    if (!fit) return Number.POSITIVE_INFINITY;
    const held = relative.map((column) => column.filter((_, i) => setting[i] === left));
    const errors = held[0].map(
      (_, i) => 1 - held.reduce((value, column, j) => value + fit.coefficients[j] * column[i], 0),
    );
    sum += errors.reduce((total, error) => total + error * error, 0) / errors.length;
  }
  return sum / settings.size;
};

interface SolveOptions {
  /** Of each coefficient towards zero: the penalty is its square times that of the coefficient. */
  readonly pull?: readonly number[];
  /** Default true. */
  readonly constant?: boolean;
}

const solve = (
  relative: readonly Float64Array[],
  terms: readonly number[],
  { pull = [], constant = true }: SolveOptions = {},
): Terms => {
  const used = constant ? [0, ...terms] : terms;
  const n = relative[0].length;
  const pulled = used.filter((j) => (pull[j] ?? 0) > 0);
  const rows = n + pulled.length;
  const table = featureTable(
    used.map((j) => PHYSICS_TERMS[j]),
    used.map((j) => {
      const column = new Float64Array(rows);
      column.set(relative[j]);
      if (pulled.includes(j)) column[n + pulled.indexOf(j)] = pull[j];
      return column;
    }),
  );
  const ones = Float64Array.from({ length: rows }, (_, i) => (i < n ? 1 : 0));
  const { model } = leastSquares(dataset(table, ones), { intercept: false });
  const coefficients = new Float64Array(PHYSICS_TERMS.length);
  used.forEach((j, k) => {
    coefficients[j] = model.coefficients[k];
  });
  return { coefficients, terms };
};

/** The linear form with a quadratic term of at least 0, or undefined where the rows say nothing for one. */
const withSquare = (linear: Terms, relative: readonly Float64Array[], misfit: Misfit): Terms | undefined => {
  const terms = [PROMPT, SQUARE, ...linear.terms.filter((j) => j > SQUARE)];
  const scale = SQUARE_SHARE * linear.coefficients[PROMPT];
  if (misfit.prompts < 3 || terms.length + 1 >= misfit.settings || !(scale > 0)) return undefined;
  const rowsASetting = relative[0].length / misfit.settings;
  let found: Terms = linear;
  // The misfit hardly depends on the pull: three rounds settle it.
  for (let round = 0; round < 3; round++) {
    const pull = Math.sqrt(rowsASetting * misfit.variance(found.coefficients, terms.length + 1)) / scale;
    const next = attempt(relative, terms, { pull: [0, 0, pull] });
    if (!next) return undefined;
    found = next;
  }
  return found.coefficients[SQUARE] < 0 ? undefined : found;
};
