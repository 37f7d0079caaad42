import { type Axis, positionOf, resolveAxis } from '../axis.js';
import { type Column, requireColumns, requireRows } from '../column.js';
import { drawn, formatNumber } from '../number-text.js';
import { histogramBins } from '../reduce/histogram-bins.js';
import { type ChartSpec, type ChartText, chart, type Layer } from '../spec.js';
import { pickedOpacity, pickParam, seriesColour } from './series-look.js';

export interface HistogramInput extends ChartText {
  readonly x: Axis;
  readonly series: readonly { readonly name: string; readonly values: Column }[];
  /** What one count is: 'phases', 'requests'. Default 'rows'. */
  readonly counted?: string;
  /** A dashed upright line at a value: zero error, a target. */
  readonly reference?: { readonly value: number; readonly label: string };
}

const concatenated = (columns: readonly Column[]): Float64Array => {
  const all = new Float64Array(columns.reduce((sum, column) => sum + column.length, 0));
  let at = 0;
  for (const column of columns) {
    all.set(column, at);
    at += column.length;
  }
  return all;
};

/**
 * How often each value occurs, in about 40 bins of a round width that the series share. When a few values lie far out, the
 * outermost bars gather them and say so.
 *
 * @throws Fault `charts/...` for empty or non-finite columns.
 */
export const histogramSpec = (input: HistogramInput): ChartSpec => {
  const { series, reference, counted = 'rows' } = input;
  requireRows('series', series);
  series.forEach(({ values }, s) => {
    requireColumns({ [`series[${s}].values`]: values });
  });
  const common = histogramBins(concatenated(series.map((one) => one.values)));
  const first = common.bins[0]?.start ?? 0;
  const last = common.bins.at(-1)?.end ?? 1;
  const axis = resolveAxis(
    { ...input.x, scale: 'linear' },
    [Math.min(first, reference?.value ?? first), Math.max(last, reference?.value ?? last)],
    { padding: 0.01 },
  );
  const width = (common.bins[0]?.end ?? 1) - first;
  const rows = series.flatMap((one) => {
    const counts = new Float64Array(common.bins.length);
    for (let i = 0; i < one.values.length; i++) {
      const at = Math.floor((one.values[i] - first) / width + 1e-9);
      const bin = Math.min(counts.length - 1, Math.max(0, at));
      counts[bin] = counts[bin] + 1;
    }
    return common.bins.flatMap((bin, b) => {
      const count = counts[b];
      const from = formatNumber(bin.start * axis.factor);
      const to = formatNumber(bin.end * axis.factor);
      return count === 0
        ? []
        : [
            {
              series: one.name,
              x: drawn(bin.start * axis.factor),
              x2: drawn(bin.end * axis.factor),
              count,
              range:
                bin.tail === 'below'
                  ? `all below ${to}`
                  : bin.tail === 'above'
                    ? `all above ${from}`
                    : `${from} to ${to}`,
            },
          ];
    });
  });
  const highest = Math.max(...rows.map((row) => row.count));
  const y = resolveAxis({ label: `Number of ${counted}`, unit: '' }, [0, highest], {
    includeZero: true,
    padding: 0.05,
  });
  const names = series.map((one) => one.name);
  const x = { field: 'x', ...positionOf(axis) };
  const layers: Layer[] = [
    {
      data: { values: rows },
      params: pickParam(),
      mark: { type: 'rect', aria: false, strokeWidth: 0 },
      encoding: {
        x,
        x2: { field: 'x2' },
        y: { field: 'count', ...positionOf(y), stack: null },
        y2: { datum: 0 },
        color: seriesColour(names),
        opacity: pickedOpacity(names.length > 1 ? 0.55 : 0.9),
        tooltip: [
          ...(names.length < 2 ? [] : [{ field: 'series', type: 'nominal', title: 'series' }]),
          { field: 'range', type: 'nominal', title: axis.title },
          { field: 'count', type: 'quantitative', title: counted, format: ',' },
        ],
      },
    },
  ];
  if (reference !== undefined) {
    layers.push({
      data: { values: [{ x: drawn(reference.value * axis.factor), label: reference.label }] },
      mark: { type: 'rule', style: 'reference', aria: false },
      encoding: { x, tooltip: { field: 'label', type: 'nominal', title: 'line' } },
    });
  }
  const [low, high] = common.range.map((value) => formatNumber(value * axis.factor));
  const gathered = common.gathered ? ['The outermost bars gather all beyond them.'] : [];
  const subtitle = [...(input.subtitle === undefined ? [] : [input.subtitle]), ...gathered].join(' ');
  return chart(
    { ...input, ...(subtitle === '' ? {} : { subtitle }) },
    `${axis.title} from ${low} to ${high} in ${common.bins.length} bars. ${gathered.join('')}`.trimEnd(),
    layers,
    { width: 520, height: 260 },
  );
};
