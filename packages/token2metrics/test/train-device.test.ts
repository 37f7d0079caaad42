import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { predictDevice } from '../src/model/predict.js';
import { trainDevice } from '../src/model/train-device.js';
import { metricRows, outOfFold } from '../src/model/training-rows.js';
import { validate } from '../src/model/validation.js';
import type { Finding } from '../src/quality/finding.js';
import type { Metric } from '../src/table/metric.js';
import { tableOf } from './tables.js';
import { thrownBy } from './thrown.js';

/** Requests that only their values tell apart: what physics says of them is sum (1/y) / sum (1/y^2). */
const input = new Array<number>(10).fill(100);
const output = new Array<number>(10).fill(10);
const rising = (start: number) => input.map((_, k) => start + k);
const middle = (values: readonly number[]) =>
  values.reduce((sum, y) => sum + 1 / y, 0) / values.reduce((sum, y) => sum + 1 / (y * y), 0);
const ttft = rising(1);
const decode = rising(20);
const finding = (changes: Partial<Finding>): Finding => ({
  code: 'outlier',
  count: 1,
  rows: new Int32Array(0),
  message: 'odd',
  droppable: true,
  ...changes,
});

describe('trainDevice', () => {
  const trained = () => trainDevice(tableOf({ input, output, ttft, decode }), { regression: 'physics' });

  it('trains what was measured, and makes the total of its parts', () => {
    const { model, table } = trained();
    expect(Object.entries(model.metrics).map(([metric, own]) => [metric, own.metric, own.method])).toEqual([
      ['ttft', 'ttft', 'physics'],
      ['decode', 'decode', 'physics'],
      ['total', 'total', 'sum'],
    ]);
    expect(predictDevice(model, [100], [10]).total?.value).toAgree([middle(ttft) + middle(decode)], 1e-12);
    expect(model).toMatchObject({
      name: 'm',
      facts: {},
      padding: 128,
      source: { file: 't.csv', rows: 10 },
      findings: [],
    });
    expect(table.length).toBe(10);
    const { total } = model.metrics;
    expect(total).toMatchObject({
      alternatives: [],
      candidates: [],
      range: { features: [{ name: 'input_tokens' }, { name: 'output_tokens' }] },
    });
    expect(total).not.toHaveProperty('predictor');
  });

  /** Ten settings, so that rows can be held out. */
  const varied = {
    input: input.map((_, k) => 100 + 90 * k),
    output: input.map((_, k) => 10 + ((7 * k) % 10)),
    ttft,
    decode,
  };
  const heldOutOf = (columns: typeof varied & { readonly total?: readonly number[] }, metric: Metric) =>
    outOfFold(metricRows(tableOf(columns), metric), 'physics', {});

  it('judges by settings held out, and a total without measurement by the sum of the measured parts', () => {
    const { model, heldOut } = trainDevice(tableOf(varied), { regression: 'physics' });
    expect(heldOut.map(({ metric }) => metric)).toEqual(['ttft', 'decode', 'total']);
    const [first, second, sum] = heldOut;
    expect(first?.predicted).toEqual(heldOutOf(varied, 'ttft'));
    expect([...(first?.measured ?? [])]).toEqual(ttft);
    expect([...(first?.rows ?? [])]).toEqual([...input.keys()]);
    expect(second?.predicted).toEqual(heldOutOf(varied, 'decode'));
    expect([...(sum?.measured ?? [])]).toEqual(ttft.map((sec, k) => sec + (decode[k] ?? 0)));
    expect(sum?.predicted).toAgree(first?.predicted.map((sec, k) => sec + (second?.predicted[k] ?? 0)) ?? [], 1e-12);
    const by = (level: number) =>
      validate(
        {
          target: sum?.measured ?? new Float64Array(0),
          predicted: sum?.predicted ?? new Float64Array(0),
          setting: Int32Array.from(input.keys()),
        },
        '5 folds of 10 settings',
        level,
      );
    expect(model.metrics.total?.validation).toEqual(by(0.9));
    const half = trainDevice(tableOf(varied), { regression: 'physics', level: 0.5 }).model;
    expect(half.metrics.total?.validation).toEqual(by(0.5));
    expect(model.metrics.ttft?.validation?.interval?.level).toBe(0.9);
  });

  it('holds the sum against the measured total where there is one, on the rows that have both parts', () => {
    // Row 1 has no prefill, row 3 no decode; the total was measured on rows 0, 2 and 4 (as 0: not measured).
    const without = (values: readonly number[], row: number) =>
      values.map((value, k) => (k === row ? Number.NaN : value));
    const total = input.map((_, k) => (k === 0 ? 100 : k === 2 ? 200 : k === 4 ? 0 : Number.NaN));
    const columns = { ...varied, ttft: without(ttft, 1), decode: without(decode, 3), total };
    const sum = trainDevice(tableOf(columns), { regression: 'physics' }).heldOut.find(
      ({ metric }) => metric === 'total',
    );
    const rows = [0, 2, 4, 5, 6, 7, 8, 9];
    expect([...(sum?.rows ?? [])]).toEqual(rows);
    expect([...(sum?.measured ?? [])]).toEqual([
      100,
      200,
      ...rows.slice(2).map((row) => (ttft[row] ?? 0) + (decode[row] ?? 0)),
    ]);
    const prefill = without([...heldOutOf(columns, 'ttft')].toSpliced(1, 0, Number.NaN), 1);
    const rest = [...heldOutOf(columns, 'decode')].toSpliced(3, 0, Number.NaN);
    expect(sum?.predicted).toAgree(
      rows.map((row) => (prefill[row] ?? 0) + (rest[row] ?? 0)),
      1e-12,
    );
  });

  it('learns only decodes of prompts that nobody counted', () => {
    const { inputTokens: _, ...promptless } = tableOf({ ...varied, decode: varied.output.map((o) => 0.1 * o + 0.05) });
    const { model } = trainDevice(promptless, { regression: 'physics' });
    expect(Object.keys(model.metrics)).toEqual(['decode']);
    expect(predictDevice(model, undefined, [15]).decode?.value[0]).toBeGreaterThan(0);
    expect(predictDevice(model, [100], [50]).decode?.value).toEqual(
      predictDevice(model, undefined, [50]).decode?.value,
    );
  });

  it('cannot judge a sum whose parts were measured on different rows', () => {
    const half = (values: number[], first: boolean) => values.map((value, k) => (k < 5 === first ? value : Number.NaN));
    const apart = trainDevice(tableOf({ ...varied, ttft: half(ttft, true), decode: half(decode, false) }), {
      regression: 'physics',
    });
    expect(apart.heldOut.map(({ metric }) => metric)).toEqual(['ttft', 'decode']);
    expect(apart.model.metrics.total?.method).toBe('sum');
    expect(apart.model.metrics.total).not.toHaveProperty('validation');
  });

  it('models the total by itself when told to, or where a part is missing', () => {
    const total = rising(50);
    const whole = tableOf({ input, output, ttft, decode, total });
    const spread = trainDevice(tableOf({ ...varied, total }), { regression: 'physics', directTotal: true });
    expect(spread.heldOut.find(({ metric }) => metric === 'total')?.predicted).toEqual(
      heldOutOf({ ...varied, total }, 'total'),
    );
    const told: Metric[] = [];
    const direct = trainDevice(whole, {
      regression: 'physics',
      directTotal: true,
      onMetric: (metric) => told.push(metric),
    });
    expect(direct.model.metrics.total?.method).toBe('physics');
    expect(predictDevice(direct.model, [100], [10]).total?.value).toAgree([middle(total)], 1e-12);
    expect(told).toEqual(['ttft', 'decode', 'total']);
    for (const part of [{ ttft }, { decode }]) {
      const one = trainDevice(tableOf({ input, output, ...part, total }), { regression: 'physics' }).model;
      expect(one.metrics.total?.method).toBe('physics');
    }
    const summed: Metric[] = [];
    trainDevice(whole, { regression: 'physics', onMetric: (metric) => summed.push(metric) });
    expect(summed).toEqual(['ttft', 'decode']);
    // A column of prefills without a value is none: there is nothing to sum.
    const empty = trainDevice(tableOf({ input, output, ttft: input.map(() => Number.NaN), decode }), {
      regression: 'physics',
    }).model;
    expect(Object.keys(empty.metrics)).toEqual(['decode']);
  });

  it('chooses among the regressors unless told which, and pads as it is told', () => {
    const auto = trainDevice(tableOf({ input: varied.input, output: varied.output, decode }), {
      trees: 2,
      padding: 32,
      name: 'x',
      facts: { device: 'Orin' },
    }).model;
    expect(auto.metrics.decode?.candidates).toHaveLength(5);
    expect(auto).toMatchObject({ name: 'x', facts: { device: 'Orin' }, padding: 32 });
    expect(
      trainDevice(tableOf({ input, output, decode }), { regression: 'physics', padding: 32 }).model.metrics.decode
        ?.predictor,
    ).toMatchObject({ padding: 32 });
    expect(trained().model.metrics.decode?.predictor).toMatchObject({ padding: 128 });
  });

  it('leaves out what the checks call outliers only when told to, and names it either way', () => {
    const findings = [
      finding({ code: 'stall', metric: 'decode', rows: Int32Array.of(3, 4), count: 2 }),
      finding({ code: 'batched-rows', droppable: false, message: 'left out' }),
    ];
    const odd = tableOf({ input, output, decode }, { findings });
    const kept = trainDevice(odd, { regression: 'physics' });
    expect(kept.model.source.rows).toBe(10);
    expect(kept.model.findings).toEqual([
      { code: 'stall', metric: 'decode', count: 2, message: 'odd' },
      { code: 'batched-rows', count: 1, message: 'left out' },
    ]);
    const cleaned = trainDevice(odd, { regression: 'physics', dropOutliers: true });
    expect(cleaned.model.source.rows).toBe(8);
    expect(cleaned.table.length).toBe(8);
    expect(cleaned.model.findings).toEqual(kept.model.findings);
    expect(predictDevice(cleaned.model, [100], [10]).decode?.value).toAgree(
      [middle(decode.filter((_, k) => k !== 3 && k !== 4))],
      1e-12,
    );
  });

  it('needs something measured', () => {
    expect(thrownBy(() => trainDevice(tableOf({ input })))).toEqual({
      message: 'm: must be measured in at least one of ttft, decode, total, energy, power (t.csv)',
      code: 'token2metrics/no-rows',
    });
    expect(() => trainDevice(tableOf({ input }, { model: '' }))).toThrow('model: must be measured in at least one of');
  });
});
