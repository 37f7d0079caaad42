import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import {
  type DeviceModel,
  deviceModelFromJSON,
  deviceModelToJSON,
  errorsToJSON,
  metricOf,
  TOKEN2METRICS_SCHEMA,
} from '../src/index.js';
import { deviceModel, interval, metricModel, physics } from './models.js';
import { thrownBy } from './thrown.js';

const model: DeviceModel = {
  ...deviceModel(
    metricModel('decode', physics(0, 0, 0, 1), {
      ...interval(),
      method: 'linear',
      fallback: physics(2),
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
  schema: 'stepclock/token2metrics-model@1',
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
      validation: { scheme: '5 folds', ...errors, interval: { level: 0.9, relative_radius: 0.2 } },
      candidates: [
        { regressor: 'linear', mape_percent: 3 },
        { regressor: 'polynomial', mape_percent: null, reason: 'no' },
      ],
      predictor: physicsJson(0, 0, 0, 1),
      fallback: physicsJson(2),
      alternatives: [{ regressor: 'linear', predictor: physicsJson(3) }],
    },
    {
      metric: 'total',
      unit: 's',
      method: 'sum',
      training_range: { rows: 40, features: [input, output] },
      validation: null,
      candidates: [],
      predictor: null,
      fallback: null,
      alternatives: [],
    },
  ],
};

describe('a model file', () => {
  it('holds everything, in the order of the metrics', () => {
    expect(TOKEN2METRICS_SCHEMA).toBe(file.schema);
    expect(deviceModelToJSON(model)).toEqual(file);
    expect(JSON.stringify(deviceModelToJSON(model))).toBe(JSON.stringify(file));
    expect(errorsToJSON(interval().validation.metrics)).toEqual(errors);
  });

  it('says null of what is not known, and leaves it out when read', () => {
    const bare = { ...model, facts: {}, findings: [] };
    expect(deviceModelToJSON(bare)).toMatchObject({
      device: null,
      engine: null,
      power_mode: null,
      power_rail: null,
      date: null,
    });
    expect(deviceModelFromJSON(deviceModelToJSON(bare)).facts).toEqual({});
    const { validation } = interval();
    const { interval: _, ...unbounded } = validation;
    const wide = deviceModel(metricModel('ttft', physics(1), { validation: unbounded }));
    expect(deviceModelToJSON(wide)).toMatchObject({ metrics: [{ validation: { interval: null } }] });
    expect(deviceModelFromJSON(deviceModelToJSON(wide)).metrics.ttft?.validation).toEqual(unbounded);
  });

  it('is read as it was', () => {
    const back = deviceModelFromJSON(structuredClone(file));
    const { metrics, ...rest } = back;
    const { metrics: given, ...wanted } = model;
    expect(rest).toEqual(wanted);
    for (const metric of ['ttft', 'decode', 'total'] as const) {
      const strip = ({ predictor, fallback, alternatives, ...other }: NonNullable<(typeof metrics)['ttft']>) => ({
        ...other,
        predictor: predictor?.toJSON(),
        fallback: fallback?.toJSON(),
        alternatives: alternatives.map((own) => ({ ...own, predictor: own.predictor.toJSON() })),
      });
      const [own, origin] = [metrics[metric], given[metric]];
      if (!own || !origin) throw new Error(metric);
      expect(strip(own)).toEqual(strip(origin));
      expect(Object.keys(own).sort()).toEqual(Object.keys(origin).sort());
    }
    expect(Object.keys(metrics)).toEqual(['ttft', 'decode', 'total']);
  });

  type Loose = Record<string, unknown> & { metrics: Record<string, unknown>[]; findings: Record<string, unknown>[] };
  const changed = (change: (file: Loose) => void) => {
    const copy = structuredClone(file) as unknown as Loose;
    change(copy);
    return thrownBy(() => deviceModelFromJSON(copy, 'f.json'));
  };
  const first =
    (key: string, value: unknown, at = 0) =>
    (copy: Loose) => {
      Object.assign(copy.metrics[at] ?? {}, { [key]: value });
    };

  it('of a newer stepclock is named as such', () => {
    expect(changed((copy) => Object.assign(copy, { schema: 'stepclock/token2metrics-model@12' }))).toEqual({
      name: 'Token2MetricsError',
      message:
        "schema: this stepclock reads stepclock/token2metrics-model@1, the file was written by a newer one; got 'stepclock/token2metrics-model@12'. Update stepclock, or train the model anew (f.json)",
      code: 'token2metrics/newer-schema',
      file: 'f.json',
      value: 'stepclock/token2metrics-model@12',
      expected: 'stepclock/token2metrics-model@1',
    });
  });

  it.each([
    ['stepclock/token2metrics-model@0', '"stepclock/token2metrics-model@0"'],
    ['stepclock/token2metrics-model@x', '"stepclock/token2metrics-model@x"'],
    ['a stepclock/token2metrics-model@2', '"a stepclock/token2metrics-model@2"'],
    ['stepclock/token2metrics-model@2 b', '"stepclock/token2metrics-model@2 b"'],
    [7, '7'],
    [undefined, 'none'],
  ])('of the schema %j is refused', (schema, got) => {
    expect(changed((copy) => Object.assign(copy, { schema }))).toEqual({
      name: 'Token2MetricsError',
      message: `schema: must be "stepclock/token2metrics-model@1"; got ${got} (f.json)`,
      code: 'token2metrics/bad-model',
      file: 'f.json',
      value: schema,
      expected: 'stepclock/token2metrics-model@1',
    });
  });

  it.each([
    ['another unit', first('unit', 'J'), 'model.metrics[0].unit: must be "s" for ttft; got "J"'],
    [
      'an unknown method',
      first('method', 'magic'),
      'model.metrics[0].method: must be one of physics, linear, polynomial, random-forest, gradient-boosting, sum, physics-prior, physics-refit, median-ratio, mean-ratio, affine, log-ridge; got "magic"',
    ],
    [
      'a sum that is no total',
      first('method', 'sum'),
      'model.metrics[0].method: must not be "sum" but for total; got "sum"',
    ],
    ['no predictor', first('predictor', null), 'model.metrics[0].predictor: must be there; got null'],
    ['a total without predictor', first('method', 'linear', 2), 'model.metrics[2].predictor: must be there; got null'],
    [
      'a broken predictor',
      first('predictor', { form: 'physics', padding: 0 }),
      'model.metrics[0].predictor.padding: must be at least 1; got 0',
    ],
    ['a broken fallback', first('fallback', 3), 'model.metrics[0].fallback: must be an object; got 3'],
    [
      'an unknown alternative',
      first('alternatives', [{ regressor: 'magic', predictor: physicsJson(1) }]),
      'model.metrics[0].alternatives[0].regressor: must be one of physics, linear, polynomial, random-forest, gradient-boosting; got "magic"',
    ],
    [
      'an unknown candidate',
      first('candidates', [{ regressor: 'magic' }]),
      'model.metrics[0].candidates[0].regressor: must be one of',
    ],
    [
      'a range without rows',
      first('training_range', { features: [] }),
      'model.metrics[0].training_range.rows: must be a finite number',
    ],
    [
      'an interval without level',
      first('validation', { interval: {}, mape_percent: 1, scheme: 'x' }),
      'model.metrics[0].validation.interval.level',
    ],
    ['no source', (copy: Loose) => Object.assign(copy, { trained_on: {} }), 'model.trained_on.file: must be a string'],
    [
      'a finding without count',
      (copy: Loose) => Object.assign(copy.findings[0] ?? {}, { count: -1 }),
      'model.findings[0].count: must be a whole number from 0; got -1',
    ],
  ])('with %s is refused', (_, change, message) => {
    const error = changed(change);
    expect(error).toMatchObject({ name: 'Token2MetricsError', code: 'token2metrics/bad-model', file: 'f.json' });
    expect(error.message).toContain(message);
    expect(error.message).toMatch(/ \(f\.json\)$/);
  });

  it('with an unknown metric is refused, with the value', () => {
    expect(changed(first('metric', 'joy'))).toEqual({
      name: 'Token2MetricsError',
      message: "metric: must be one of ttft, decode, total, energy, power; got 'joy' (f.json)",
      code: 'token2metrics/bad-model',
      file: 'f.json',
      value: 'joy',
    });
    expect(changed((copy) => Object.assign(copy.findings[0] ?? {}, { metric: 'joy' })).code).toBe(
      'token2metrics/bad-model',
    );
    expect(() => deviceModelFromJSON(null)).toThrow('model: must be an object; got null (model)');
  });

  it('of energy and power has their units', () => {
    const metered = deviceModelToJSON(deviceModel(metricModel('power', physics(1)), metricModel('energy', physics(1))));
    expect(metered).toMatchObject({
      metrics: [
        { metric: 'energy', unit: 'J' },
        { metric: 'power', unit: 'W' },
      ],
    });
  });

  it('passes on what is no fault of the file', () => {
    const broken = new Proxy(structuredClone(file), {
      get: () => {
        throw new RangeError('the reader itself');
      },
    });
    expect(() => deviceModelFromJSON(broken)).toThrow(RangeError);
  });
});

describe('metricOf', () => {
  it('knows five metrics', () => {
    expect(['ttft', 'decode', 'total', 'energy', 'power'].map(metricOf)).toEqual([
      'ttft',
      'decode',
      'total',
      'energy',
      'power',
    ]);
    expect(thrownBy(() => metricOf('joy'))).toEqual({
      name: 'Token2MetricsError',
      message: "metric: must be one of ttft, decode, total, energy, power; got 'joy'",
      code: 'token2metrics/unknown-metric',
      value: 'joy',
      expected: 'ttft, decode, total, energy, power',
    });
  });
});
