import { fitSteps, type StepColumns, type StepsFit } from '@stepclock/step-model';
import { pickedColumns } from './picked-columns.js';

/** A log's parts: both halves, or two of its quarters. */
const PAIRS: readonly (readonly [first: readonly [number, number], second: readonly [number, number]])[] = [
  [
    [0, 2],
    [2, 4],
  ],
  ...[0, 1, 2].flatMap((a) =>
    [1, 2, 3]
      .filter((b) => b > a)
      .map(
        (b) =>
          [
            [a, a + 1],
            [b, b + 1],
          ] as const,
      ),
  ),
];

/** What `steps` says of every pair of a log's parts that are put one behind the other. */
export interface PartsChecked {
  readonly pairs: number;
  /** The difference of the parts lies in its interval; the engine is said to have drifted; the difference is below half a percent. */
  readonly inside: number;
  readonly named: number;
  readonly small: number;
  /** Too short to tell. */
  readonly silent: number;
  /** Farthest that fitted + stall time of any part, or of all, lies from the measured time, as a share. */
  readonly unmet: number;
}

const unmetBy = ({ diagnostics: { measuredSeconds, fittedSeconds, stallSeconds } }: StepsFit): number =>
  Math.abs(fittedSeconds + stallSeconds - measuredSeconds) / measuredSeconds;

/** Fits every pair of halves and quarters of a log. */
export const checkParts = (log: StepColumns): PartsChecked => {
  const at = (quarter: number): number => Math.floor((log.length * quarter) / 4);
  const taken = (parts: readonly (readonly [number, number])[]): StepColumns => {
    const rows = parts.flatMap(([from, to]) => Array.from({ length: at(to) - at(from) }, (_, k) => at(from) + k));
    return pickedColumns(log, (column) => Float64Array.from(rows, (i) => column[i]));
  };
  const found = { pairs: 0, inside: 0, named: 0, small: 0, silent: 0, unmet: unmetBy(fitSteps(log)) };
  for (const pair of PAIRS) {
    const fit = fitSteps(taken(pair));
    found.pairs++;
    found.unmet = Math.max(found.unmet, unmetBy(fit), ...pair.map((part) => unmetBy(fitSteps(taken([part])))));
    if (fit.halves === null) found.silent++;
    else if (Math.abs(fit.halves.differenceSec) <= fit.halves.withinSec) found.inside++;
    else if (fit.warnings.some(({ code }) => code === 'engine-drifted')) found.named++;
    else found.small++;
  }
  return found;
};
