import type { PhaseTable } from '@stepclock/trace-io';

/** Units that clocks and logs are rounded to, s, coarsest first. */
const UNITS = [1, 0.1, 0.01, 0.001];
/** A time is a multiple of a unit within this part of it: doubles of an epoch have no more digits. */
const TOLERANCE = 1e-3;

/** The coarsest usual unit that all ends of phases are multiples of, s; null where there is none. */
export const timeUnitSec = ({ endSec }: PhaseTable): number | null =>
  UNITS.find((unit) => endSec.every((sec) => Math.abs(sec / unit - Math.round(sec / unit)) < TOLERANCE)) ?? null;
