import '@stepclock/vitest-matchers';
import { isFault } from '@stepclock/faults';
import { describe, expect, it } from 'vitest';
import { scaledPredictor } from '../src/calibration/scaled-predictor.js';
import type { DeviceModel } from '../src/model/device-model.js';
import { energyParts } from '../src/model/energy-parts.js';
import { deviceModelToJSON, errorsToJSON, readDeviceModel, TOKEN2METRICS_SCHEMA } from '../src/model/model-file.js';
import { predictDevice } from '../src/model/predict.js';
import { trainDevice } from '../src/model/train-device.js';
import { metricOf } from '../src/table/metric.js';
import { bundled } from './bundled.js';
import { deviceModel, interval, metricModel, physics } from './models.js';
import { thrownBy } from './thrown.js';

const quarter = { level: 0.9, relativeRadius: 0.25 };
const model: DeviceModel = {
  ...deviceModel(
    metricModel('decode', physics(0, 0, 0, 1), {
      ...interval(),
      method: 'linear',
      fallback: { predictor: physics(2), interval: quarter },
      alternatives: [{ regressor: 'linear', predictor: physics(3) }],
      candidates: [
        { regressor: 'linear', mapePercent: 3 },
        { regressor: 'polynomial', mapePercent: null, reason: 'no' },
      ],
    }),
    metricModel('ttft', physics(1)),
    metricModel('total'),
  ),
  facts: { device: 'Orin', engine: 'vLLM', powerMode: 'MAXN', powerRail: 'VDD', date: '2026-01-02' },
  padding: 64,
  findings: [
    { code: 'stall', metric: 'ttft', count: 2, message: 'slow' },
    { code: 'batched-rows', count: 1, message: 'left out' },
  ],
};

const physicsJson = (...coefficients: number[]) => ({
  form: 'physics',
  terms: ['1', 'P', 'P^2', 'O', 'O*I + O*(O-1)/2'],
  coefficients: Array.from({ length: 5 }, (_, j) => coefficients[j] ?? 0),
  padding: 1,
  dropped: [],
  beyond: null,
  covariance: null,
  df: null,
});
const input = { name: 'input_tokens', min: 10, max: 1000 };
const output = { name: 'output_tokens', min: 2, max: 100 };
const errors = {
  n: 40,
  mse: 4,
  rmse: 2,
  mae: 1,
  mape_percent: 3,
  median_absolute_error: 5,
  p90_absolute_error: 6,
  p95_absolute_error: 7,
  p99_absolute_error: 8,
  max_absolute_error: 9,
  bias: -1,
  r2: 0.5,
  explained_variance: null,
};
const file = {
  schema: 'stepclock/token2metrics-model@2',
  model: 'm',
  device: 'Orin',
  engine: 'vLLM',
  power_mode: 'MAXN',
  power_rail: 'VDD',
  date: '2026-01-02',
  prompt_padding_tokens: 64,
  trained_on: { file: 'm.csv', rows: 40 },
  findings: [
    { code: 'stall', metric: 'ttft', count: 2, message: 'slow' },
    { code: 'batched-rows', count: 1, message: 'left out' },
  ],
  metrics: [
    {
      metric: 'ttft',
      unit: 's',
      method: 'physics',
      training_range: { rows: 40, features: [input] },
      measured_range: null,
      validation: null,
      candidates: [],
      predictor: physicsJson(1),
      fallback: null,
      alternatives: [],
    },
    {
      metric: 'decode',
      unit: 's',
      method: 'linear',
      training_range: { rows: 40, features: [input, output] },
      measured_range: null,
      validation: { scheme: '5 folds', settings: 40, ...errors, interval: { level: 0.9, relative_radius: 0.2 } },
      candidates: [
        { regressor: 'linear', mape_percent: 3 },
        { regressor: 'polynomial', mape_percent: null, reason: 'no' },
      ],
      predictor: physicsJson(0, 0, 0, 1),
      fallback: { predictor: physicsJson(2), interval: { level: 0.9, relative_radius: 0.25 } },
      alternatives: [{ regressor: 'linear', predictor: physicsJson(3), interval: null }],
    },
    {
      metric: 'total',
      unit: 's',
      method: 'sum',
      training_range: { rows: 40, features: [input, output] },
      measured_range: null,
      validation: null,
      candidates: [],
      predictor: null,
      fallback: null,
      alternatives: [],
    },
  ],
};
const read = (json: unknown, name?: string) => readDeviceModel(JSON.stringify(json), name);

