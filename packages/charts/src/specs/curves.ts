import { type Axis, positionOf, resolveAxis } from '../axis.js';
import { type Column, extentOf, requireColumns, requireRows } from '../column.js';
import { drawn, formatNumber } from '../number-text.js';
import { type ChartSpec, type ChartText, chart, type JsonObject, type Layer } from '../spec.js';
import { lineLayers } from './line-layers.js';
import { pickedOpacity, seriesColour } from './series-look.js';

/** One curve over few x values: a mean, with its error. */
export interface Curve {
  readonly name: string;
  readonly x: Column;
  readonly y: Column;
  /** Half height of the error bar at each x: one standard error. */
  readonly error?: Column;
}

export interface CurveInput extends ChartText {
  readonly x: Axis;
  readonly y: Axis;
  readonly curves: readonly Curve[];
  /** A dashed level: a target, no calibration at all. */
  readonly reference?: { readonly value: number; readonly label: string };
  /** Marks every x value on the axis (sample counts 10, 25, 50, 100). Default true for up to 8 distinct values. */
  readonly tickEveryX?: boolean;
  /** Whether the axis of y begins at zero where all is positive. Default true; false shows small stairs of large values. */
  readonly fromZero?: boolean;
}

/**
 * Learning curves, transfer curves, threshold sweeps: points joined by lines, error bars where given.
 *
 * @throws Fault `charts/...` for empty, unequal or non-finite columns.
 */
export const curveSpec = (input: CurveInput): ChartSpec => {
  const { curves, reference } = input;
  requireRows('curves', curves);
  curves.forEach(({ x, y, error }, c) => {
    requireColumns({
      [`curves[${c}].x`]: x,
      [`curves[${c}].y`]: y,
      ...(error ? { [`curves[${c}].error`]: error } : {}),
    });
  });
  const yReach = curves.flatMap(({ y, error }) =>
    Array.from(y, (value, i) => [value - (error?.[i] ?? 0), value + (error?.[i] ?? 0)]).flat(),
  );
  if (reference) yReach.push(reference.value);
  const xAxis = resolveAxis(input.x, extentOf(...curves.map((one) => one.x)), { padding: 0.04 });
  const positive = extentOf(...curves.map((one) => one.y))[0] > 0;
  const yAxis = resolveAxis(input.y, extentOf(yReach), {
    includeZero: (input.fromZero ?? true) && input.y.scale !== 'log' && positive,
    padding: 0.06,
  });
  const xs = [...new Set(curves.flatMap((one) => Array.from(one.x, (value) => drawn(value * xAxis.factor))))].sort(
    (a, b) => a - b,
  );
  const ticks = (input.tickEveryX ?? xs.length <= 8) ? { axis: { format: xAxis.format, values: xs } } : {};
  const x: JsonObject = { field: 'x', ...positionOf(xAxis), ...ticks };
  const y: JsonObject = { field: 'y', ...positionOf(yAxis) };
  const names = curves.map((one) => one.name);
  const rows = curves.flatMap((one) =>
    Array.from(one.x, (value, i) => {
      const middle = one.y[i];
      const error = one.error?.[i];
      const low = error === undefined ? undefined : middle - error;
      return {
        series: one.name,
        x: drawn(value * xAxis.factor),
        y: drawn(middle * yAxis.factor),
        ...(error === undefined || low === undefined
          ? {}
          : {
              low: drawn(Math.max(low * yAxis.factor, yAxis.domain[0])),
              high: drawn((middle + error) * yAxis.factor),
              error: drawn(error * yAxis.factor),
            }),
      };
    }),
  );
  const withError = rows.filter((row) => 'error' in row);
  const layers: Layer[] = [];
  if (reference) {
    const data = { values: [{ y: drawn(reference.value * yAxis.factor), label: reference.label }] };
    layers.push(
      { data, mark: { type: 'rule', style: 'reference', aria: false }, encoding: { y } },
      {
        data,
        mark: {
          type: 'text',
          style: 'annotation',
          align: 'right',
          baseline: 'bottom',
          dy: -3,
          x: { expr: 'width' },
          aria: false,
        },
        encoding: { y, text: { field: 'label', type: 'nominal' } },
      },
    );
  }
  if (withError.length > 0) {
    layers.push({
      data: { values: withError },
      mark: { type: 'rule', strokeWidth: 1.5, aria: false },
      encoding: {
        x,
        y: { ...y, field: 'low' },
        y2: { field: 'high' },
        color: seriesColour(names),
        opacity: pickedOpacity(),
      },
    });
  }
  layers.push(
    ...lineLayers(
      rows,
      names,
      { axis: xAxis, channel: x },
      { axis: yAxis, channel: y },
      { points: true },
      withError.length > 0
        ? [{ field: 'error', type: 'quantitative', title: '± one standard error', format: ',.3~r' }]
        : [],
    ),
  );
  const ends = curves.map((one) => {
    const last = one.y.length - 1;
    return `${one.name} from ${formatNumber(one.y[0] * yAxis.factor, 3)} to ${formatNumber(one.y[last] * yAxis.factor, 3)}`;
  });
  return chart(
    input,
    `${yAxis.title} against ${xAxis.title}: ${ends.join('; ')}.${withError.length > 0 ? ' Error bars: one standard error.' : ''}`,
    layers,
  );
};
