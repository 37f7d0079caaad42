import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import { energyParts } from '../src/model/energy-parts.js';
import { evaluateDevice } from '../src/model/evaluate.js';
import { learningCurve } from '../src/model/learning-curve.js';
import { deviceModelToJSON, readDeviceModel } from '../src/model/model-file.js';
import { predictDevice } from '../src/model/predict.js';
import { trainDevice } from '../src/model/train-device.js';
import { metricRows } from '../src/model/training-rows.js';
import { fitPhysics } from '../src/regressors/fit-physics.js';
import { fitPowerRamp, rampEnergy } from '../src/regressors/power-ramp.js';
import { fitRegressor } from '../src/regressors/regressors.js';
import { tokensOf } from '../src/regressors/tokens.js';
import { SYNTHETIC_MODELS } from '../src/synthetic/synthetic-csv.js';
import { takeMeasurements } from '../src/table/measurements.js';
import { bundled, loadOne } from './bundled.js';

const random = seededRandom(11);
const draw = (low: number, high: number) => Math.floor(low + (high - low) * random());
const inputs = Float64Array.from({ length: 60 }, () => draw(5, 3000));
const outputs = Float64Array.from({ length: 60 }, () => draw(2, 2000));
const padded = (i: number) => Math.ceil(i / 128) * 128;
const truth = (i: number, o: number) =>
  0.05 + 2e-4 * padded(i) + 3e-8 * padded(i) ** 2 + 0.02 * o + 4e-7 * (o * i + (o * (o - 1)) / 2);
const exact = inputs.map((i, k) => truth(i, outputs[k]));

describe('physics', () => {
  it('recovers the five coefficients of noise-free data', () => {
    const { coefficients, dropped } = fitPhysics(tokensOf(inputs, outputs), exact);
    expect(coefficients).toAgree([0.05, 2e-4, 3e-8, 0.02, 4e-7], 1e-6);
    expect(dropped).toEqual([]);
  });

  it('extrapolates, where a forest repeats its largest row', () => {
    const far = tokensOf([8000], [6000]);
    const rows = { metric: 'total', tokens: tokensOf(inputs, outputs), target: exact } as const;
    expect(fitPhysics(rows.tokens, exact).predict(far)).toAgree([truth(8000, 6000)], 0.01);
    expect(fitRegressor('random-forest', rows).predict(far)[0]).toBeLessThanOrEqual(Math.max(...exact));
  });

  it('leaves out terms that one prompt length cannot tell apart, and still predicts', () => {
    const same = new Float64Array(60).fill(100);
    const target = outputs.map((o) => truth(100, o));
    const { dropped, predict } = fitPhysics(tokensOf(same, outputs), target);
    expect(dropped).toEqual(['P', 'P^2']);
    expect(predict(tokensOf([100], [500]))).toAgree([truth(100, 500)], 1e-6);
  });

  it('needs no more than one row to say something', () => {
    expect(fitPhysics(tokensOf([100], [50]), Float64Array.of(3)).predict(tokensOf([200], [50]))).toAgree([3], 1e-12);
  });

  it('pads prompts to what it is told', () => {
    const target = inputs.map((i) => 1 + Math.ceil(i / 256));
    const { predict } = fitPhysics(tokensOf(inputs), target, 256);
    expect(predict(tokensOf([257, 512]))).toAgree([3, 3], 1e-9);
  });
});

