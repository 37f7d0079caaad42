import { type Fault, isFault } from '@stepclock/faults';
import { describe, expect, it } from 'vitest';
import {
  bandSpec,
  barSpec,
  convergenceSpec,
  ecdfSpec,
  histogramSpec,
  observedPredictedSpec,
  residualSpec,
  timelineSpec,
} from '../src/index.js';
import { PALETTES, themeConfig } from '../src/render/theme.js';
import { compileSpec } from '../src/render/vega.js';
import { standaloneForm } from '../src/render/vega-lite-form.js';
import { everySpec } from './every-spec.js';

const specs = everySpec();

describe.each(Object.keys(specs))('the %s chart', (name) => {
  const spec = specs[name];
  if (spec === undefined) throw new Error(name);

  it('is plain data, the same as before', async () => {
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    // Of long data every hundredth row tells.
    const thinned = (_: string, value: unknown) =>
      Array.isArray(value) && value.length > 100 ? value.filter((_row, i) => i % 100 === 50) : value;
    await expect(`${JSON.stringify(spec, thinned, 2)}\n`).toMatchFileSnapshot(`specs/${name}.json.golden`);
  });

  it('compiles without a warning from Vega-Lite', async () => {
    const warnings: string[] = [];
    await compileSpec(standaloneForm(spec), themeConfig(PALETTES.light), (message) => warnings.push(message));
    expect(warnings).toEqual([]);
  });

  it('describes itself and names a unit on every axis that has one', () => {
    expect(spec.description.startsWith(`${spec.title.text}. `)).toBe(true);
    expect(spec.description).not.toMatch(/NaN|undefined|Infinity/);
  });
});

describe('units and scales', () => {
  it('seconds are drawn in the unit that reads best, axis and data alike', () => {
    const values = [2e-5, 4e-5];
    const spec = ecdfSpec({ title: 'T', quantity: { label: 'Step', unit: 's' }, series: [{ name: 'a', values }] });
    const text = JSON.stringify(spec);
    expect(text).toContain('"Step (us)"');
    expect(text).toContain('"x":20,');
  });

  it('positive values over more than two decades take a log scale, zeros do not', () => {
    const spec = (observed: number[]) =>
      JSON.stringify(
        observedPredictedSpec({
          title: 'T',
          quantity: { label: 'Duration', unit: 's' },
          series: [{ name: 'a', observed, predicted: observed }],
        }),
      );
    expect(spec([0.01, 2])).toContain('"type":"log"');
    expect(spec([0.03, 2])).not.toContain('"type":"log"');
    expect(spec([0, 2])).not.toContain('"type":"log"');
  });

  it('a few residuals far out do not flatten the rest: they stand at the edge with their true value', () => {
    const residual = Array.from({ length: 1000 }, (_, i) => (i === 500 ? 1000 : Math.sin(i)));
    const spec = residualSpec({
      title: 'R',
      x: { label: 'x', unit: '' },
      residual: { label: 'Residual', unit: '' },
      series: [{ name: 'a', x: residual.map((_, i) => i), residual }],
    });
    expect(spec.description).toContain('One point lies further out, at the edge.');
    expect(JSON.stringify(spec)).toContain('"trueY":1000');
  });
});

