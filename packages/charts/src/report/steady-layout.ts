import type { Axis, Legend, Spec as VegaSpec } from 'vega';
import { textWidth, wrapText } from '../render/font-metrics.js';

/** The signal of the width that the page gives to a chart: unlike the plot's, it is known before anything is laid out. */
export const PLACE_WIDTH = 'placeWidth';

const TITLE_PX = 12;
/** What a plot on a small phone leaves for a line. */
const NARROW_PX = 150;

const steadyLegend = (legend: Legend, plotWidth: string): Legend => {
  const { columns } = legend;
  if (typeof columns !== 'object' || !('signal' in columns)) return legend;
  return { ...legend, columns: { signal: columns.signal.replace(/\bwidth\b/g, `(${plotWidth})`) } };
};

const foldingAxis = (axis: Axis, plotWidth: string): Axis => {
  const { title, orient } = axis;
  if (orient !== 'bottom' || typeof title !== 'string') return axis;
  const lines = wrapText(title, NARROW_PX, TITLE_PX);
  if (lines.length < 2) return axis;
  const fullPx = Math.ceil(textWidth(title, TITLE_PX));
  return {
    ...axis,
    title: { signal: `${plotWidth} < ${fullPx} ? ${JSON.stringify(lines)} : ${JSON.stringify(title)}` },
  };
};

/**
 * Legends take as many columns, and titles of the x axis as many lines, as the place has room for, not the plot: the plot's width
 * is known only after a layout that has to know how high they are.
 *
 * @param axisPx what the axis on the left takes of the place
 */
export const withSteadyLayout = (compiled: VegaSpec, axisPx: number): VegaSpec => {
  const width = compiled.signals?.find(({ name }) => name === 'width');
  if (width === undefined) return compiled;
  const plotWidth = `${PLACE_WIDTH} - ${axisPx}`;
  return {
    ...compiled,
    signals: [...(compiled.signals ?? []), { ...width, name: PLACE_WIDTH }],
    ...(compiled.legends && { legends: compiled.legends.map((legend) => steadyLegend(legend, plotWidth)) }),
    ...(compiled.axes && { axes: compiled.axes.map((axis) => foldingAxis(axis, plotWidth)) }),
  };
};
