import { type Axis, positionOf, resolveAxis, tooltipOf } from '../axis.js';
import { type Column, extentOf, requireColumns } from '../column.js';
import { drawn, formatNumber } from '../number-text.js';
import { cellsOf } from '../reduce/scatter-cells.js';
import { type ChartSpec, type ChartText, chart } from '../spec.js';

export interface CompositionInput extends ChartText {
  readonly x: Axis;
  readonly y: Axis;
  /** What the colour shows, averaged over a cell. */
  readonly colour: Axis;
  readonly xs: Column;
  readonly ys: Column;
  readonly colours: Column;
  /** How much each row counts (steps, seconds). Default 1. */
  readonly weights?: Column;
  /** What the weights add up to, in words: 'steps'. Default 'rows'. */
  readonly counted?: string;
  /** Columns and rows of cells, default 48 x 32. */
  readonly grid?: readonly [number, number];
}

/** Yellow to violet (the middle of plasma): read with any colour vision, on white, on black and in grey print. */
const RAMP = ['#f5de4d', '#fbb43a', '#ee7f4c', '#d0516b', '#a3308a', '#7326a3', '#4f35b5'];

/**
 * Which combinations occurred, how often, and what they cost: a grid of cells over two batch quantities, colour = weighted mean of
 * a third. Cells that never occurred stay empty: the model is an extrapolation there.
 *
 * @throws Fault `charts/...` for empty, unequal or non-finite columns.
 */
export const compositionSpec = (input: CompositionInput): ChartSpec => {
  const { xs, ys, colours, weights, counted = 'rows' } = input;
  const rows = requireColumns({ xs, ys, colours, ...(weights === undefined ? {} : { weights }) });
  const [columns, lines] = input.grid ?? [48, 32];
  const xGrid = gridOf(extentOf(xs), columns);
  const yGrid = gridOf(extentOf(ys), lines);
  const x = resolveAxis({ ...input.x, scale: 'linear' }, [xGrid.edge(0), xGrid.edge(xGrid.cells)], {
    includeZero: true,
    padding: 0.02,
  });
  const y = resolveAxis({ ...input.y, scale: 'linear' }, [yGrid.edge(0), yGrid.edge(yGrid.cells)], {
    includeZero: true,
    padding: 0.02,
  });
  const colour = resolveAxis({ ...input.colour, scale: 'linear' }, extentOf(colours), { padding: 0 });
  const weight = new Float64Array(xGrid.cells * yGrid.cells);
  const sum = new Float64Array(weight.length);
  const high = new Float64Array(weight.length).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < rows; i++) {
    const own = weights === undefined ? 1 : weights[i];
    if (!(own > 0)) continue;
    const at = xGrid.indexOf(xs[i]) + xGrid.cells * yGrid.indexOf(ys[i]);
    weight[at] = weight[at] + own;
    sum[at] = sum[at] + own * colours[i];
    high[at] = Math.max(high[at], colours[i]);
  }
  const values = Array.from(weight, (own, at) => ({ own, at }))
    .filter(({ own }) => own > 0)
    .map(({ own, at }) => {
      const i = at % xGrid.cells;
      const j = (at - i) / xGrid.cells;
      return {
        x: drawn(xGrid.edge(i) * x.factor),
        x2: drawn(xGrid.edge(i + 1) * x.factor),
        y: drawn(yGrid.edge(j) * y.factor),
        y2: drawn(yGrid.edge(j + 1) * y.factor),
        colour: drawn((sum[at] / own) * colour.factor),
        highest: drawn(high[at] * colour.factor),
        weight: drawn(own),
      };
    });
  const extent = extentOf(values.map((value) => value.colour));
  const legend = {
    format: colour.format,
    tickCount: 4,
    titleLimit: 320,
    columns: { expr: 'max(2, floor(width / 54))' },
  };
  const ramp = {
    range: RAMP,
    domain: extent[0] < extent[1] ? [...extent] : [extent[0], extent[0] * (1 + 1e-9) + 1e-12],
  };
  return chart(
    input,
    `${values.length} combinations of ${x.title} and ${y.title}; colour: ${colour.title}, ${formatNumber(extent[0])} to ${formatNumber(extent[1])}.`,
    [
      {
        data: { values },
        mark: { type: 'rect', aria: false, strokeWidth: 0.6 },
        encoding: {
          x: { field: 'x', ...positionOf(x) },
          x2: { field: 'x2' },
          y: { field: 'y', ...positionOf(y) },
          y2: { field: 'y2' },
          color: {
            field: 'colour',
            type: 'quantitative',
            title: colour.title,
            scale: ramp,
            legend,
          },
          stroke: { field: 'colour', type: 'quantitative', title: colour.title, scale: ramp, legend },
          tooltip: [
            tooltipOf('x', { ...x, title: `${x.title}, from` }),
            tooltipOf('y', { ...y, title: `${y.title}, from` }),
            tooltipOf('colour', colour),
            tooltipOf('highest', { ...colour, title: `highest ${colour.title}` }),
            { field: 'weight', type: 'quantitative', title: counted, format: ',.4~r' },
          ],
        },
      },
    ],
    { width: 520, height: 340 },
  );
};

/** Cells over a range; for few whole numbers (active decodes) one cell a number, so that none falls between two. */
const gridOf = (extent: readonly [number, number], most: number) => {
  const [low, high] = extent;
  const span = high - low;
  if (Number.isInteger(low) && Number.isInteger(high)) {
    const step = Math.max(1, Math.ceil((span + 1) / most));
    const cells = Math.ceil((span + 1) / step);
    return { cells, ...cellsOf([low, low + cells * step], cells, false) };
  }
  const cells = span === 0 ? 1 : most;
  return { cells, ...cellsOf(extent, cells, false) };
};
