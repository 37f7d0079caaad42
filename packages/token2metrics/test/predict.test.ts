import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { energyParts } from '../src/model/energy-parts.js';
import { evaluateDevice } from '../src/model/evaluate.js';
import { type DevicePrediction, predictDevice } from '../src/model/predict.js';
import { powerRampPredictor, rampEnergy } from '../src/regressors/power-ramp.js';
import { predictionWarnings, requestJson } from '../src/report/json.js';
import { deviceModel, interval, metricModel, physics } from './models.js';
import { tableOf } from './tables.js';
import { thrownBy } from './thrown.js';

/** 1 s and 10 ms a prompt token; half a second an output token. */
const ttft = physics(1, 0.01);
const decode = physics(0, 0, 0, 0.5);
const parts = deviceModel(metricModel('ttft', ttft), metricModel('decode', decode), metricModel('total'));
const flags = (prediction: DevicePrediction, name: 'outside' | 'fellBack') =>
  Object.fromEntries(Object.entries(prediction).map(([metric, found]) => [metric, [...found[name]]]));

describe('predictDevice', () => {
  it('predicts each metric, and a total of parts as their sum', () => {
    const prediction = predictDevice(parts, [100, 20], [10, 4]);
    expect(Object.keys(prediction)).toEqual(['ttft', 'decode', 'total']);
    expect(prediction.ttft?.value).toAgree([2, 1.2], 1e-14);
    expect(prediction.decode?.value).toAgree([5, 2], 1e-14);
    expect(prediction.total?.value).toAgree([7, 3.2], 1e-14);
    expect(prediction.total).not.toHaveProperty('interval');
    expect(Object.entries(prediction).map(([metric, own]) => [metric, own.metric])).toEqual([
      ['ttft', 'ttft'],
      ['decode', 'decode'],
      ['total', 'total'],
    ]);
  });

  it('predicts only the prefill of prompts without answers', () => {
    expect(Object.keys(predictDevice(parts, [100]))).toEqual(['ttft']);
    const sweep = metricModel('energy', physics(3), {
      range: { rows: 9, features: [{ name: 'input_tokens', min: 1, max: 9 }] },
    });
    expect(Object.keys(predictDevice(deviceModel(sweep), [100]))).toEqual(['energy']);
  });

  it('has no sum without both parts', () => {
    expect(Object.keys(predictDevice(deviceModel(metricModel('ttft', ttft), metricModel('total')), [9], [9]))).toEqual([
      'ttft',
    ]);
    expect(
      Object.keys(predictDevice(deviceModel(metricModel('decode', decode), metricModel('total')), [9], [9])),
    ).toEqual(['decode']);
    const direct = predictDevice(
      deviceModel(metricModel('ttft', ttft), metricModel('decode', decode), metricModel('total', physics(9))),
      [9],
      [9],
    );
    expect(direct.total?.value[0]).toBe(9);
  });

  it('flags what lies outside of the rows trained on, in either part', () => {
    const prediction = predictDevice(parts, [5, 100, 100, 1000, 1001], [50, 1, 2, 101, 100]);
    expect(flags(prediction, 'outside')).toEqual({
      ttft: [1, 0, 0, 0, 1],
      decode: [1, 1, 0, 1, 1],
      total: [1, 1, 0, 1, 1],
    });
    expect(flags(prediction, 'fellBack').total).toEqual([0, 0, 0, 0, 0]);
  });

  it('has intervals around the value, which do not go below zero', () => {
    const model = deviceModel(
      metricModel('ttft', ttft, interval()),
      metricModel('decode', decode, interval(1.5)),
      metricModel('total', undefined, interval(0.1)),
    );
    const prediction = predictDevice(model, [100], [10]);
    expect(prediction.ttft?.interval?.level).toBe(0.9);
    expect(prediction.ttft?.interval?.low).toAgree([1.6], 1e-14);
    expect(prediction.ttft?.interval?.high).toAgree([2.4], 1e-14);
    expect(prediction.decode?.interval?.low).toAgree([0], 0);
    expect(prediction.decode?.interval?.high).toAgree([12.5], 1e-14);
    expect(prediction.total?.interval?.low).toAgree([6.3], 1e-14);
    expect(prediction.total?.interval?.high).toAgree([7.7], 1e-14);
  });

  it.each([
    [[0], undefined, 'input_tokens: must be a whole number from 1 to 1e9; got 0 (row 0)'],
    [[1, 2.5], undefined, 'input_tokens: must be a whole number from 1 to 1e9; got 2.5 (row 1)'],
    [[1], [0], 'output_tokens: must be a whole number from 1 to 1e9; got 0 (row 0)'],
    [[2e9], [1], 'input_tokens: must be a whole number from 1 to 1e9; got 2000000000 (row 0)'],
  ])('refuses %j tokens in, %j out', (input, output, message) => {
    expect(thrownBy(() => predictDevice(parts, input, output))).toEqual({ message, code: 'token2metrics/bad-tokens' });
  });

  it('refuses counts that are not one a request', () => {
    expect(() => predictDevice(parts, [Number.NaN])).toThrow(
      'input_tokens: must be a whole number from 1 to 1e9; got NaN',
    );
    expect(thrownBy(() => predictDevice(parts, [1, 2], [3]))).toEqual({
      message: 'output_tokens: must be as many as input_tokens (2); got 1',
      code: 'token2metrics/bad-tokens',
    });
  });

  it('takes another regressor where the model has it', () => {
    const model = deviceModel(
      metricModel('ttft', ttft, {
        alternatives: [
          { regressor: 'linear', predictor: physics(7) },
          { regressor: 'polynomial', predictor: physics(8) },
        ],
      }),
    );
    expect(predictDevice(model, [100], [1], { regression: 'polynomial' }).ttft?.value[0]).toBe(8);
    expect(predictDevice(model, [100], [1], { regression: 'physics' }).ttft?.value).toAgree([2], 1e-14);
    expect(thrownBy(() => predictDevice(model, [100], [1], { regression: 'random-forest' }))).toEqual({
      message: 'regression: must be one that the model of ttft has: physics, linear, polynomial; got "random-forest"',
      code: 'token2metrics/bad-option',
    });
    const { predictor: _, ...none } = metricModel('ttft', ttft);
    expect(thrownBy(() => predictDevice(deviceModel(none), [1]))).toEqual({
      message: 'ttft: must have a predictor',
      code: 'token2metrics/bad-model',
    });
  });

  it('lets physics speak for a tree outside, and for what is not above zero', () => {
    const tree = metricModel('decode', physics(0, 0, 0, 2), {
      method: 'random-forest',
      fallback: { predictor: decode },
    });
    const model = deviceModel(tree, metricModel('ttft', ttft), metricModel('total'));
    const prediction = predictDevice(model, [100, 100, 9], [10, 200, 10]);
    expect(prediction.decode?.value).toAgree([20, 100, 5], 1e-14);
    expect(flags(prediction, 'fellBack')).toEqual({ ttft: [0, 0, 0], decode: [0, 1, 1], total: [0, 1, 1] });
    // What is no tree holds outside, as long as it is above zero: 3 - 0.01 I.
    const line = deviceModel(
      metricModel('ttft', physics(3, -0.01), { method: 'linear', fallback: { predictor: physics(0.5) } }),
    );
    const far = predictDevice(line, [200, 5, 300, 2000]);
    expect(far.ttft?.value).toAgree([1, 2.95, 0.5, 0.5], 1e-14);
    expect(flags(far, 'fellBack').ttft).toEqual([0, 0, 1, 1]);
    // The regressor that is asked for decides, not the model's own.
    const both = deviceModel(
      metricModel('ttft', ttft, {
        alternatives: [{ regressor: 'gradient-boosting', predictor: physics(9) }],
        fallback: { predictor: physics(4) },
      }),
    );
    expect(predictDevice(both, [2000], undefined, { regression: 'gradient-boosting' }).ttft?.value[0]).toBe(4);
    expect(predictDevice(both, [2000]).ttft?.value).toAgree([21], 1e-14);
  });

  it('refuses outside of a tree when it is told to, and there alone', () => {
    const tree = metricModel('decode', physics(0, 0, 0, 2), {
      method: 'random-forest',
      fallback: { predictor: decode },
    });
    expect(predictDevice(deviceModel(tree), [100], [10], { outsideHull: 'refuse' }).decode?.value[0]).toBe(20);
    expect(thrownBy(() => predictDevice(deviceModel(tree), [100, 100], [10, 200], { outsideHull: 'refuse' }))).toEqual({
      message:
        'decode: must be asked within the training range of a tree or a network (input_tokens 10 to 1000, output_tokens 2 to 100); got "100 input tokens, 200 output tokens"',
      code: 'token2metrics/outside-hull',
    });
    const below = metricModel('ttft', physics(0, -1), { method: 'linear', fallback: { predictor: physics(6) } });
    expect(predictDevice(deviceModel(below), [2000], undefined, { outsideHull: 'refuse' }).ttft?.value[0]).toBe(6);
  });

  it.each([
    ['without physics', undefined],
    ['where physics is not above zero either', physics(0)],
  ])('gives no value below zero (%s)', (_, fallback) => {
    const model = deviceModel(
      metricModel('ttft', physics(1, -0.01), fallback ? { fallback: { predictor: fallback } } : {}),
    );
    expect(thrownBy(() => predictDevice(model, [50, 334]))).toEqual({
      message:
        'time to first token: must come out above 0 and below 1000000000000000; got -2.34: the model does not hold at 334 input tokens, though it was trained around them',
      code: 'token2metrics/no-prediction',
    });
  });
});

