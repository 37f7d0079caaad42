import '@stepclock/vitest-matchers';
import { type Minimum, seededRandom } from '@stepclock/numerics';
import {
  dataset,
  type FeatureTable,
  featureTable,
  linearTerms,
  multiOutputPerceptron,
  nonNegativeLeastSquares,
  polynomialTerms,
  term,
} from '@stepclock/regression';
import { describe, expect, it } from 'vitest';
import { DEFAULT_FAMILIES, type EncodedRows, type FamilyFit } from '../src/estimator/families/family.js';
import { familyFits } from '../src/estimator/families/index.js';
import { linearForm, logPolynomialForm, physicsForm, polynomialForm } from '../src/estimator/families/linear-forms.js';
import {
  networkForm,
  processForm,
  separateNetworksForm,
  trainNetwork,
} from '../src/estimator/families/smooth-forms.js';
import { polynomialRidge } from '../src/estimator/polynomial-ridge.js';
import { FAMILIES } from '../src/index.js';
import { predictorFrom } from './reading-models.js';

const rowsOf = (n: number, names: readonly [string, string] = ['a', 'b'], seed = 1): EncodedRows => {
  const random = seededRandom(seed, 'families');
  const raw = featureTable(names, [
    Float64Array.from({ length: n }, () => 1 + 99 * random()),
    Float64Array.from({ length: n }, () => 1 + 9 * random()),
  ]);
  return {
    raw,
    scaled: featureTable(
      names,
      raw.columns.map((column) => column.map(Math.log)),
    ),
  };
};

const columnOf = ({ raw }: EncodedRows, ms: (a: number, b: number) => number): Float64Array => {
  const [a, b] = raw.columns as [Float64Array, Float64Array];
  return a.map((value, i) => ms(value, b[i]));
};

const only = (fit: FamilyFit, rows: EncodedRows, ms: Float64Array) => {
  const [predictor] = fit(rows, [ms], { seed: 3 });
  if (predictor === undefined) throw new RangeError('none');
  return predictor;
};

describe('families', () => {
  it('are seven, of which all but the separate networks are tried', () => {
    expect(Object.keys(familyFits).sort()).toEqual([...FAMILIES].sort());
    expect(DEFAULT_FAMILIES).toEqual(FAMILIES.filter((family) => family !== 'mlp-separate'));
    expect(DEFAULT_FAMILIES).toHaveLength(6);
  });

  it('hold exactly what they are the forms of', () => {
    const rows = rowsOf(60);
    const others = rowsOf(20, ['a', 'b'], 2);
    const cases: [FamilyFit, (a: number, b: number) => number, number][] = [
      [linearForm, (a, b) => 3 + 2 * a + b, 1e-4],
      [polynomialForm, (a, b) => 3 + 2 * a + a * b + b ** 2, 1e-3],
      [logPolynomialForm, (a, b) => 2 * a ** 0.7 * b ** 1.2 * Math.exp(0.1 * Math.log(a) * Math.log(b)), 1e-3],
      [physicsForm, (a, b) => 3 + 2 * a + a * b + b ** 2, 1e-6],
      [processForm, (a, b) => 2 * a ** 0.7 * b ** 1.2, 0.05],
    ];
    for (const [fit, law, rtol] of cases) {
      const predictor = only(fit, rows, columnOf(rows, law));
      expect(predictor.predictMs(others)).toAgree(columnOf(others, law), rtol);
    }
    // And not what they are not.
    const square = columnOf(rows, (a) => a ** 2);
    const error = (fit: FamilyFit) =>
      only(fit, rows, square)
        .predictMs(rows)
        .reduce((most, ms, i) => Math.max(most, Math.abs(ms / square[i] - 1)), 0);
    expect(error(linearForm)).toBeGreaterThan(0.1);
    expect(error(polynomialForm)).toBeLessThan(0.1);
  });

  it('fit every stage by itself, under their own names', () => {
    const rows = rowsOf(30);
    const stages = [columnOf(rows, (a) => 2 * a), columnOf(rows, (_, b) => 5 * b)];
    for (const family of FAMILIES) {
      if (family.startsWith('mlp')) continue;
      const predictors = familyFits[family](rows, stages, { seed: 0 });
      expect(predictors.map((predictor) => predictor.family)).toEqual([family, family]);
      predictors.forEach((predictor, k) => {
        expect(predictor.predictMs(rows)).toEqual(only(familyFits[family], rows, stages[k]).predictMs(rows));
      });
    }
  });

  it('in ms are held at a tenth of the least time measured', () => {
    const rows = rowsOf(40);
    const ms = columnOf(rows, (a) => 2 * a + 1);
    const below: EncodedRows = {
      raw: featureTable(['a', 'b'], [Float64Array.of(-1e6), Float64Array.of(1)]),
      scaled: featureTable(['a', 'b'], [Float64Array.of(-30), Float64Array.of(0)]),
    };
    const floor = 0.1 * Math.min(...ms);
    for (const fit of [linearForm, physicsForm]) {
      expect(only(fit, rows, ms).predictMs(below)).toAgree([floor], 1e-12);
      expect(only(fit, rows, ms).toJSON()).toMatchObject({ floor_ms: expect.closeTo(floor, 9) });
    }
    // Logarithms need no floor.
    expect(only(logPolynomialForm, rows, ms).predictMs(below)[0]).toBeLessThan(floor);
    expect(only(logPolynomialForm, rows, ms).toJSON()).toMatchObject({ floor_ms: 0 });
  });
});

