import '@stepclock/vitest-matchers';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { chooseMethod } from '../src/calibration/choose-method.js';
import { CALIBRATION_METHODS, type CalibrationMethod, calibrateBy } from '../src/calibration/methods.js';
import { PRIOR_STRENGTH, priorScales, refitWithPrior } from '../src/calibration/physics-prior.js';
import { logTokens, scaledPredictor } from '../src/calibration/scaled-predictor.js';
import { sourcePhysics } from '../src/calibration/source-predictor.js';
import { suggestSamples } from '../src/calibration/suggest.js';
import { predictorSchema } from '../src/model/predictor-schema.js';
import { fitPhysics } from '../src/regressors/fit-physics.js';
import { physicsColumns, physicsPredictor } from '../src/regressors/physics.js';
import { powerRampPredictor } from '../src/regressors/power-ramp.js';
import { tokensOf } from '../src/regressors/tokens.js';
import { deviceModel, metricModel, physics } from './models.js';
import { thrownBy } from './thrown.js';

const input = [20, 90, 400, 150, 700, 33, 260, 510];
const output = [7, 60, 12, 35, 90, 3, 140, 22];
const tokens = tokensOf(input, output);
/** 1 + 0.01 I + 0.1 O seconds. */
const source = physics(1, 0.01, 0, 0.1);
const first = (n: number) => tokensOf(input.slice(0, n), output.slice(0, n));
const sum = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);

describe('scaledPredictor', () => {
  const at = tokensOf([99], [9]);
  const json = { form: 'scaled', source: source.toJSON() };

  it.each([
    [{ kind: 'ratio', factor: 3 }, 3 * 2.89],
    [{ kind: 'affine', offset: 2, factor: 3 }, 2 + 3 * 2.89],
    [
      { kind: 'log-ridge', coefficients: [0.1, 0.2, 0.3], centre: [Math.log(5), Math.log(20)] },
      // log(O + 1) = log 10, log(I + 1) = log 100.
      2.89 * Math.exp(0.1) * 2 ** 0.2 * 5 ** 0.3,
    ],
  ] as const)('%j', (scaling, value) => {
    const predictor = scaledPredictor(source, scaling);
    expect(predictor.form).toBe('scaled');
    expect(predictor.predict(at)).toAgree([value], 1e-13);
    expect(predictor.toJSON()).toEqual({ ...json, scaling });
    const back = v.parse(predictorSchema, { ...json, scaling });
    expect(back.toJSON()).toEqual({ ...json, scaling });
    expect(back.predict(at)).toEqual(predictor.predict(at));
  });

  it('takes the logarithms of one more than the counts, and of 1 for no answer', () => {
    expect(logTokens(tokensOf([0, 99], [9, 0])).map((column) => [...column])).toEqual([
      [Math.log(10), 0],
      [0, Math.log(100)],
    ]);
    expect(logTokens(tokensOf([99])).map((column) => [...column])).toEqual([[0], [Math.log(100)]]);
  });

  it.each([
    [{ kind: 'cubic' }, 'must be one of ratio, affine, log-ridge'],
    [{ kind: 'ratio' }, 'factor'],
    [{ kind: 'ratio', factor: 1e300 }, 'must be a number from -1000000000000000'],
    [{ kind: 'affine', factor: 1 }, 'offset'],
    [{ kind: 'log-ridge', coefficients: [1], centre: [1, 2] }, 'must be a number'],
    [{ kind: 'log-ridge', coefficients: [1, 2, 300], centre: [1, 2] }, 'must be a number from -20 to 20'],
  ])('refuses %j', (scaling, message) => {
    expect(() => v.parse(predictorSchema, { ...json, scaling })).toThrow(message);
  });
});