describe('requests without a possible value', () => {
  const model = deviceModel(metricModel('ttft', physics(1, -0.01)), metricModel('decode', physics(0, 0, 0, 0.1)));
  const prediction = predictDevice(model, [50, 334], [10, 10], { impossible: 'leave-empty' });

  it('are left empty, with the reason, and counted', () => {
    expect([...(prediction.ttft?.empty ?? [])]).toEqual([0, 1]);
    expect(requestJson(prediction, undefined, 1)).toMatchObject({
      ttft_s: null,
      decode_time_s: 1,
      no_prediction: 'time to first token does not come out above 0',
    });
    expect(requestJson(prediction, undefined, 0)).toMatchObject({ ttft_s: 0.5, no_prediction: '' });
    expect(predictionWarnings(model, prediction).map(({ code }) => code)).toContain('no-prediction');
  });

  it('are counted by an evaluation, which goes on', () => {
    const [ttft] = evaluateDevice(model, tableOf({ input: [50, 334], ttft: [0.5, 1] }));
    expect(ttft).toMatchObject({ emptyRows: 1, mapePercent: 0 });
    expect([...(ttft?.rows ?? [])]).toEqual([0]);
  });

  it('are no reason to ask for metrics that are there: it is the prompts that are missing', () => {
    const { inputTokens: _, ...unprompted } = tableOf({ input: [1, 2], output: [3, 4], decode: [5, 6] });
    expect(thrownBy(() => evaluateDevice(model, unprompted)).message).toBe(
      'm: must have the token counts that the model asks for: decode needs input_tokens; got "decode" (t.csv): --join takes prompt lengths from a table of the same questions',
    );
  });
});

