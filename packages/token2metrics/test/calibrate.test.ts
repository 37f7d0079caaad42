import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { calibrate } from '../src/calibration/calibrate.js';
import { scaledPredictor } from '../src/calibration/scaled-predictor.js';
import { deviceModelToJSON, readDeviceModel } from '../src/model/model-file.js';
import { predictDevice } from '../src/model/predict.js';
import { validate } from '../src/model/validation.js';
import type { Metric } from '../src/table/metric.js';
import { deviceModel, metricModel, physics } from './models.js';
import { tableOf } from './tables.js';
import { thrownBy } from './thrown.js';

/** 1 + 0.01 I s of prefill, 0.1 O s of decode. */
const source = deviceModel(
  metricModel('ttft', physics(1, 0.01)),
  metricModel('decode', physics(0, 0, 0, 0.1)),
  metricModel('total'),
  metricModel('power', scaledPredictor(physics(1), { kind: 'ratio', factor: 2 })),
);
const input = [100, 200, 400, 800];
const output = [10, 40, 20, 30];
/** Three times as slow a prefill, five times as slow a decode. */
const ttft = [6, 9, 15, 27];
const decode = [5, 20, 10, 15];
const samples = tableOf({ input, output, ttft, decode, energy: [1, 2, 3, 4], power: [5, 6, 7, 8] });