describe('calibrateBy', () => {
  const ratios = [2, 3, 7, 2.5, 4, 3.5, 2.2, 5];
  const target = source.predict(tokens).map((sec, i) => sec * (ratios[i] ?? 0));
  const scalingBy = (method: CalibrationMethod, n: number) =>
    calibrateBy(method, source, {
      metric: 'total',
      tokens: first(n),
      target: target.slice(0, n),
    }).toJSON() as unknown as {
      scaling: { factor: number; offset: number; coefficients: number[]; centre: number[] };
    };

  it('takes the mean and the median of the ratios', () => {
    expect(scalingBy('mean-ratio', 3).scaling).toEqual({ kind: 'ratio', factor: expect.closeTo(4, 12) });
    expect(scalingBy('median-ratio', 3).scaling).toEqual({ kind: 'ratio', factor: expect.closeTo(3, 12) });
  });

  it('fits a line through the source, by relative errors', () => {
    const { factor, offset } = scalingBy('affine', 8).scaling;
    // At the least sum ((y - a - b s) / y)^2 the residuals over y^2 are orthogonal to 1 and s.
    const predicted = source.predict(tokens);
    const left = target.map((y, i) => (y - offset - factor * (predicted[i] ?? 0)) / y ** 2);
    expect(sum(left)).toAgree(0, 0, 1e-10);
    expect(sum(left.map((r, i) => r * (predicted[i] ?? 0)))).toAgree(0, 0, 1e-10);
    const through = scalingBy('affine', 2).scaling;
    // s = 1.9 and 7.9, y = 2 s and 3 s.
    expect(through.factor).toAgree((3 * 7.9 - 2 * 1.9) / 6, 1e-10);
    expect(through.offset).toAgree(3.8 - (1.9 * (3 * 7.9 - 2 * 1.9)) / 6, 1e-9);
  });

  it('shrinks the slopes of the logarithm of the ratio', () => {
    const { coefficients, centre } = scalingBy('log-ridge', 8).scaling;
    const columns = [output.map((o) => Math.log(o + 1)), input.map((i) => Math.log(i + 1))];
    const centres = columns.map((column) => sum(column) / 8);
    expect(centre).toAgree(centres, 1e-12);
    const centred = columns.map((column, j) => column.map((v) => v - (centres[j] ?? 0)));
    const [c0 = 0, c1 = 0, c2 = 0] = coefficients;
    const left = ratios.map((r, i) => Math.log(r) - c0 - c1 * (centred[0]?.[i] ?? 0) - c2 * (centred[1]?.[i] ?? 0));
    expect(sum(left)).toAgree(0, 0, 1e-12);
    // The penalty is on the slopes times the columns' standard deviations: sum r x = slope var(x).
    [c1, c2].forEach((slope, j) => {
      const x = centred[j] ?? [];
      expect(sum(left.map((r, i) => r * (x[i] ?? 0)))).toAgree((slope * sum(x.map((v) => v * v))) / 8, 1e-9);
    });
  });

  it('refits with the tiles of the source', () => {
    const tiled = physicsPredictor({ coefficients: Float64Array.of(1, 0.01, 0, 0.1, 0), padding: 50 });
    for (const method of ['physics-refit', 'physics-prior'] as const) {
      expect(calibrateBy(method, tiled, { metric: 'total', tokens, target }).toJSON()).toMatchObject({
        form: 'physics',
        padding: 50,
      });
    }
    expect(calibrateBy('physics-refit', tiled, { metric: 'total', tokens, target }).toJSON()).toEqual(
      fitPhysics(tokens, target, 50).toJSON(),
    );
    expect(calibrateBy('physics-prior', tiled, { metric: 'total', tokens, target }).toJSON()).toEqual(
      refitWithPrior(tiled, tokens, target).toJSON(),
    );
  });
});