describe('evaluateDevice', () => {
  const table = tableOf({
    input: [100, 200, 300, 5],
    output: [10, 20, 30, 1],
    ttft: [2, 3.3, 0, 2],
    decode: [5, 10, 15, 0],
    total: [7, 12, 20, 2],
  });

  it('holds each metric against the rows that have it', () => {
    const [first, second, third] = evaluateDevice(parts, table);
    expect([first?.metric, second?.metric, third?.metric]).toEqual(['ttft', 'decode', 'total']);
    expect([...(first?.rows ?? [])]).toEqual([0, 1, 3]);
    expect([...(first?.measured ?? [])]).toEqual([2, 3.3, 2]);
    expect(first?.predicted).toAgree([2, 3, 1.05], 1e-14);
    expect(first?.metrics.mae).toAgree((0 + 0.3 + 0.95) / 3, 1e-12);
    expect(first?.mapePercent).toAgree((100 * (0 + 0.3 / 3.3 + 0.475)) / 3, 1e-12);
    expect(first).not.toHaveProperty('coverage');
    expect([first?.outsideRows, first?.fallbackRows]).toEqual([1, 0]);
    expect(second?.mapePercent).toAgree(0, 0, 1e-12);
    expect([...(second?.rows ?? [])]).toEqual([0, 1, 2]);
    expect(third?.predicted).toAgree([7, 13, 19, 1.55], 1e-14);
    expect(third?.outsideRows).toBe(1);
  });

  it('counts the rows inside of the interval, its ends included, and those that fell back', () => {
    const model = deviceModel(metricModel('ttft', physics(0, 0.5), { ...interval(0.5), method: 'linear' }));
    // Predicted 2, 2, 2, 2: 1 to 3.
    const measured = tableOf({ input: [4, 4, 4, 4], ttft: [1, 3, 3.01, 0.99] });
    expect(evaluateDevice(model, measured)[0]?.coverage).toEqual({ level: 0.9, share: 0.5 });
    const tree = deviceModel(
      metricModel('ttft', physics(9), { method: 'random-forest', fallback: { predictor: physics(1) } }),
    );
    expect(evaluateDevice(tree, tableOf({ input: [4, 50, 2000], ttft: [1, 1, 1] }))[0]).toMatchObject({
      outsideRows: 2,
      fallbackRows: 2,
    });
    expect(() => evaluateDevice(tree, measured, { outsideHull: 'refuse' })).toThrow(
      'must be asked within the training range of a tree',
    );
  });

  it('evaluates one metric without the others', () => {
    // A decode that cannot be predicted does not keep the prefill from being judged, nor a total modelled by itself.
    const model = deviceModel(
      metricModel('ttft', ttft),
      metricModel('decode', physics(-1)),
      metricModel('total', physics(4)),
    );
    const measured = tableOf({ input: [100], output: [10], ttft: [2], total: [4] });
    expect(evaluateDevice(model, measured).map(({ metric, mapePercent }) => [metric, mapePercent])).toEqual([
      ['ttft', 0],
      ['total', 0],
    ]);
    // A prefill asks for no answer, and for none of the parts of a total.
    const broken = deviceModel(metricModel('ttft', ttft), metricModel('decode', physics(-1)), metricModel('total'));
    const prefills = tableOf({ input: [100], output: [0], ttft: [2] });
    expect(evaluateDevice(broken, prefills).map(({ metric, mapePercent }) => [metric, mapePercent])).toEqual([
      ['ttft', 0],
    ]);
    // A sum without its parts predicts nothing.
    const sum = deviceModel(metricModel('ttft', ttft), metricModel('total'));
    expect(evaluateDevice(sum, measured).map(({ metric }) => metric)).toEqual(['ttft']);
    expect(
      evaluateDevice(
        deviceModel(
          metricModel('energy', physics(5), {
            range: { rows: 1, features: [{ name: 'input_tokens', min: 1, max: 9 }] },
          }),
        ),
        tableOf({ input: [9], energy: [5] }),
      )[0]?.mapePercent,
    ).toBe(0);
  });

  it('says when model and measurements have nothing in common', () => {
    expect(thrownBy(() => evaluateDevice(parts, tableOf({ input: [1], energy: [2], power: [3] })))).toEqual({
      message: 'm: must have a metric that the model predicts (ttft, decode, total); got "energy, power" (t.csv)',
      code: 'token2metrics/no-rows',
    });
    expect(() => evaluateDevice(parts, tableOf({ input: [1] }, { model: '' }))).toThrow(
      'measurements: must have a metric that the model predicts (ttft, decode, total)',
    );
  });
});