describe('linear, polynomial, log-polynomial', () => {
  it('are ridges of degree 1, 2 and 2', () => {
    const rows = rowsOf(25);
    const ms = columnOf(rows, (a, b) => 3 + a * b + Math.sin(a));
    const json = (fit: FamilyFit) => only(fit, rows, ms).toJSON() as { model: object };
    expect(json(linearForm).model).toEqual(polynomialRidge(rows.raw, ms, 1).model.toJSON());
    expect(json(polynomialForm).model).toEqual(polynomialRidge(rows.raw, ms, 2).model.toJSON());
    expect(json(logPolynomialForm).model).toEqual(polynomialRidge(rows.scaled, ms.map(Math.log), 2).model.toJSON());
  });
});

describe('physics', () => {
  const termsOf = (rows: EncodedRows) =>
    (
      only(
        physicsForm,
        rows,
        columnOf(rows, (a, b) => a + b),
      ).toJSON() as { model: { terms: object[] } }
    ).model.terms;

  it('has knobs, products and squares where rows are enough for them, and knobs alone otherwise', () => {
    // Five terms of two knobs: eight rows are one more than two and the terms.
    expect(termsOf(rowsOf(8))).toEqual(JSON.parse(JSON.stringify(polynomialTerms(['a', 'b'], 2))));
    expect(termsOf(rowsOf(7))).toEqual(JSON.parse(JSON.stringify(linearTerms(['a', 'b']))));
  });

  it('has layers times the square of the context where there are both', () => {
    const attention = JSON.parse(JSON.stringify(term({ active_blocks: 1, context_tokens: 2 })));
    expect(termsOf(rowsOf(20, ['active_blocks', 'context_tokens']))).toContainEqual(attention);
    for (const names of [
      ['active_blocks', 'tokens'],
      ['blocks', 'context_tokens'],
    ] as const) {
      expect(termsOf(rowsOf(20, names))).toHaveLength(5);
    }
  });

  it('is the least relative error of non-negative costs', () => {
    const rows = rowsOf(30);
    const ms = columnOf(rows, (a, b) => 50 + a - 2 * b + 3 * Math.cos(a));
    const data = dataset(
      rows.raw,
      ms,
      ms.map((value) => 1 / value ** 2),
    );
    const { model } = nonNegativeLeastSquares(data, { terms: polynomialTerms(['a', 'b'], 2) });
    const predictor = only(physicsForm, rows, ms);
    expect((predictor.toJSON() as { model: object }).model).toEqual(model.toJSON());
    expect(model.coefficients.every((value) => value >= 0)).toBe(true);
    expect(predictor.predictMs(rows)).toAgree(model.predict(rows.raw), 1e-12);
  });
});

