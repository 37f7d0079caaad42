import { medianOf } from '@stepclock/numerics';
import { BASE_TERMS, fitRows, fittedColumn, knownTerms, rowsOf } from '@stepclock/step-cost';
import { type StepColumns, takenSteps } from '../step-columns.js';
import { stretchesOf } from '../step-fit/working-steps.js';
import { resolutionOf, stepEnds } from './step-time.js';

/** Steps of several ranks that tell whether these wait for each other. */
const ENOUGH_STEPS = 200;
/** Ends of the ranks' rows of one step lie within this share of it, and what stamps are rounded to. */
const SAME_END = 0.1;
/** Over so many times that span: ranks that only began together have drifted apart by then. */
const LONG = 20;
/** Stamps alone tell which rows belong together where they are finer than this share of a step. */
const FINE_SHARE = 0.25;
/** Times of one step are alike within this share, in so many of the steps. */
const SAME_TIME = 0.02;
const NEARLY_ALL = 0.9;
const MOST_ROUNDS = 20;

/** Steps of data-parallel ranks that wait for each other (experts or attention shared between them): one row a step. */
export interface LockstepRanks {
  readonly ranks: number;
  readonly steps: StepColumns;
}

type RanksLog = StepColumns & {
  readonly instance?: Uint32Array | undefined;
  readonly iteration?: Float64Array | undefined;
};

/**
 * The steps of ranks that wait for each other in each of them, as their slowest rank's: every rank's row says how long the step took, and the rank whose
 * work takes longest by the fit of these very rows is the one that it tells of. Rows of one number belong together, else those that end at one time.
 *
 * @param isKnown what an earlier part of the log showed; absent: this part tells
 * @returns undefined where neither tells, or ranks go their own ways: ends fall apart, or times of one step differ
 */
export const lockstepRanks = (log: RanksLog, isKnown?: boolean): LockstepRanks | undefined => {
  const { instance, durationSec } = log;
  if (isKnown === false || instance === undefined || log.steps !== undefined) return undefined;
  const ends = stepEnds(log);
  if (ends === undefined || ends.some(Number.isNaN)) return undefined;
  const middle = medianOf(durationSec);
  const resolution = resolutionOf(ends);
  const within = SAME_END * middle + resolution;
  const order = Uint32Array.from({ length: log.length }, (_, i) => i).sort((a, b) => ends[a] - ends[b]);
  const most = (group: readonly number[], of: Float64Array): number => Math.max(...group.map((i) => of[i]));
  const showsLockstep = (groups: readonly (readonly number[])[]): boolean => {
    const shared = groups.filter(({ length }) => length > 1);
    const rows = shared.reduce((sum, { length }) => sum + length, 0);
    const alike = shared.filter((group) => {
      const [time, end] = [most(group, durationSec), most(group, ends)];
      return group.every((i) => durationSec[i] >= (1 - SAME_TIME) * time && ends[i] >= end - within);
    });
    const [first = [], last = []] = [shared.at(0), shared.at(-1)];
    return (
      shared.length >= ENOUGH_STEPS &&
      rows >= NEARLY_ALL * log.length &&
      alike.length >= NEARLY_ALL * shared.length &&
      most(last, ends) - most(first, ends) >= LONG * within
    );
  };
  const numbers = log.iteration?.some(Number.isNaN) === false ? log.iteration : undefined;
  // Ranks may each count from a beginning of their own.
  const groupings = [
    ...(numbers === undefined
      ? []
      : [
          groupsOf(
            order.slice().sort((a, b) => numbers[a] - numbers[b]),
            instance,
            (i, first) => numbers[i] === numbers[first],
          ),
        ]),
    ...(resolution > FINE_SHARE * middle
      ? []
      : [groupsOf(order, instance, (i, first) => ends[i] - ends[first] <= within)]),
  ];
  const groups = groupings.find(showsLockstep) ?? (isKnown ? groupings[0] : undefined);
  if (groups === undefined) return undefined;
  return {
    ranks: new Set(instance.subarray(0, log.length)).size,
    steps: {
      ...takenSteps(log, slowestRows(log, groups)),
      durationSec: Float64Array.from(groups, (group) => most(group, durationSec)),
    },
  };
};

/** Neighbouring rows that belong to one step, one of an engine at most. */
const groupsOf = (
  order: Uint32Array,
  instance: Uint32Array,
  isSame: (i: number, first: number) => boolean,
): readonly (readonly number[])[] => {
  const groups: number[][] = [];
  for (const i of order) {
    const last = groups.at(-1);
    if (last !== undefined && isSame(i, last[0]) && last.every((k) => instance[k] !== instance[i])) last.push(i);
    else groups.push([i]);
  }
  return groups;
};

/** Of each step the row whose work takes longest, by the fit of these rows. */
const slowestRows = (log: StepColumns, groups: readonly (readonly number[])[]): Uint32Array => {
  const all = Uint32Array.from({ length: log.length }, (_, i) => i);
  const stretches = stretchesOf(log, all);
  const terms = knownTerms(BASE_TERMS, stretches);
  const table = rowsOf(stretches, log.durationSec, terms);
  const slowestBy = (cost: Float64Array): Uint32Array =>
    Uint32Array.from(groups, (group) => group.reduce((best, i) => (cost[i] > cost[best] ? i : best)));
  let slowest = slowestBy(Float64Array.from(all, (i) => log.prefillTokens[i] + log.decodeTokens[i]));
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const own = takenSteps(log, slowest);
    const { coefficients } = fitRows(rowsOf(stretchesOf(own, all.subarray(0, own.length)), own.durationSec, terms), {
      choice: 'all',
    });
    const next = slowestBy(fittedColumn(table, coefficients));
    if (next.every((i, g) => i === slowest[g])) break;
    slowest = next;
  }
  return slowest;
};
