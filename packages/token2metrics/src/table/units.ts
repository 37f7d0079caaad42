import type { Place } from '@stepclock/faults';
import { fault } from '../fault.js';

export type Quantity = 'time' | 'energy' | 'power';

/** Factors to seconds, joules and watts. */
const UNITS: Readonly<Record<Quantity, Readonly<Record<string, number>>>> = {
  time: { s: 1, ms: 1e-3, us: 1e-6, ns: 1e-9, min: 60 },
  energy: { J: 1, mJ: 1e-3, kJ: 1e3, Wh: 3600 },
  power: { W: 1, mW: 1e-3, kW: 1e3 },
};

/** A unit of one of the quantities, and its factor to SI. */
export interface Unit {
  readonly name: string;
  readonly factor: number;
}

export const unitNames = (quantity: Quantity): string[] => Object.keys(UNITS[quantity]);

/** The SI unit that a quantity is kept in. */
export const SI_UNIT = { time: 's', energy: 'J', power: 'W' } as const satisfies Record<Quantity, string>;

/** A unit by its name, in any case: `J`, `j`, `MS` are found. */
const findUnit = (quantity: Quantity, name: string): Unit | undefined => {
  const match = Object.entries(UNITS[quantity]).find(([known]) => known.toLowerCase() === name.toLowerCase());
  return match && { name: match[0], factor: match[1] };
};

/** @throws Fault `token2metrics/unknown-unit` */
export const unitOf = (quantity: Quantity, name: string, parts: Place = {}): Unit => {
  const unit = findUnit(quantity, name);
  if (unit) return unit;
  const known = unitNames(quantity).join(', ');
  throw fault('unknown-unit', {
    what: 'unit',
    rule: `must be one of ${known} for a ${quantity}`,
    value: name,
    ...parts,
  });
};

/** The unit at the end of a column's name (`ttft_ms`), and the name without it. */
export const unitSuffix = (
  column: string,
  quantity: Quantity,
): { readonly stem: string; readonly unit: Unit } | undefined => {
  const match = /^(.+?)[_ ]*[_( [](\p{L}+)[)\]]?$/u.exec(column.trim());
  const unit = match?.[2] === undefined ? undefined : findUnit(quantity, match[2]);
  return match?.[1] !== undefined && unit ? { stem: match[1].trim(), unit } : undefined;
};
