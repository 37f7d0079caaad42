import {
  dataset,
  type FeatureTable,
  type LinearModel,
  linearTerms,
  nonNegativeLeastSquares,
  polynomialTerms,
  type Term,
  term,
} from '@stepclock/regression';
import { polynomialRidge } from '../polynomial-ridge.js';
import type { Family, FamilyFit, StagePredictor } from './family.js';

/** A form in ms may dip below 0 where it extrapolates: it is held at this share of the least time measured. */
const FLOOR_SHARE = 0.1;

type LinearFamily = Extract<Family, 'linear' | 'polynomial' | 'log-polynomial' | 'physics'>;

export const linearPredictor = (family: LinearFamily, model: LinearModel, floorMs: number): StagePredictor => ({
  family,
  predictMs: ({ scaled, raw }) =>
    family === 'log-polynomial'
      ? model.predict(scaled).map(Math.exp)
      : model.predict(raw).map((ms) => Math.max(ms, floorMs)),
  toJSON: () => ({ family, floor_ms: floorMs, model: model.toJSON() }),
});

const floorOf = (ms: Float64Array): number => FLOOR_SHARE * ms.reduce((a, b) => Math.min(a, b));

const ridgeIn =
  (family: 'linear' | 'polynomial', degree: 1 | 2): FamilyFit =>
  ({ raw }, stagesMs) =>
    stagesMs.map((ms) => linearPredictor(family, polynomialRidge(raw, ms, degree).model, floorOf(ms)));

export const linearForm = ridgeIn('linear', 1);
export const polynomialForm = ridgeIn('polynomial', 2);

export const logPolynomialForm: FamilyFit = ({ scaled }, stagesMs) =>
  stagesMs.map((ms) => linearPredictor('log-polynomial', polynomialRidge(scaled, ms.map(Math.log), 2).model, 0));

/** Knobs, products and squares; and layers times the square of the context, which attention costs. */
const physicsTerms = (features: FeatureTable, rows: number): readonly Term[] => {
  const { names } = features;
  const quadratic = polynomialTerms(names, 2);
  if (quadratic.length + 2 >= rows) return linearTerms(names);
  const attention =
    names.includes('context_tokens') && names.includes('active_blocks')
      ? [term({ active_blocks: 1, context_tokens: 2 })]
      : [];
  return [...quadratic, ...attention];
};

/** Weighted by 1/ms^2: relative errors count, as everywhere here. */
export const physicsForm: FamilyFit = ({ raw }, stagesMs) =>
  stagesMs.map((ms) => {
    const data = dataset(
      raw,
      ms,
      ms.map((value) => 1 / value ** 2),
    );
    return linearPredictor(
      'physics',
      nonNegativeLeastSquares(data, { terms: physicsTerms(raw, ms.length) }).model,
      floorOf(ms),
    );
  });