describe('many rows, and one far out', () => {
  const usual = Array.from({ length: 3000 }, (_, i) => 10 + 5 * Math.sin(i * i));
  const column = (outlier: number) => usual.map((value, i) => (i === 500 ? outlier : value));
  const steps = { label: 'Step time', unit: 'ms' };
  const domains = (spec: object): number[][] =>
    [...JSON.stringify(spec).matchAll(/"domain":(\[-?[\d.]+,-?[\d.]+\])/g)].map((match) => JSON.parse(match[1] ?? ''));

  it.each([
    [
      'observed and predicted',
      (values: number[]) =>
        observedPredictedSpec({
          title: 'T',
          quantity: steps,
          series: [{ name: 'a', observed: values, predicted: usual }],
        }),
    ],
    [
      'residuals, far out across',
      (values: number[]) =>
        residualSpec({ title: 'T', x: steps, residual: steps, series: [{ name: 'a', x: values, residual: usual }] }),
    ],
    [
      'bands',
      (values: number[]) =>
        bandSpec({
          title: 'T',
          x: steps,
          y: steps,
          meaning: 'an interval',
          bands: [{ name: 'a', x: [5, 15], fit: [5, 15], lower: [4, 14], upper: [6, 16] }],
          observed: [{ name: 'a', x: values, y: usual }],
        }),
    ],
  ])('%s: the many fill the plot, the one stands at its edge with its true place', (_, draw) => {
    const spec = draw(column(500));
    for (const [low = Number.NaN, high = Number.NaN] of domains(spec)) {
      expect(low).toBeGreaterThanOrEqual(0);
      expect(high).toBeLessThan(25);
    }
    expect(spec.title.subtitle).toBe(
      'Squares count rows (darker: more); the 150 most extreme rows are points. One point lies further out, at the edge.',
    );
    expect(JSON.stringify(spec)).toContain('"trueX":500');
    expect(draw(column(12)).title.subtitle).not.toContain('edge');
  });

  it('a few rows are points, and nothing is said of them', () => {
    const few = usual.slice(0, 100);
    const spec = residualSpec({
      title: 'T',
      x: steps,
      residual: steps,
      series: [{ name: 'a', x: few, residual: few }],
    });
    expect(spec.title).toEqual({ text: 'T' });
  });

  it('values over decades are drawn on a log scale, and none of them is far out', () => {
    const wide = Array.from({ length: 200 }, (_, i) => 10 ** (i / 40));
    const spec = observedPredictedSpec({
      title: 'T',
      quantity: steps,
      series: [{ name: 'a', observed: wide, predicted: wide }],
    });
    expect(JSON.stringify(spec)).toContain('"type":"log"');
    expect(spec.title).toEqual({ text: 'T' });
  });

  it('a histogram says that its outermost bars gather', () => {
    const spec = (values: number[]) => histogramSpec({ title: 'T', x: steps, series: [{ name: 'a', values }] });
    expect(spec(column(500)).title.subtitle).toBe('The outermost bars gather all beyond them.');
    expect(spec(usual).title.subtitle).toBeUndefined();
  });
});

describe('what cannot be drawn truthfully is refused', () => {
  const axis = { label: 'Duration', unit: 's' };
  const refused = (work: () => unknown): Fault => {
    try {
      work();
    } catch (error) {
      if (isFault(error, 'charts')) return error;
      throw error;
    }
    throw new Error('nothing was thrown');
  };

  it.each([
    [
      'charts/empty',
      () => observedPredictedSpec({ title: 'T', quantity: axis, series: [] }),
      'series: must have at least one row; got 0',
    ],
    [
      'charts/empty',
      () => histogramSpec({ title: 'T', x: axis, series: [{ name: 'a', values: [] }] }),
      'series[0].values: must have at least one row; got 0',
    ],
    [
      'charts/length-mismatch',
      () =>
        observedPredictedSpec({
          title: 'T',
          quantity: axis,
          series: [{ name: 'a', observed: [1, 2], predicted: [1] }],
        }),
      'series[0].predicted: must have as many rows as series[0].observed (2); got 1',
    ],
    [
      'charts/not-finite',
      () =>
        timelineSpec({
          title: 'T',
          y: axis,
          signals: [{ name: 'a', timeSec: [0, 1], value: [1, Number.NaN], durationSec: [1, 1] }],
        }),
      'signals[0].value[1]: must be finite; got NaN',
    ],
    [
      'charts/not-finite',
      () => barSpec({ title: 'T', value: axis, bars: [{ group: 'a', value: Number.POSITIVE_INFINITY }] }),
      'bars.value[0]: must be finite; got Infinity',
    ],
    [
      'charts/bad-option',
      () => ecdfSpec({ title: 'T', quantity: { ...axis, scale: 'log' }, series: [{ name: 'a', values: [0, 1] }] }),
      'axis "Duration": needs positive values for a log scale; got 0',
    ],
    [
      'charts/bad-option',
      () => convergenceSpec({ title: 'T', series: [{ name: 'a', change: [1, -1] }] }),
      'series[0].change[1]: must not be negative; got -1',
    ],
  ])('%s', (code, work, message) => {
    const error = refused(work);
    expect(error.code).toBe(code);
    expect(error.message).toBe(message);
  });
});
