import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import { calibrate } from '../src/calibration/calibrate.js';
import { chooseMethod } from '../src/calibration/choose-method.js';
import { CALIBRATION_METHODS, calibrateBy } from '../src/calibration/methods.js';
import { suggestSamples } from '../src/calibration/suggest.js';
import {
  CONFIGURATIONS,
  configurationFor,
  configurationFromJSON,
  requireConfiguration,
} from '../src/configurations/configuration.js';
import { deviceModelToJSON, readDeviceModel } from '../src/model/model-file.js';
import { predictDevice } from '../src/model/predict.js';
import { trainDevice } from '../src/model/train-device.js';
import { fitPhysics } from '../src/regressors/fit-physics.js';
import { tokensOf } from '../src/regressors/tokens.js';
import { takeMeasurements } from '../src/table/measurements.js';
import { bundled, loadOne } from './bundled.js';

const random = seededRandom(3);
const draw = (low: number, high: number) => Math.floor(low + (high - low) * random());
const columns = (n: number) =>
  tokensOf(
    Float64Array.from({ length: n }, () => draw(10, 4000)),
    Float64Array.from({ length: n }, () => draw(10, 3000)),
  );
const server = columns(40);
const time = (tokens: typeof server, [c, p, p2, o, x]: readonly number[]) =>
  Float64Array.from({ length: tokens.length }, (_, k) => {
    const input = tokens.columns[0]?.[k] ?? 0;
    const output = tokens.columns[1]?.[k] ?? 0;
    const prompt = Math.ceil(input / 128) * 128;
    return (
      (c ?? 0) +
      (p ?? 0) * prompt +
      (p2 ?? 0) * prompt ** 2 +
      (o ?? 0) * output +
      (x ?? 0) * (output * input + (output * (output - 1)) / 2)
    );
  });
const SERVER = [0.02, 5e-5, 1e-9, 0.013, 4e-7];
const DEVICE = [0.1, 4e-4, 3e-8, 0.1, 7e-7];
const source = fitPhysics(server, time(server, SERVER));
const elsewhere = columns(200);
const mape = (a: Float64Array, b: Float64Array) =>
  (100 * a.reduce((sum, v, i) => sum + Math.abs(v / (b[i] ?? 0) - 1), 0)) / a.length;

describe('calibrateBy', () => {
  it.each(CALIBRATION_METHODS)('%s carries a device that is the source itself over unchanged', (method) => {
    const tokens = columns(8);
    const same = calibrateBy(method, source, { metric: 'total', tokens, target: time(tokens, SERVER) });
    expect(same.predict(elsewhere)).toAgree(time(elsewhere, SERVER), 1e-4);
  });

  it.each(['median-ratio', 'mean-ratio', 'affine', 'log-ridge', 'physics-prior'] as const)(
    '%s follows a device seven times slower',
    (method) => {
      const tokens = columns(3);
      const slower = calibrateBy(method, source, {
        metric: 'total',
        tokens,
        target: time(tokens, SERVER).map((sec) => 7 * sec),
      });
      expect(slower.predict(elsewhere)).toAgree(
        time(elsewhere, SERVER).map((sec) => 7 * sec),
        1e-4,
      );
    },
  );

  it('the weak prior beats every ratio on another device, from three samples on', () => {
    const tokens = columns(4);
    const samples = { metric: 'total', tokens, target: time(tokens, DEVICE) } as const;
    const truth = time(elsewhere, DEVICE);
    const errorOf = (method: (typeof CALIBRATION_METHODS)[number]) =>
      mape(calibrateBy(method, source, samples).predict(elsewhere), truth);
    expect(errorOf('physics-prior')).toBeLessThan(1);
    for (const method of ['median-ratio', 'mean-ratio', 'affine', 'log-ridge'] as const) {
      expect([method, errorOf('physics-prior') < 0.5 * errorOf(method)]).toEqual([method, true]);
    }
  });

  it('with many samples the prior no longer matters', () => {
    const tokens = columns(60);
    const refit = calibrateBy('physics-prior', source, { metric: 'total', tokens, target: time(tokens, DEVICE) });
    expect(refit.predict(elsewhere)).toAgree(time(elsewhere, DEVICE), 3e-3);
  });

  it('one sample is a ratio', () => {
    const tokens = tokensOf([500], [200]);
    const target = time(tokens, SERVER).map((sec) => 3 * sec);
    expect(calibrateBy('physics-prior', source, { metric: 'total', tokens, target }).predict(elsewhere)).toAgree(
      time(elsewhere, SERVER).map((sec) => 3 * sec),
      1e-4,
    );
  });
});

describe('chooseMethod', () => {
  it('takes the prior for few samples, and the refit where it is clearly better', () => {
    const two = columns(2);
    expect(chooseMethod(source, { metric: 'total', tokens: two, target: time(two, DEVICE) }).reason).toBe(
      '2 setting(s) are too few to compare methods',
    );
    const many = columns(30);
    const choice = chooseMethod(source, { metric: 'total', tokens: many, target: time(many, DEVICE) });
    expect(choice.method).toBe('physics-refit');
    expect(choice.trials.map(({ method }) => method)).toEqual([...CALIBRATION_METHODS]);
    expect(choice.trials.every(({ heldOutMapePercent }) => heldOutMapePercent !== null)).toBe(true);
  });
});