describe('power ramp', () => {
  const ramp = { plateauW: 30, dropW: 20, tauSec: 2, offsetJ: 0 };

  it('has the energy of a power that climbs (numerical integral)', () => {
    const steps = 200000;
    let sum = 0;
    for (let k = 0; k < steps; k++) sum += 30 - 20 * Math.exp(-((k + 0.5) * (5 / steps)) / 2);
    expect(rampEnergy(ramp, 5)).toAgree(sum * (5 / steps), 1e-8);
  });

  it('finds plateau, drop and time constant of noise-free power and energy', () => {
    const power = exact.map((sec) => rampEnergy(ramp, sec) / sec);
    const tokens = tokensOf(inputs, outputs);
    const ofPower = fitPowerRamp('power', tokens, exact, power, 128)?.predictor.ramp;
    expect([ofPower?.plateauW ?? 0, ofPower?.dropW ?? 0, ofPower?.tauSec ?? 0]).toAgree([30, 20, 2], 1e-4);
    const energy = exact.map((sec) => rampEnergy({ ...ramp, offsetJ: 4 }, sec));
    const ofEnergy = fitPowerRamp('energy', tokens, exact, energy, 128);
    expect(ofEnergy?.predictor.ramp.plateauW).toAgree(30, 1e-4);
    expect(ofEnergy?.predictor.predict(tokens)).toAgree(energy, 1e-5);
  });
});

describe('trainDevice', () => {
  it('finds the truth behind the bundled set', async () => {
    for (const { name, prefill, power } of SYNTHETIC_MODELS) {
      const { model } = trainDevice(await bundled(name), { dropOutliers: true, trees: 10 });
      expect(Object.values(model.metrics).map(({ metric, method }) => `${metric} ${method}`)).toEqual([
        'ttft physics',
        'decode physics',
        'energy physics',
        'power physics',
        'total sum',
      ]);
      const ttft = model.metrics.ttft?.predictor?.toJSON() as unknown as { coefficients: number[] };
      expect(ttft.coefficients.slice(0, 2)).toAgree(prefill.slice(0, 2), 0.05);
      expect(model.metrics.power?.predictor?.form).toBe('power-ramp');
      const ramp = model.metrics.power?.predictor?.toJSON() as unknown as { plateau_w: number };
      expect(ramp.plateau_w).toAgree(power.plateauW, 0.01);
      expect(model.metrics.total?.validation?.mapePercent).toBeLessThan(0.25);
    }
  });

  it('adds prefill and decode up to the total, once', async () => {
    const { model } = trainDevice(await bundled('8B'), { regression: 'physics' });
    const { ttft, decode, total } = predictDevice(model, [100, 2000], [50, 700]);
    expect(total?.value).toAgree(ttft?.value.map((sec, i) => sec + (decode?.value[i] ?? 0)) ?? [], 1e-15);
    const direct = trainDevice(await bundled('8B'), {
      regression: 'physics',
      directTotal: true,
      dropOutliers: true,
    }).model;
    expect(direct.metrics.total?.method).toBe('physics');
    expect(predictDevice(direct, [100, 2000], [50, 700]).total?.value).toAgree(total?.value ?? [], 0.01);
  });

  it('compares all regressors, keeps them when told, and predicts by any of them', async () => {
    const { model } = trainDevice(await bundled('1.5B'), { regression: 'all', trees: 10, dropOutliers: true });
    const { candidates = [] } = model.metrics.decode ?? {};
    expect(candidates.map(({ regressor }) => regressor).sort()).toEqual([
      'gradient-boosting',
      'linear',
      'physics',
      'polynomial',
      'random-forest',
    ]);
    const errors = candidates.map(({ mapePercent }) => mapePercent ?? 0);
    expect(errors).toEqual([...errors].sort((a, b) => a - b));
    const linear = predictDevice(model, [100], [50], { regression: 'linear' }).decode?.value[0];
    expect(linear).not.toBe(predictDevice(model, [100], [50]).decode?.value[0]);
    expect(linear).toAgree(predictDevice(model, [100], [50]).decode?.value[0] ?? 0, 0.1);
  });

  it('says what it cannot do', async () => {
    const table = await bundled('8B');
    const few = takeMeasurements(table, Int32Array.of(0, 1, 2));
    expect(() => trainDevice(few)).toThrow(
      'ttft: must be measured in at least 5 rows; got 3 (ttft): with fewer, calibrate a model of another device',
    );
    await expect(loadOne('input_tokens,note\n1,x\n').then((t) => trainDevice(t))).rejects.toThrow(
      'must be measured in at least one of ttft, decode, total, energy, power',
    );
    const { model } = trainDevice(table, { regression: 'physics' });
    expect(() => predictDevice(model, [100], [50], { regression: 'linear' })).toThrow(
      'regression: must be one that the model of ttft has: physics; got "linear"',
    );
    expect(() => predictDevice(model, [0], [50])).toThrow(
      'input_tokens: must be a whole number from 1 to 1e9; got 0 (row 0)',
    );
    expect(() => predictDevice(model, [10], [1.5])).toThrow(
      'output_tokens: must be a whole number from 1 to 1e9; got 1.5',
    );
    expect(() => predictDevice(model, [10, 20], [5])).toThrow(
      'output_tokens: must be as many as input_tokens (2); got 1',
    );
  });
});

