import { selectQuantile } from '@stepclock/numerics';
import { type Axis, positionOf, resolveAxis } from '../axis.js';
import { type Column, extentOf, requireColumns, requireRows } from '../column.js';
import { formatNumber } from '../number-text.js';
import { type ChartSpec, type ChartText, chart } from '../spec.js';
import { gridFor, reducedSeries, reductionNote, scatterLayers } from './scatter-layers.js';

export interface ResidualInput extends ChartText {
  readonly x: Axis;
  readonly residual: Axis;
  readonly series: readonly {
    readonly name: string;
    readonly x: Column;
    readonly residual: Column;
    readonly label?: (row: number) => string;
  }[];
  readonly maxPoints?: number;
}

/** How far the axis reaches when a few residuals lie far out: these are drawn at its edge, with their value in the tooltip. */
const edgeOf = (columns: readonly Column[]): number => {
  const sizes = new Float64Array(columns.reduce((sum, column) => sum + column.length, 0));
  let at = 0;
  for (const column of columns) for (let i = 0; i < column.length; i++) sizes[at++] = Math.abs(column[i]);
  const usual = selectQuantile(sizes, 0.95);
  const largest = extentOf(sizes)[1];
  return usual > 0 && largest > 8 * usual ? 3 * usual : largest;
};

/** The column with everything beyond the edge moved onto it. */
const withinEdge = (column: Column, edge: number): { readonly placed: Float64Array; readonly moved: number } => {
  const placed = new Float64Array(column.length);
  let moved = 0;
  for (let i = 0; i < column.length; i++) {
    const value = column[i];
    const beyond = Math.abs(value) > edge;
    if (beyond) moved++;
    placed[i] = beyond ? Math.sign(value) * edge : value;
  }
  return { placed, moved };
};

/**
 * Residuals against anything, with the line at zero. Beyond `maxPoints` rows a series (default 1500): cells with counts, and the
 * 150 residuals furthest from zero as points. When the largest is more than eight times what 95 % stay within, the axis ends at
 * three times that, and the residuals beyond stand at its edge.
 *
 * @throws Fault `charts/...` for empty, unequal or non-finite columns.
 */
export const residualSpec = (input: ResidualInput): ChartSpec => {
  requireRows('series', input.series);
  input.series.forEach(({ x, residual }, s) => {
    requireColumns({ [`series[${s}].x`]: x, [`series[${s}].residual`]: residual });
  });
  const residuals = input.series.map((one) => one.residual);
  const edge = edgeOf(residuals);
  const reach = extentOf(...residuals);
  const xAxis = resolveAxis(input.x, extentOf(...input.series.map((one) => one.x)), { mayBeLog: true });
  const yAxis = resolveAxis(
    { ...input.residual, scale: 'linear' },
    [Math.max(reach[0], -edge), Math.min(reach[1], edge)],
    { includeZero: true, padding: 0.05 },
  );
  let beyond = 0;
  const series = input.series.map(({ name, x, residual, label }) => {
    const { placed, moved } = withinEdge(residual, edge);
    beyond += moved;
    return reducedSeries(
      { name, x, y: placed, actual: residual, ...(label === undefined ? {} : { label }) },
      {
        xLog: xAxis.log,
        grid: gridFor(input.series.length),
        ...(input.maxPoints === undefined ? {} : { maxPoints: input.maxPoints }),
        extremity: (row) => Math.abs(residual[row]),
      },
    );
  });
  const x = { field: 'x', ...positionOf(xAxis) };
  const y = { field: 'y', ...positionOf(yAxis) };
  const [low, high] = reach.map((value) => formatNumber(value * yAxis.factor));
  const note =
    beyond === 1
      ? 'One point lies further out, at the edge.'
      : `${formatNumber(beyond, 9)} points lie further out, at the edge.`;
  const subtitle = [input.subtitle, ...(beyond === 0 ? [] : [note])].filter((line) => line !== undefined).join(' ');
  return chart(
    { ...input, ...(subtitle === '' ? {} : { subtitle }) },
    `${yAxis.title}, ${low} to ${high}, against ${xAxis.title}; the dashed line is zero.${beyond === 0 ? '' : ` ${note}`} ${reductionNote(series)}`,
    [
      ...scatterLayers(series, xAxis, yAxis, { x, y }),
      {
        data: { values: [{ y: 0 }] },
        mark: { type: 'rule', style: 'reference', aria: false, tooltip: false },
        encoding: { y },
      },
    ],
  );
};