describe('calibrate', () => {
  it('carries over what both have, and says what it leaves', () => {
    const { model, metrics, left } = calibrate(source, samples);
    expect(metrics.map(({ metric, samples: count }) => [metric, count])).toEqual([
      ['ttft', 4],
      ['decode', 4],
      ['power', 4],
    ]);
    expect(left).toEqual([
      { metric: 'total', reason: 'the samples do not have it' },
      { metric: 'energy', reason: 'the source model does not predict it' },
    ]);
    expect(model).toMatchObject({ name: 'm', facts: {}, padding: 1, source: { file: 't.csv', rows: 4 } });
    // The samples are looked at as training rows are.
    expect(model.findings.map(({ code }) => code)).toEqual(['energy-not-power-times-time']);
    expect(Object.keys(model.metrics)).toEqual(['ttft', 'decode', 'power']);
    expect(model.metrics.power?.method).toMatch(/ratio|affine|log-ridge/);
    expect(model.metrics.ttft?.measured?.features).toEqual([{ name: 'input_tokens', min: 100, max: 800 }]);
    const prediction = predictDevice(model, [500], [25]);
    expect(prediction.ttft?.value).toAgree([18], 1e-9);
    expect(prediction.decode?.value).toAgree([12.5], 1e-9);
  });

  it('holds where the source held, judged by leaving one out', () => {
    const { model, metrics } = calibrate(source, samples, { name: 'x', facts: { device: 'Orin' }, level: 0.5 });
    expect(model).toMatchObject({ name: 'x', facts: { device: 'Orin' } });
    const [first] = metrics;
    const own = model.metrics.ttft;
    expect(own).toMatchObject({
      metric: 'ttft',
      method: first?.choice.method,
      alternatives: [],
      candidates: [],
      range: { rows: 4, features: [{ name: 'input_tokens', min: 10, max: 1000 }] },
    });
    const trial = first?.choice.trials.find(({ method }) => method === first.choice.method);
    const held = trial?.predicted ?? new Float64Array(0);
    expect(own?.validation).toEqual(
      validate(
        { target: Float64Array.from(ttft), predicted: held, setting: Int32Array.of(0, 1, 2, 3) },
        'one of 4 settings left out',
        0.5,
      ),
    );
    expect(own?.validation?.interval?.level).toBe(0.5);
    const nine = Array.from({ length: 9 }, (_, k) => 100 + 50 * k);
    const many = tableOf({ input: nine, ttft: nine.map((i) => 3 + 0.03 * i) });
    expect(calibrate(source, many).model.metrics.ttft?.validation?.interval?.level).toBe(0.9);
  });

  it('carries a total over by its parts', () => {
    const total = ttft.map((sec, k) => sec + (decode[k] ?? 0));
    const { model, metrics } = calibrate(source, tableOf({ input, output, total }));
    expect(metrics.map(({ metric }) => metric)).toEqual(['total']);
    expect(model.metrics.total?.range).toEqual({ ...source.metrics.total?.range, rows: 4 });
    expect(predictDevice(model, [200], [40]).total?.value).toAgree([29], 1e-3);
  });

  it('has no validation of one sample', () => {
    const one = tableOf({ input: [100], output: [10], ttft: [6] });
    const { model } = calibrate(source, one);
    expect(model.metrics.ttft).not.toHaveProperty('validation');
    expect(predictDevice(model, [200]).ttft?.value).toAgree([9], 1e-6);
  });

  it('flags what lies outside its own samples, and widens there by what they leave open', () => {
    // Prompts of one size tell nothing of the slope: the prior refit and the plain ratio part ways far from them.
    const near = tableOf({ input: [380, 400, 420], ttft: [15.2, 14.9, 15.8] });
    const { model } = calibrate(source, near);
    const { value, interval, outside } = predictDevice(model, [400, 20]).ttft ?? {};
    expect([...(outside ?? [])]).toEqual([0, 1]);
    const share = (i: number) => ((interval?.high[i] ?? 0) - (value?.[i] ?? 0)) / (value?.[i] ?? 1);
    expect(share(1)).toBeGreaterThan(1.5 * share(0));
    const file = readDeviceModel(JSON.stringify(deviceModelToJSON(model)));
    expect(predictDevice(file, [400, 20])).toEqual(predictDevice(model, [400, 20]));
  });

  it('answers by the plain ratio where its own fit falls below zero', () => {
    const { model } = calibrate(source, tableOf({ input: [700, 800, 900], ttft: [10, 20, 30] }), {
      method: 'physics-prior',
    });
    const { value, fellBack } = predictDevice(model, [800, 20]).ttft ?? {};
    expect([...(fellBack ?? [])]).toEqual([0, 1]);
    expect(value?.[1]).toBeGreaterThan(0);
  });

  it('takes the method that it is told to', () => {
    const { model, metrics } = calibrate(source, tableOf({ input, ttft }), { method: 'median-ratio' });
    expect(metrics[0]?.choice).toMatchObject({ method: 'median-ratio', reason: 'asked for' });
    expect(metrics[0]?.choice.trials).toHaveLength(6);
    expect(model.metrics.ttft?.predictor?.toJSON()).toMatchObject({ form: 'scaled', scaling: { kind: 'ratio' } });
  });

  it.each([
    ['affine', 2],
    ['log-ridge', 3],
    ['physics-refit', 6],
  ] as const)('refuses %s with fewer than %i samples', (method, least) => {
    const inputs = Array.from({ length: least }, (_, k) => 100 + 130 * k * k);
    const with_ = (n: number) =>
      tableOf({ input: inputs.slice(0, n), ttft: inputs.slice(0, n).map((i) => 3 + 0.03 * i) });
    expect(thrownBy(() => calibrate(source, with_(least - 1), { method }))).toEqual({
      message: `${method}: must have samples of at least ${least} settings of ttft; got ${least - 1}`,
      code: 'token2metrics/not-enough-rows',
    });
    expect(calibrate(source, with_(least), { method }).model.metrics.ttft?.method).toBe(method);
  });

  it('needs something in common', () => {
    const energyOnly = tableOf({ input, output, energy: [1, 2, 3, 4], power: [5, 6, 7, 8] });
    const nothing = (metrics: Metric[]) => deviceModel(...metrics.map((metric) => metricModel(metric, physics(1))));
    expect(thrownBy(() => calibrate(nothing(['ttft', 'decode']), energyOnly))).toEqual({
      message:
        'samples: must measure at least one metric that the source model has (ttft, decode) (t.csv): ttft: the samples do not have it; decode: the samples do not have it; energy: the source model does not predict it; power: the source model does not predict it',
      code: 'token2metrics/not-enough-rows',
    });
    expect(() => calibrate(deviceModel(), tableOf({ input }))).toThrow('the source model has ()');
  });
});