describe('outside the training range', () => {
  it('trees give way to physics, flagged, or refuse', async () => {
    const table = await bundled('8B');
    const trees = trainDevice(table, { regression: 'random-forest', trees: 10 }).model;
    const physics = trainDevice(table, { regression: 'physics' }).model;
    const far = predictDevice(trees, [100, 100], [50, 9000]);
    expect([...(far.decode?.fellBack ?? [])]).toEqual([0, 1]);
    expect([...(far.decode?.outside ?? [])]).toEqual([0, 1]);
    expect(far.decode?.value[1]).toBe(predictDevice(physics, [100], [9000]).decode?.value[0]);
    expect(() => predictDevice(trees, [100], [9000], { outsideHull: 'refuse' })).toThrow(
      /^decode: must be asked within the training range of a tree or a network \(input_tokens \d+ to \d+, output_tokens \d+ to 3000\); got "100 input tokens, 9000 output tokens"/,
    );
  });

  it('a value below zero gives way to physics', async () => {
    const table = await bundled('8B');
    const linear = trainDevice(table, { regression: 'linear' }).model;
    const { decode } = predictDevice(linear, [8, 8], [1, 500]);
    expect(Math.min(...(decode?.value ?? []))).toBeGreaterThan(0);
  });
});

describe('intervals', () => {
  it('are those of the regressor that answers, and widen with the distance', async () => {
    const table = await bundled('8B');
    const trees = trainDevice(table, { regression: 'random-forest', trees: 10 }).model;
    const physics = trainDevice(table, { regression: 'physics' }).model;
    const radiusOf = (model: typeof trees, input: number, output: number) => {
      const { decode } = predictDevice(model, [input], [output]);
      return (decode?.interval?.high[0] ?? 0) / (decode?.value[0] ?? 1) - 1;
    };
    expect(radiusOf(trees, 100, 50)).toAgree(trees.metrics.decode?.validation?.interval?.relativeRadius ?? 0, 1e-9);
    // Beyond the rows physics answers, with its own interval, which is wider the further away.
    expect(radiusOf(trees, 100, 9000)).toAgree(radiusOf(physics, 100, 9000), 1e-9);
    expect(radiusOf(physics, 100, 9000)).toBeGreaterThan(
      physics.metrics.decode?.validation?.interval?.relativeRadius ?? 1,
    );
    expect(radiusOf(physics, 100, 90_000)).toBeGreaterThan(1.5 * radiusOf(physics, 100, 9000));
    const linear = trainDevice(table, { regression: 'linear' }).model;
    const far = predictDevice(linear, [100], [9000]).decode;
    const truth = predictDevice(physics, [100], [9000]).decode?.value[0] ?? 0;
    expect([far?.fellBack[0], (far?.interval?.low[0] ?? 0) <= truth && truth <= (far?.interval?.high[0] ?? 0)]).toEqual(
      [0, true],
    );
    const whole = predictDevice(trees, [100], [9000]);
    expect(whole.total?.interval?.high[0]).toBeGreaterThanOrEqual(whole.decode?.interval?.high[0] ?? Infinity);
  });

  it('cover nine of ten rows that were not trained on: 86 to 94 % of 720', async () => {
    let inside = 0;
    let all = 0;
    for (const { name } of SYNTHETIC_MODELS) {
      const table = await bundled(name);
      const rows = Int32Array.from({ length: table.length }, (_, i) => i);
      const { ttft, decode } = table.values;
      const times = { ...table, values: { ...(ttft ? { ttft } : {}), ...(decode ? { decode } : {}) } };
      for (const half of [0, 1]) {
        const train = takeMeasurements(
          times,
          rows.filter((i) => i % 2 === half),
        );
        const held = takeMeasurements(
          times,
          rows.filter((i) => i % 2 !== half),
        );
        const { model } = trainDevice(train, { regression: 'physics' });
        const evaluation = evaluateDevice(model, held).find(({ metric }) => metric === 'decode');
        inside += (evaluation?.coverage?.share ?? 0) * (evaluation?.measured.length ?? 0);
        all += evaluation?.measured.length ?? 0;
      }
    }
    expect(all).toBe(720);
    expect(inside / all).toBeGreaterThan(0.86);
    expect(inside / all).toBeLessThan(0.94);
  });
});