describe('the weak prior', () => {
  it('is as wide as a coefficient, or as a thousandth of what is typical over its term', () => {
    const columns = [Float64Array.of(1, 1, 1), Float64Array.of(10, 20, 40), Float64Array.of(0, 0, 5)];
    const target = Float64Array.of(2, 8, 4);
    // y / column: 2, 8, 4 (median 4); 0.2, 0.4, 0.1 (median 0.2); 0 counts as 1e-300.
    expect(priorScales(Float64Array.of(-3, 1e-5, 0), columns, target)).toAgree([3, 2e-4, 1e-3 * 2e300], 1e-12);
    expect(priorScales(Float64Array.of(1e-3, -1, 0), columns, target).slice(0, 2)).toAgree([4e-3, 1], 1e-12);
  });

  it.each([PRIOR_STRENGTH, 0.02, 3])(
    'is at its least where the pull of the samples and that of the source (%d) balance',
    (strength) => {
      const target = Float64Array.from(
        input,
        (i, k) => 4 + 0.03 * i + 1e-5 * i * i + 0.3 * (output[k] ?? 0) * (k % 2 === 0 ? 1.1 : 0.9),
      );
      const { coefficients, padding } = refitWithPrior(source, tokens, target, strength);
      expect(padding).toBe(1);
      const predicted = source.predict(tokens);
      const sorted = [...target.map((y, i) => y / (predicted[i] ?? 0))].sort((a, b) => a - b);
      const ratio = ((sorted[3] ?? 0) + (sorted[4] ?? 0)) / 2;
      const centre = source.coefficients.map((b) => b * ratio);
      const columns = physicsColumns(tokens, 1);
      const scales = priorScales(centre, columns, target);
      const left = target.map(
        (y, i) => (y - columns.reduce((p, x, j) => p + (coefficients[j] ?? 0) * (x[i] ?? 0), 0)) / y,
      );
      columns.forEach((x, j) => {
        const scale = scales[j] ?? 0;
        const samples = sum(left.map((r, i) => (r * (x[i] ?? 0) * scale) / (target[i] ?? 0)));
        const prior = (strength * ((coefficients[j] ?? 0) - (centre[j] ?? 0))) / scale;
        expect(samples).toAgree(prior, 1e-6, 1e-11);
      });
    },
  );

  it('is that of the published strength unless told otherwise', () => {
    const target = Float64Array.of(5, 9);
    expect(refitWithPrior(source, first(2), target).coefficients).toEqual(
      refitWithPrior(source, first(2), target, 1e-5).coefficients,
    );
  });
});

