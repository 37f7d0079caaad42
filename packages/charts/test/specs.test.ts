import { type Fault, isFault } from '@stepclock/faults';
import { describe, expect, it } from 'vitest';
import {
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
    await expect(`${JSON.stringify(spec, null, 2)}\n`).toMatchFileSnapshot(`specs/${name}.json.golden`);
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
    expect(text).toContain('"Step (µs)"');
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
      () => timelineSpec({ title: 'T', y: axis, signals: [{ name: 'a', timeSec: [0, 1], value: [1, Number.NaN] }] }),
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