describe('calibrate', () => {
  it('makes a model of the target that predicts, validates and round-trips', async () => {
    const table = await bundled('8B');
    const target = await bundled('14B');
    const { model: from } = trainDevice(table, { regression: 'physics', dropOutliers: true });
    const samples = takeMeasurements(target, Int32Array.of(3, 17, 40, 77, 111, 150, 190, 230));
    const { model, metrics } = calibrate(from, samples, { facts: { device: 'other' } });
    expect(metrics.map(({ metric }) => metric)).toContain('total');
    const truth = predictDevice(
      trainDevice(target, { regression: 'physics', dropOutliers: true }).model,
      [300, 900],
      [100, 500],
    );
    const got = predictDevice(model, [300, 900], [100, 500]);
    expect(got.total?.value).toAgree(truth.total?.value ?? [], 0.02);
    const back = readDeviceModel(JSON.stringify(deviceModelToJSON(model)));
    expect(predictDevice(back, [300], [100])).toEqual(predictDevice(model, [300], [100]));
    expect(model.metrics.total?.validation?.scheme).toBe('one of 8 settings left out');
  });

  it('every method survives the model file', async () => {
    const table = await bundled('8B');
    const { model: from } = trainDevice(table, { regression: 'physics' });
    const samples = takeMeasurements(await bundled('14B'), Int32Array.of(3, 17, 40, 77, 111, 150, 190));
    for (const method of CALIBRATION_METHODS) {
      const { model } = calibrate(from, samples, { method });
      const back = readDeviceModel(JSON.stringify(deviceModelToJSON(model)));
      expect(predictDevice(back, [300], [100])).toEqual(predictDevice(model, [300], [100]));
    }
  });

  it('names what it cannot carry over', async () => {
    const { model: from } = trainDevice(await bundled('8B'), { regression: 'physics' });
    const one = await loadOne('input_tokens,output_tokens,total_time_s\n100,50,9\n200,80,15\n');
    const { left } = calibrate(from, one);
    expect(left.map(({ metric, reason }) => `${metric}: ${reason}`)).toContain('ttft: the samples do not have it');
    expect(() => calibrate(from, one, { method: 'physics-refit' })).toThrow(
      'physics-refit: must have samples of at least 6 settings of total; got 2',
    );
    const none = await loadOne('input_tokens,note\n100,x\n');
    expect(() => calibrate(from, none)).toThrow('samples: must measure at least one metric that the source model has');
  });
});

describe('suggestSamples', () => {
  const range = { inputTokens: [16, 4096], outputTokens: [16, 2048] } as const;

  it('names points that lower the uncertainty, each more than measuring the middle again would', () => {
    const suggestions = suggestSamples(source, undefined, { count: 4, ...range });
    expect(suggestions).toHaveLength(4);
    for (const { uncertaintyBefore, uncertaintyAfter } of suggestions)
      expect(uncertaintyAfter).toBeLessThan(uncertaintyBefore);
    expect(new Set(suggestions.map(({ inputTokens, outputTokens }) => `${inputTokens} ${outputTokens}`)).size).toBe(4);
  });

  it('looks elsewhere than where was measured', () => {
    const [first] = suggestSamples(source, undefined, { count: 1, ...range });
    const [next] = suggestSamples(source, tokensOf([first?.inputTokens ?? 1], [first?.outputTokens ?? 1]), {
      count: 1,
      ...range,
    });
    expect([next?.inputTokens, next?.outputTokens]).not.toEqual([first?.inputTokens, first?.outputTokens]);
  });

  it('calibrates better than as many samples side by side', () => {
    const suggested = suggestSamples(source, undefined, { count: 4, ...range });
    const errorAt = (tokens: typeof server) =>
      mape(
        calibrateBy('physics-prior', source, { metric: 'total', tokens, target: time(tokens, DEVICE) }).predict(
          elsewhere,
        ),
        time(elsewhere, DEVICE),
      );
    const good = errorAt(
      tokensOf(
        suggested.map((s) => s.inputTokens),
        suggested.map((s) => s.outputTokens),
      ),
    );
    expect(good).toBeLessThan(errorAt(tokensOf([100, 110, 120, 130], [50, 50, 60, 60])));
    expect(good).toBeLessThan(1);
  });
});

describe('configurations', () => {
  it('know the published models under the names that data gives them', () => {
    expect(CONFIGURATIONS.map(({ name }) => name)).toEqual(['1.5B', '8B', '14B']);
    expect(configurationFor('qwen-1.5b')?.name).toBe('1.5B');
    expect(configurationFor('DSR1-LLAMA-8B')?.name).toBe('8B');
    expect(() => requireConfiguration('70B')).toThrow('model: must be one of 1.5B, 8B, 14B; got "70B"');
  });

  it('can be extended', () => {
    const own = configurationFromJSON({ name: '32B', aliases: ['qwen-32b'], prompt_padding_tokens: 64 });
    expect(requireConfiguration('Qwen-32B', [own, ...CONFIGURATIONS]).promptPaddingTokens).toBe(64);
    expect(() => configurationFromJSON({ name: '32B', prompt_padding_tokens: 0 }, 'own.json')).toThrow(
      'prompt_padding_tokens: must be a number from 1 to 1000000000; got 0 (own.json)',
    );
  });
});