describe('chooseMethod', () => {
  /** A source of 10 s whatever the tokens, so that only the settings tell the requests apart. */
  const flat = physics(10);
  const alike = (seconds: number[], settings = seconds.map((_, k) => k)) => ({
    metric: 'total' as const,
    tokens: tokensOf(
      settings.map((k) => 100 + k),
      settings.map(() => 80),
    ),
    target: Float64Array.from(seconds),
  });
  const trialOf = (choice: ReturnType<typeof chooseMethod>, wanted: CalibrationMethod) =>
    choice.trials.find(({ method }) => method === wanted);

  it('judges every method by the samples left out', () => {
    const choice = chooseMethod(flat, alike([20, 30, 60, 80]));
    expect(choice.trials.map(({ method }) => method)).toEqual([...CALIBRATION_METHODS]);
    const mean = trialOf(choice, 'mean-ratio');
    const means = [(30 + 60 + 80) / 3, (20 + 60 + 80) / 3, (20 + 30 + 80) / 3, (20 + 30 + 60) / 3];
    expect(mean?.predicted).toAgree(means, 1e-12);
    expect(mean?.heldOutMapePercent).toAgree(
      (100 * sum(means.map((p, i) => Math.abs(p / ([20, 30, 60, 80][i] ?? 0) - 1)))) / 4,
      1e-12,
    );
    const median = trialOf(choice, 'median-ratio');
    expect(median?.predicted).toAgree([60, 60, 30, 30], 1e-12);
    expect(median?.heldOutMapePercent).toAgree((100 * (2 + 1 + 0.5 + 0.625)) / 4, 1e-12);
    // A source that says the same of all has no line, and three are too few for five coefficients.
    for (const method of ['affine', 'physics-refit'] as const) {
      expect(trialOf(choice, method)).toEqual({ method, heldOutMapePercent: null, predicted: new Float64Array(0) });
    }
  });

  it('does not compare two samples', () => {
    const choice = chooseMethod(flat, alike([20, 30]));
    expect(choice).toMatchObject({ method: 'physics-prior', reason: '2 setting(s) are too few to compare methods' });
    expect(trialOf(choice, 'median-ratio')?.predicted).toAgree([30, 20], 1e-12);
    expect(chooseMethod(flat, alike([20, 30, 40])).reason).not.toContain('too few');
    expect(trialOf(chooseMethod(flat, alike([20])), 'median-ratio')?.heldOutMapePercent).toBeNull();
    // Three samples of one setting are one.
    expect(chooseMethod(flat, alike([20, 30, 40], [1, 1, 1]))).toMatchObject({ settings: 1, method: 'physics-prior' });
    const repeated = chooseMethod(flat, alike([20, 20, 40, 40], [0, 0, 1, 1]));
    expect(trialOf(repeated, 'mean-ratio')?.predicted).toAgree([40, 40, 20, 20], 1e-12);
  });

  it('counts the samples that are left when one is left out', () => {
    const target = (n: number) =>
      Float64Array.from({ length: n }, (_, i) => 3 + 0.07 * (input[i] ?? 0) + 0.2 * (output[i] ?? 0));
    for (const [method, least] of [
      ['affine', 2],
      ['log-ridge', 3],
      ['physics-refit', 6],
    ] as const) {
      const found = (n: number) =>
        trialOf(chooseMethod(source, { metric: 'total', tokens: first(n), target: target(n) }), method)
          ?.heldOutMapePercent;
      expect([method, found(least) === null, found(least + 1) === null]).toEqual([method, true, false]);
    }
  });

  // Three times the source, by turns a share more and less, and some seconds later.
  it.each([
    [3, 0.1, 50, 'affine', 'left out'],
    [4, 0.3, 5, 'affine', 'left out'],
    [3, 0.1, 5, 'median-ratio', 'not clearly less'],
    [8, 0.1, 50, 'affine', 'not clearly less'],
    [5, 0.02, 5, 'physics-prior', 'smallest'],
  ] as const)(
    'gives the prior up for a method twice as good, and for no less, nor for any by a handful of settings (%i samples, %d, %d s: %s %s)',
    (n, noise, later, bestMethod, how) => {
      const source3 = source.predict(first(n)).map((sec, k) => 3 * sec * (1 + (k % 2 === 0 ? noise : -noise)) + later);
      const choice = chooseMethod(source, { metric: 'total', tokens: first(n), target: source3 });
      const errorOf = (method: CalibrationMethod) =>
        trialOf(choice, method)?.heldOutMapePercent ?? Number.POSITIVE_INFINITY;
      const [prior, best] = [errorOf('physics-prior'), errorOf(bestMethod)];
      for (const method of CALIBRATION_METHODS) expect(errorOf(method)).toBeGreaterThanOrEqual(best);
      if (how === 'left out') {
        // The best of six by three errors is luck: only the plain ratio rivals the default.
        expect(best).toBeLessThan(0.5 * prior);
        expect(choice.method).toBe('physics-prior');
      } else if (how === 'smallest') {
        if (bestMethod !== 'physics-prior') expect(best).toBeLessThan(0.5 * prior);
        expect(choice.method).toBe(bestMethod);
        expect(choice.reason).toBe(`smallest error over ${n} settings left out (${best.toPrecision(2)} %)`);
      } else {
        expect(best).toBeGreaterThan(0.5 * prior);
        expect(choice.method).toBe('physics-prior');
        expect(choice.reason).toBe(
          `error ${prior.toPrecision(2)} % over ${n} settings left out; ${bestMethod} has ${best.toPrecision(2)} %, not clearly less`,
        );
      }
    },
  );

  it('can only scale a source without physics form', () => {
    const ramp = powerRampPredictor(
      'energy',
      { plateauW: 30, dropW: 20, tauSec: 2, offsetJ: 0 },
      physics(1, 0.01, 0, 0.1),
    );
    const target = ramp.predict(tokens).map((joules) => 0.4 * joules);
    const choice = chooseMethod(ramp, { metric: 'energy', tokens, target });
    expect(choice.trials.map(({ method }) => method)).toEqual(['median-ratio', 'mean-ratio', 'affine', 'log-ridge']);
    expect(
      calibrateBy(choice.method, ramp, { metric: 'energy', tokens, target }).predict(tokensOf([50], [500])),
    ).toAgree(
      ramp.predict(tokensOf([50], [500])).map((joules) => 0.4 * joules),
      1e-6,
    );
    expect(thrownBy(() => calibrateBy('physics-prior', ramp, { metric: 'energy', tokens, target })).message).toBe(
      'method: must be one of median-ratio, mean-ratio, affine, log-ridge for energy, of which the source has no physics form; got "physics-prior"',
    );
  });
});