describe('energy', () => {
  it('comes apart into prefill and decode, J/token and tokens/J', async () => {
    const { model } = trainDevice(await bundled('8B'), { dropOutliers: true, regression: 'physics' });
    const prediction = predictDevice(model, [2000, 20], [100, 400]);
    const parts = energyParts(model, prediction, [100, 400]);
    const energy = prediction.energy?.value ?? new Float64Array(2);
    expect(parts?.prefillJ.map((j, i) => j + (parts.decodeJ[i] ?? 0))).toAgree(energy, 1e-12);
    expect(parts?.perTokenJ).toAgree([(energy[0] ?? 0) / 100, (energy[1] ?? 0) / 400], 1e-12);
    expect(parts?.tokensPerJ).toAgree([100 / (energy[0] ?? 0), 400 / (energy[1] ?? 0)], 1e-12);
    // Prefill of 2,048 padded tokens: 0.09 + 4e-4 x 2048 + 3e-8 x 2048^2 = 1.035 s at 23 W and rising.
    expect(parts?.split).toBe('ramp');
    expect(parts?.prefillJ[0]).toBeGreaterThan(1.035 * 23);
    expect(parts?.prefillJ[0]).toBeLessThan(1.035 * 35);
  });
});

describe('learningCurve', () => {
  it('falls with more rows', async () => {
    const points = learningCurve(metricRows(await bundled('14B'), 'decode'), 'random-forest', { trees: 20 });
    expect(points.map(({ rows }) => rows)).toEqual([10, 20, 40, 80, 160, 192]);
    expect(points.at(-1)?.mapePercent).toBeLessThan(0.5 * (points[0]?.mapePercent ?? 0));
  });
});

describe('model files', () => {
  it('round-trip, whatever the regressor', async () => {
    const table = await bundled('1.5B');
    for (const regression of ['all', 'auto', 'random-forest', 'gradient-boosting', 'polynomial'] as const) {
      const { model } = trainDevice(table, {
        regression,
        trees: 5,
        facts: { device: 'Orin', powerRail: 'VDD_GPU_SOC', date: '2026-01-01' },
      });
      const text = JSON.stringify(deviceModelToJSON(model));
      const back = readDeviceModel(text);
      expect(JSON.stringify(deviceModelToJSON(back))).toBe(text);
      expect(predictDevice(back, [100, 900], [50, 9000])).toEqual(predictDevice(model, [100, 900], [50, 9000]));
      expect(back.facts).toEqual(model.facts);
    }
  });
});