describe('gaussian-process', () => {
  it('starts near a process of the same stage, six steps at most', () => {
    const rows = rowsOf(20);
    const ms = columnOf(rows, (a, b) => a * (2 + Math.sin(a / 9)) + b);
    const near = processForm(rows, [ms], { seed: 0 });
    const other = processForm(rows, [columnOf(rows, (a, b) => b ** 2 * (1 + (a % 1)))], { seed: 0 });
    const logs = (predictors: readonly unknown[]) => (predictors[0] as { optimum: Minimum }).optimum.x;
    // Near itself nothing is left to gain; near another it has not come all the way.
    expect(logs(processForm(rows, [ms], { seed: 0, near }))).toAgree(logs(near), 0.2, 0.1);
    expect([...logs(processForm(rows, [ms], { seed: 0, near: other }))]).not.toEqual([...logs(near)]);
    // A neighbour of another kind is none.
    const linear = linearForm(rows, [ms], { seed: 0 });
    expect([...logs(processForm(rows, [ms], { seed: 0, near: linear }))]).toEqual([...logs(near)]);
    expect([...logs(processForm(rows, [ms], { seed: 0, near: [] }))]).toEqual([...logs(near)]);
  });
});

describe('networks', () => {
  const rows = rowsOf(33);
  const stages = [columnOf(rows, (a) => 2 * a), columnOf(rows, (_, b) => 5 * b)];
  const logs = stages.map((ms) => ms.map(Math.log));
  /** The same network, from the options that the documentation states: steps of Adam over batches of at most 32. */
  const stated = (
    columns: readonly Float64Array[],
    hidden: number,
    maxEpochs: number,
    scaled: FeatureTable,
    seed: number,
  ) =>
    multiOutputPerceptron(
      scaled,
      featureTable(
        columns.map((_, k) => `stage ${k}`),
        [...columns],
      ),
      {
        hiddenLayers: [hidden, hidden],
        activation: 'relu',
        learningRate: 3e-3,
        batchSize: 32,
        maxEpochs,
        patience: 40,
        l2: 1e-6,
        validationFraction: 0,
        seed,
      },
    ).model.toJSON();

  it('take 500 steps with two layers of 32, lean, and 1200 with two of 64, full', () => {
    // 33 rows are two batches: 250 epochs; 4 rows are one: 500 or 1200.
    expect(trainNetwork(rows.scaled, logs, 5, 'lean').toJSON()).toEqual(stated(logs, 32, 250, rows.scaled, 5));
    const few = rowsOf(4);
    const log = [columnOf(few, (a) => 2 * a).map(Math.log)];
    expect(trainNetwork(few.scaled, log, 5, 'lean').toJSON()).toEqual(stated(log, 32, 500, few.scaled, 5));
    expect(trainNetwork(few.scaled, log, 6).toJSON()).toEqual(stated(log, 64, 1200, few.scaled, 6));
  });

  it('are one of all stages, or one a stage', () => {
    const together = networkForm(rows, stages, { seed: 2 });
    const joint = trainNetwork(rows.scaled, logs, 2, 'lean');
    const apart = separateNetworksForm(rows, stages, { seed: 2 });
    stages.forEach((_, k) => {
      expect(together[k]?.predictMs(rows)).toEqual(joint.predictAll(rows.scaled).columns[k]?.map(Math.exp));
      const own = trainNetwork(rows.scaled, [logs[k] as Float64Array], 2, 'lean');
      expect(apart[k]?.predictMs(rows)).toEqual(own.predict(rows.scaled).map(Math.exp));
      expect(together[k]?.toJSON()).toEqual({ family: 'mlp', output: k, model: joint.toJSON() });
      expect(apart[k]?.toJSON()).toEqual({ family: 'mlp-separate', output: 0, model: own.toJSON() });
    });
    expect(together.map(({ family }) => family)).toEqual(['mlp', 'mlp']);
    expect(apart.map(({ family }) => family)).toEqual(['mlp-separate', 'mlp-separate']);
  });
});

describe('predictorFrom', () => {
  const rows = rowsOf(12);
  const ms = columnOf(rows, (a, b) => a + b);

  it('reads what every family writes', () => {
    for (const family of FAMILIES) {
      const predictor = only(familyFits[family], rows, ms);
      const again = predictorFrom(JSON.parse(JSON.stringify(predictor)));
      expect(again.family).toBe(family);
      expect(again.predictMs(rows)).toEqual(predictor.predictMs(rows));
      expect(JSON.stringify(again)).toBe(JSON.stringify(predictor));
    }
  });
});