describe('sourcePhysics', () => {
  const ttft = physics(1, 2);
  const decode = physics(0, 0, 0, 4, 5);

  it('is the predictor, the physics behind a tree, or the sum of the parts', () => {
    const model = deviceModel(
      metricModel('ttft', ttft),
      metricModel('decode', scaledPredictor(ttft, { kind: 'ratio', factor: 2 }), { fallback: { predictor: decode } }),
      metricModel('total'),
      metricModel('power', scaledPredictor(ttft, { kind: 'ratio', factor: 2 })),
    );
    expect(sourcePhysics(model, 'ttft')).toBe(ttft);
    expect(sourcePhysics(model, 'decode')).toBe(decode);
    expect([...(sourcePhysics(model, 'total')?.coefficients ?? [])]).toEqual([1, 2, 0, 4, 5]);
    expect(sourcePhysics(model, 'total')?.padding).toBe(1);
    expect(sourcePhysics(model, 'power')).toBeUndefined();
    expect(sourcePhysics(model, 'energy')).toBeUndefined();
  });

  it('is none of a sum without both parts, or of parts in different tiles', () => {
    expect(sourcePhysics(deviceModel(metricModel('ttft', ttft), metricModel('total')), 'total')).toBeUndefined();
    expect(sourcePhysics(deviceModel(metricModel('decode', decode), metricModel('total')), 'total')).toBeUndefined();
    const tiled = metricModel('decode', physicsPredictor({ coefficients: decode.coefficients, padding: 128 }));
    expect(sourcePhysics(deviceModel(metricModel('ttft', ttft), tiled, metricModel('total')), 'total')).toBeUndefined();
  });
});