describe('a model file', () => {
  it('holds everything, in the order of the metrics', () => {
    expect(TOKEN2METRICS_SCHEMA).toBe(file.schema);
    expect(JSON.stringify(deviceModelToJSON(model))).toBe(JSON.stringify(file));
    expect(errorsToJSON(interval().validation.metrics)).toEqual(errors);
  });

  it('is read as it was, a byte order mark and unknown fields aside', () => {
    const back = readDeviceModel(`\uFEFF${JSON.stringify({ ...file, note: 'mine' })}`);
    expect(JSON.stringify(deviceModelToJSON(back))).toBe(JSON.stringify(file));
    expect(back).toMatchObject({ name: 'm', facts: model.facts, padding: 64, findings: model.findings });
    expect(Object.keys(back.metrics)).toEqual(['ttft', 'decode', 'total']);
  });

  it('says null of what is not known, and leaves it out when read', () => {
    const bare = deviceModelToJSON({ ...model, facts: {}, findings: [] });
    expect(bare).toMatchObject({ device: null, engine: null, power_mode: null, power_rail: null, date: null });
    expect(read(bare).facts).toEqual({});
    const { interval: _, ...unbounded } = interval().validation;
    const wide = deviceModelToJSON(deviceModel(metricModel('ttft', physics(1), { validation: unbounded })));
    expect(read(wide).metrics.ttft?.validation).toEqual(unbounded);
  });

  type Loose = Record<string, unknown> & { metrics: Record<string, unknown>[]; findings: Record<string, unknown>[] };
  const changed = (change: (file: Loose) => void) => {
    const copy = JSON.parse(JSON.stringify(file));
    change(copy);
    return thrownBy(() => read(copy, 'f.json'));
  };
  const first =
    (key: string, value: unknown, at = 0) =>
    (copy: Loose) => {
      Object.assign(copy.metrics[at] ?? {}, { [key]: value });
    };

  it.each([
    ['a newer stepclock', 'stepclock/token2metrics-model@12', 'a newer stepclock wrote this file'],
    ['an older one', 'stepclock/token2metrics-model@1', 'must be of version 2; got 1 (f.json): train the model anew'],
    ['no version', 'stepclock/token2metrics-model@x', 'schema: must be "stepclock/token2metrics-model@2"'],
    ['another program', 7, 'schema: must be "stepclock/token2metrics-model@2"; got 7 (f.json)'],
  ])('of %s is refused', (_, schema, message) => {
    const { code, message: got } = changed((copy) => Object.assign(copy, { schema }));
    expect([code, got]).toEqual(['token2metrics/bad-model', expect.stringContaining(message)]);
  });

  it.each([
    ['another unit', first('unit', 'J'), 'metrics[0].unit: must be "s" for ttft; got "J"'],
    ['an unknown metric', first('metric', 'joy'), 'metrics[0].metric: must be one of ttft, decode, total, energy'],
    ['an unknown method', first('method', 'magic'), 'metrics[0].method: must be one of physics, linear'],
    ['a sum that is no total', first('method', 'sum'), 'metrics[0].method: must not be "sum" but for total'],
    ['no predictor', first('predictor', null), 'metrics[0].predictor: must be there; got null'],
    ['a total without predictor', first('method', 'linear', 2), 'metrics[2].predictor: must be there; got null'],
    [
      'a broken predictor',
      first('predictor', { ...physicsJson(1), padding: 0 }),
      'metrics[0].predictor.padding: must be a number from 1 to 1000000000; got 0',
    ],
    [
      'an unknown predictor',
      first('predictor', { form: 'magic' }),
      'metrics[0].predictor.form: must be one of physics',
    ],
    [
      'a broken regression',
      first('predictor', { form: 'regression', model: 3 }),
      'metrics[0].predictor.model: must be',
    ],
    ['a broken fallback', first('fallback', 3), 'metrics[0].fallback: must be an object; got 3'],
    [
      'too few coefficients',
      first('predictor', { ...physicsJson(1), coefficients: [1] }),
      'coefficients: must be an array of 5',
    ],
    [
      'an unknown alternative',
      first('alternatives', [{ regressor: 'magic', predictor: physicsJson(1), interval: null }]),
      'metrics[0].alternatives[0].regressor: must be one of physics',
    ],
    [
      'an empty range',
      first('training_range', { rows: 4, features: [] }),
      'training_range.features: must be one or two',
    ],
    [
      'a range that runs backwards',
      first('training_range', { rows: 4, features: [{ ...input, min: 2000 }] }),
      'training_range.features[0]: must be a range with min <= max',
    ],
    [
      'another feature',
      first('training_range', { rows: 4, features: [{ ...input, name: 'x' }] }),
      'features[0].name: must',
    ],
    ['no source', (copy: Loose) => Object.assign(copy, { trained_on: {} }), 'trained_on.file: must be'],
    [
      'no metric',
      (copy: Loose) => Object.assign(copy, { metrics: [] }),
      'metrics: must have a metric; got an array of 0',
    ],
    [
      'a metric twice',
      (copy: Loose) => Object.assign(copy, { metrics: [file.metrics[0], file.metrics[0]] }),
      'metrics: must have every metric once',
    ],
    [
      'a finding without count',
      (copy: Loose) => Object.assign(copy.findings[0] ?? {}, { count: -1 }),
      'findings[0].count',
    ],
  ])('with %s is refused', (_, change, message) => {
    const { code, message: got } = changed(change);
    expect(code).toBe('token2metrics/bad-model');
    expect(got).toContain(message);
    expect(got).toContain('(f.json)');
  });
});