describe('energyParts', () => {
  const ramp = { plateauW: 30, dropW: 20, tauSec: 2, offsetJ: 7 };
  const withEnergy = (plateauW: number) =>
    deviceModel(
      ...Object.values(parts.metrics),
      metricModel('energy', powerRampPredictor('energy', { ...ramp, plateauW }, physics(0, 0, 0, 1))),
    );

  it('integrates the climb of the power over the prefill', () => {
    const model = withEnergy(30);
    const prediction = predictDevice(model, [100, 20], [10, 4]);
    const found = energyParts(model, prediction, [10, 4]);
    const energy = [10, 4].map((sec) => rampEnergy(ramp, sec));
    expect(prediction.energy?.value).toAgree(energy, 1e-14);
    expect(found?.split).toBe('ramp');
    // Prefills of 2 and 1.2 s in runs of 7 and 3.2 s: 30 T - 40 (1 - exp(-T / 2)).
    const climbed = (sec: number) => 30 * sec - 40 * (1 - Math.exp(-sec / 2));
    const prefill = [(energy[0] ?? 0) * (climbed(2) / climbed(7)), (energy[1] ?? 0) * (climbed(1.2) / climbed(3.2))];
    expect(found?.prefillJ).toAgree(prefill, 1e-12);
    expect(found?.decodeJ).toAgree(
      energy.map((joules, i) => joules - (prefill[i] ?? 0)),
      1e-12,
    );
    expect(found?.perTokenJ).toAgree(
      energy.map((joules, i) => joules / (i === 0 ? 10 : 4)),
      1e-14,
    );
    expect(found?.tokensPerJ).toAgree(
      energy.map((joules, i) => (i === 0 ? 10 : 4) / joules),
      1e-14,
    );
  });

  it('shares by time where there is no ramp, or one that starts below zero watts', () => {
    for (const model of [
      withEnergy(19),
      withEnergy(20),
      deviceModel(...Object.values(parts.metrics), metricModel('energy', physics(14))),
    ]) {
      const prediction = predictDevice(model, [100], [10]);
      const found = energyParts(model, prediction, [10]);
      expect(found?.split).toBe('time');
      expect(found?.prefillJ).toAgree([((prediction.energy?.value[0] ?? 0) * 2) / 7], 1e-12);
    }
  });

  it('gives a prefill no more than all, and no less than nothing', () => {
    const energy = predictDevice(withEnergy(30), [100], [10]);
    const value = (sec: number) => ({
      ...(energy.ttft as NonNullable<typeof energy.ttft>),
      value: Float64Array.of(sec),
    });
    for (const plateauW of [19, 30]) {
      const found = energyParts(withEnergy(plateauW), { ...energy, ttft: value(8), total: value(7) }, [10]);
      expect([...(found?.decodeJ ?? [])]).toEqual([0]);
    }
    const never = energyParts(withEnergy(30), { ...energy, ttft: value(-1) }, [10]);
    expect([...(never?.prefillJ ?? [])]).toEqual([0]);
  });

  it('needs energy, prefill and total', () => {
    const model = withEnergy(30);
    const all = predictDevice(model, [100], [10]);
    for (const missing of ['energy', 'ttft', 'total'] as const) {
      const { [missing]: _, ...rest } = all;
      expect(energyParts(model, rest, [10])).toBeUndefined();
    }
  });
});