describe('suggestSamples', () => {
  /** Inverse by Gauss and Jordan with pivots. */
  const inverse = (matrix: readonly (readonly number[])[]): number[][] => {
    const n = matrix.length;
    const rows = matrix.map((row, i) => [...row, ...row.map((_, j) => (i === j ? 1 : 0))]);
    for (let j = 0; j < n; j++) {
      const pivot = rows.slice(j).reduce((a, b) => (Math.abs(b[j] ?? 0) > Math.abs(a[j] ?? 0) ? b : a));
      rows.splice(rows.indexOf(pivot), 1);
      rows.splice(
        j,
        0,
        pivot.map((v) => v / (pivot[j] ?? 1)),
      );
      rows.forEach((row, i) => {
        if (i !== j) rows[i] = row.map((v, k) => v - (row[j] ?? 0) * (rows[j]?.[k] ?? 0));
      });
    }
    return rows.map((row) => row.slice(n));
  };
  const context = (i: number, o: number) => o * i + (o * (o - 1)) / 2;
  const times = (i: number, o: number) => 2 + 0.01 * i + 0.1 * o + 1e-4 * context(i, o);
  const from = physics(2, 0.01, 0, 0.1, 1e-4);
  const grid = [100, 141, 200].flatMap((i) => [1, 2, 3].map((o) => [i, o] as const));
  // The coefficients in units of their scales: own size, or a thousandth of the median of y / term.
  const thousandth = (term: (i: number, o: number) => number) => {
    const sorted = grid.map(([i, o]) => times(i, o) / term(i, o)).sort((a, b) => a - b);
    return 1e-3 * (sorted[4] ?? 0);
  };
  const scales = () => [
    2,
    Math.max(
      0.01,
      thousandth((i) => i),
    ),
    thousandth((i) => i * i),
    Math.max(
      0.1,
      thousandth((_, o) => o),
    ),
    Math.max(1e-4, thousandth(context)),
  ];
  const rowOf = (i: number, o: number) =>
    [1, i, i * i, o, context(i, o)].map((x, j) => (x * (scales()[j] ?? 0)) / times(i, o));
  /** Root mean variance over the grid, by the inverse of the information, not by updates of the covariance. */
  const uncertainty = (measured: readonly (readonly [number, number])[]) => {
    const information = scales().map((_, j) => scales().map((__, k): number => (j === k ? 1e-5 : 0)));
    for (const [i, o] of measured) {
      const x = rowOf(i, o);
      information.forEach((line, j) => {
        line.forEach((v, k) => {
          line[k] = v + (x[j] ?? 0) * (x[k] ?? 0);
        });
      });
    }
    const covariance = inverse(information);
    const all = grid.map(([i, o]) => {
      const x = rowOf(i, o);
      return sum(covariance.map((line, j) => (x[j] ?? 0) * sum(line.map((c, k) => c * (x[k] ?? 0)))));
    });
    return Math.sqrt(sum(all) / all.length);
  };
  // Nine points from 100 to 200 apart in their logarithms; of 1 to 3 only three are whole.
  const inputs = Array.from({ length: 9 }, (_, k) => Math.round(100 * 2 ** (k / 8)));
  const range = { inputTokens: [100, 200], outputTokens: [1, 3] } as const;

  it('asks for points of a grid that is even in the logarithm, three of them unless told otherwise', () => {
    expect(inputs).toEqual([100, 109, 119, 130, 141, 154, 168, 183, 200]);
    const many = suggestSamples(from, undefined, { ...range, count: 30 });
    expect(many).toHaveLength(30);
    for (const { inputTokens, outputTokens } of many) {
      expect(inputs).toContain(inputTokens);
      expect([1, 2, 3]).toContain(outputTokens);
    }
    expect(suggestSamples(from, undefined, range)).toEqual(many.slice(0, 3));
    expect(suggestSamples(from, undefined, { inputTokens: [7, 7], outputTokens: [5, 5], count: 1 })[0]).toMatchObject({
      inputTokens: 7,
      outputTokens: 5,
    });
  });

  it.each([
    ['nothing was measured', []],
    [
      'something was',
      [
        [141, 2],
        [100, 1],
      ] as const,
    ],
  ])('names the point that lowers the mean variance most, when %s', (_, measured) => {
    // Prompts 1 to 2 octaves of a narrow grid: three whole numbers a side, so that all nine points can be tried.
    const known =
      measured.length === 0
        ? undefined
        : tokensOf(
            measured.map(([i]) => i),
            measured.map(([, o]) => o),
          );
    const small = { inputTokens: [1, 3], outputTokens: [1, 3] } as const;
    const cells = [1, 2, 3].flatMap((i) => [1, 2, 3].map((o) => [i, o] as const));
    grid.splice(0, grid.length, ...cells);
    const done: (readonly [number, number])[] = [...measured];
    for (const { inputTokens, outputTokens, uncertaintyBefore, uncertaintyAfter } of suggestSamples(
      from,
      known,
      small,
    )) {
      expect(uncertaintyBefore).toAgree(uncertainty(done), 1e-5);
      const after = cells.map((cell) => uncertainty([...done, cell]));
      expect(uncertaintyAfter).toAgree(Math.min(...after), 1e-5);
      expect(after[cells.findIndex(([i, o]) => i === inputTokens && o === outputTokens)]).toAgree(
        Math.min(...after),
        1e-5,
      );
      done.push([inputTokens, outputTokens]);
    }
    expect(done).toHaveLength(measured.length + 3);
  });
});

describe('thrown errors of the methods', () => {
  it('name what the samples cannot tell', () => {
    const same = { metric: 'total', tokens: tokensOf([5, 5], [5, 5]), target: Float64Array.of(1, 2) } as const;
    expect(thrownBy(() => calibrateBy('affine', source, same))).toMatchObject({ code: 'regression/rank-deficient' });
  });
});
