import type { FeatureTable } from '@stepclock/regression';
import { cannotBeFitted } from './cannot-be-fitted.js';
import { fitPhysics } from './fit-physics.js';
import { inverseOf } from './openness.js';
import { PHYSICS_TERMS, physicsColumns } from './physics.js';

/** However alone a setting stands, it says something: a tenth of what others say. */
const MOST_LEVERAGE = 0.95;

/**
 * How much the error of a row whose setting was held out says about requests between those measured. A setting that the others do not surround is a harder
 * question to them than any between: by least squares its error has the variance `s^2 / (1 - h)`, with h the leverage of the setting in the physics form
 * (the sum over its rows), where a new request at its place has `s^2 (1 + h)`. The ratio is the weight, `1 - h^2`: with many settings 1, with four a half.
 *
 * @returns undefined where the rows have no physics form
 */
export const questionWeights = (
  tokens: FeatureTable,
  target: Float64Array,
  setting: Int32Array,
  padding: number,
): Float64Array | undefined => {
  const dropped = droppedTerms(tokens, target, padding);
  if (!dropped) return undefined;
  const terms = physicsColumns(tokens, padding)
    .filter((column, j) => column.some((value) => value !== 0) && !dropped.includes(PHYSICS_TERMS[j]))
    .map((column) => column.map((value, i) => value / target[i]));
  const inverse = inverseOf(terms.map((a) => terms.map((b) => a.reduce((sum, value, i) => sum + value * b[i], 0))));
  const leverage = new Map<number, number>();
  setting.forEach((number, i) => {
    const own = inverse?.reduce(
      (sum, row, j) => sum + terms[j][i] * row.reduce((inner, value, k) => inner + value * terms[k][i], 0),
      0,
    );
    leverage.set(number, (leverage.get(number) ?? 0) + (own ?? 0));
  });
  return Float64Array.from(setting, (number) => 1 - Math.min(MOST_LEVERAGE, leverage.get(number) ?? 0) ** 2);
};

const droppedTerms = (tokens: FeatureTable, target: Float64Array, padding: number): readonly string[] | undefined => {
  try {
    return fitPhysics(tokens, target, padding).dropped;
  } catch (error) {
    if (cannotBeFitted(error)) return undefined;
    throw error;
  }
};
