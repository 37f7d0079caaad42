import type { KnobTable } from '../data/stage-table.js';
import { stageFault } from '../stage-fault.js';

/** The values that each knob can take. */
export type KnobGrid = Readonly<Record<string, readonly (number | string)[]>>;

const MOST_CONFIGURATIONS = 100_000;

/**
 * All combinations of a grid, the last knob varying fastest.
 *
 * @throws Fault `stage/bad-option` for a knob without values, mixed numbers and texts, or a grid beyond 100,000 configurations
 */
export const gridConfigurations = (grid: KnobGrid): KnobTable => {
  const knobs = Object.entries(grid);
  const length = knobs.reduce((product, [, values]) => product * values.length, knobs.length === 0 ? 0 : 1);
  if (!(length >= 1 && length <= MOST_CONFIGURATIONS)) {
    throw stageFault('stage/bad-option', {
      what: 'grid',
      rule: `must have 1 to ${MOST_CONFIGURATIONS} configurations, every knob at least one value`,
      value: length,
    });
  }
  let repeat = length;
  return {
    length,
    decodeSteps: new Float64Array(length),
    knobs: knobs.map(([name, values]) => {
      repeat /= values.length;
      const every = repeat;
      const at = (i: number): number => Math.floor(i / every) % values.length;
      if (values.every((value) => typeof value === 'number')) {
        return {
          kind: 'numeric' as const,
          name,
          values: Float64Array.from({ length }, (_, i) => values[at(i)]),
        };
      }
      if (values.some((value) => typeof value === 'number')) {
        throw stageFault('stage/bad-option', {
          what: name,
          rule: 'must be all numbers or all levels',
          value: values.join(', '),
          column: name,
        });
      }
      const levels = [...new Set(values as readonly string[])].sort();
      return {
        kind: 'category' as const,
        name,
        levels,
        values: Float64Array.from({ length }, (_, i) => levels.indexOf(values[at(i)] as string)),
      };
    }),
  };
};
