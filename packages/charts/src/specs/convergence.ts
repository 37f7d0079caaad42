import { chartsFault } from '../charts-fault.js';
import { type Column, requireColumns, requireRows } from '../column.js';
import type { ChartSpec, ChartText } from '../spec.js';
import { curveSpec } from './curves.js';

export interface ConvergenceInput extends ChartText {
  /** One column a quantity: its change at each round, from round 1. Zeros are drawn at the smallest positive change. */
  readonly series: readonly { readonly name: string; readonly change: Column }[];
  /** What changes: default 'Change of the coefficients'. */
  readonly label?: string;
  /** Default `''`: relative. */
  readonly unit?: string;
  /** Below it the fit stops. */
  readonly tolerance?: number;
}

/**
 * Changes by round on a log scale, with the tolerance that ends the fit.
 *
 * @throws Fault `charts/...` for empty, negative or non-finite columns.
 */
export const convergenceSpec = (input: ConvergenceInput): ChartSpec => {
  requireRows('series', input.series);
  let smallest = Number.POSITIVE_INFINITY;
  input.series.forEach(({ change }, s) => {
    requireColumns({ [`series[${s}].change`]: change });
    for (let i = 0; i < change.length; i++) {
      const value = change[i];
      if (value < 0) throw chartsFault('charts/bad-option', `series[${s}].change[${i}]`, 'must not be negative', value);
      if (value > 0 && value < smallest) smallest = value;
    }
  });
  const floor = Number.isFinite(smallest) ? smallest : 1e-16;
  return curveSpec({
    ...input,
    x: { label: 'Round', unit: '', scale: 'linear' },
    y: { label: input.label ?? 'Change of the coefficients', unit: input.unit ?? '', scale: 'log' },
    curves: input.series.map(({ name, change }) => ({
      name,
      x: Float64Array.from(change, (_, i) => i + 1),
      y: Float64Array.from(change, (value) => Math.max(value, floor)),
    })),
    ...(input.tolerance === undefined || !(input.tolerance > 0)
      ? {}
      : { reference: { value: input.tolerance, label: 'tolerance' } }),
    width: input.width ?? 460,
    height: input.height ?? 240,
  });
};