/** Every path of a JSON value that leads to a field. */
const pathsOf = (value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] =>
  value !== null && typeof value === 'object'
    ? // Of many numbers alike, two stand for all.
      Object.entries(value)
        .slice(0, Array.isArray(value) && typeof value[0] === 'number' ? 2 : undefined)
        .flatMap(([key, inner]) => {
          const at = [...path, Array.isArray(value) ? Number(key) : key];
          return [at, ...pathsOf(inner, at)];
        })
    : [];

describe('a model file with one field changed', () => {
  const MUTANTS: readonly [string, unknown][] = [
    ['null', null],
    ['text', 'x'],
    ['"NaN"', 'NaN'],
    ['1e308', 1e308],
    ['negative', -1],
    ['an object', {}],
    ['missing', undefined],
  ];
  const numbersOf = (value: unknown): number[] =>
    typeof value === 'number'
      ? [value]
      : ArrayBuffer.isView(value) && value instanceof Float64Array
        ? [...value]
        : value !== null && typeof value === 'object'
          ? Object.values(value).flatMap(numbersOf)
          : [];

  it.each(['physics', 'linear', 'random-forest', 'scaled'])(
    '(%s) is refused with a fault, or predicts finite numbers',
    async (regression) => {
      const table = await bundled('8B');
      const { decode, energy } = table.values;
      const values = { ...(decode ? { decode } : {}), ...(energy ? { energy } : {}) };
      const { model: trained } = trainDevice(
        { ...table, values },
        {
          regression: regression === 'scaled' ? 'physics' : (regression as 'physics'),
          trees: 1,
        },
      );
      const scaled = (kind: 'ratio' | 'log-ridge') =>
        metricModel(
          kind === 'ratio' ? 'energy' : 'decode',
          scaledPredictor(
            physics(1, 1, 1, 1, 1),
            kind === 'ratio' ? { kind, factor: 2 } : { kind, coefficients: [0, 0.1, 0.1], centre: [1, 1] },
          ),
          interval(),
        );
      const whole = regression === 'scaled' ? deviceModel(scaled('ratio'), scaled('log-ridge')) : trained;
      const json = JSON.parse(JSON.stringify(deviceModelToJSON(whole)));
      const survivors: string[] = [];
      for (const path of pathsOf(json)) {
        for (const [name, mutant] of MUTANTS) {
          const copy = structuredClone(json);
          const parent = path.slice(0, -1).reduce((at, key) => at[key], copy);
          parent[path.at(-1) ?? ''] = mutant;
          try {
            // JSON of 1e999 is Infinity: written as text, so that the reader meets it.
            const back = readDeviceModel(JSON.stringify(copy).replaceAll('1e+308', '1e308'));
            for (const [inputs, outputs] of [
              [
                [100, 3000],
                [50, 2000],
              ],
              [
                [1, 1e9],
                [1e9, 1],
              ],
            ] as const) {
              const prediction = predictDevice(back, inputs, outputs);
              const numbers = numbersOf([prediction, energyParts(back, prediction, outputs)]);
              if (!numbers.every(Number.isFinite)) survivors.push(`${path.join('.')} = ${name}`);
            }
          } catch (error) {
            if (!isFault(error)) throw error;
          }
        }
      }
      expect(survivors).toEqual([]);
    },
  );
});

describe('metricOf', () => {
  it('knows five metrics', () => {
    expect(['ttft', 'decode', 'total', 'energy', 'power'].map(metricOf)).toHaveLength(5);
    expect(thrownBy(() => metricOf('joy'))).toEqual({
      code: 'token2metrics/unknown-metric',
      message: 'metric: must be one of ttft, decode, total, energy, power; got "joy"',
    });
  });
});
