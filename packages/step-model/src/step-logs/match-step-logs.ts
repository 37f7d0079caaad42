import { medianOf, quantileOf } from '@stepclock/numerics';

/** What two logs of the same steps are matched by. Seconds of `endSec` may be of different clocks; NaN where a log does not tell. */
export interface MatchedColumns {
  readonly endSec: Float64Array;
  readonly prefillTokens: Float64Array;
  readonly decodeSeqs: Float64Array;
  readonly contextTokens?: Float64Array | undefined;
}

/** Steps of one log laid over those of another, the reference. */
export interface StepLogMatch {
  readonly steps: number;
  readonly referenceSteps: number;
  /** Steps that the reference lacks, and steps of the reference that were not found. */
  readonly extra: number;
  readonly missed: number;
  /** Pairs that stand in the same place and hold other work. */
  readonly unlike: number;
  /** Distance of ends from the reference's less their usual distance nearby (clocks drift, clients are late), s; null without a pair. */
  readonly boundaryP50Sec: number | null;
  readonly boundaryP95Sec: number | null;
  /** Distance of periods from the reference's, s; null without neighbouring pairs. */
  readonly periodP50Sec: number | null;
  readonly periodP95Sec: number | null;
  /** Pairs with the same prefill tokens, the same decodes, and (null where a log does not tell) the same context, as shares. */
  readonly samePrefill: number | null;
  readonly sameDecodes: number | null;
  readonly sameContext: number | null;
}

/** Steps looked ahead for the next that agree, and how many of so many must. */
const AHEAD = 120;
const RUN = 8;
const AGREEING = 6;
/** Neighbours on each side by which the usual distance of ends is taken. */
const NEIGHBOURS = 50;
/** Contexts are whole tokens. */
const SAME_CONTEXT = 0.5;

/** Look aheads that found nothing, at most: two logs that have nothing in common are soon known. */
const MOST_IN_VAIN = 1000;

/** Steps that belong together, by their numbers in either log, ascending. */
interface StepPairs {
  readonly own: Int32Array;
  readonly reference: Int32Array;
}

type Same = (i: number, k: number) => boolean;

/** Matches two step logs of one engine in order, by what their steps hold: a comparison of sequences with a bounded look ahead. */
export const matchStepLogs = (log: MatchedColumns, reference: MatchedColumns): StepLogMatch => {
  const same = sameWork(log, reference);
  const pairs = pairsOf(log.endSec.length, reference.endSec.length, same);
  const count = pairs.own.length;
  const distance = Float64Array.from(pairs.own, (a, at) => log.endSec[a] - reference.endSec[pairs.reference[at]]);
  const off = distance.map((d, at) =>
    Math.abs(d - medianOf(distance.subarray(Math.max(0, at - NEIGHBOURS), at + NEIGHBOURS + 1))),
  );
  const advances = ({ own, reference: other }: StepPairs, at: number): boolean =>
    own[at] === own[at - 1] + 1 && other[at] === other[at - 1] + 1;
  const periods = distance
    .map((d, at) => Math.abs(d - distance[at - 1]))
    .filter((_, at) => at > 0 && advances(pairs, at));
  const quantile = (of: Float64Array, p: number): number | null =>
    of.length === 0 || of.some(Number.isNaN) ? null : quantileOf(of, p);
  const pairsThat = (holds: Same): number =>
    pairs.own.reduce((sum, a, at) => sum + (holds(a, pairs.reference[at]) ? 1 : 0), 0);
  const share = (holds: Same): number | null => (count === 0 ? null : pairsThat(holds) / count);
  const { contextTokens: context } = log;
  const { contextTokens: trueContext } = reference;
  return {
    steps: log.endSec.length,
    referenceSteps: reference.endSec.length,
    extra: log.endSec.length - count,
    missed: reference.endSec.length - count,
    unlike: count - pairsThat(same),
    boundaryP50Sec: quantile(off, 0.5),
    boundaryP95Sec: quantile(off, 0.95),
    periodP50Sec: quantile(periods, 0.5),
    periodP95Sec: quantile(periods, 0.95),
    samePrefill: share((a, b) => log.prefillTokens[a] === reference.prefillTokens[b]),
    sameDecodes: share((a, b) => log.decodeSeqs[a] === reference.decodeSeqs[b]),
    sameContext:
      context === undefined || trueContext === undefined
        ? null
        : share((a, b) => Math.abs(context[a] - trueContext[b]) < SAME_CONTEXT),
  };
};

/** Whether two steps hold the same: where a log does not tell the context, prompts tell the steps apart. */
const sameWork = (log: MatchedColumns, reference: MatchedColumns): Same => {
  const { contextTokens: context } = log;
  const { contextTokens: trueContext } = reference;
  return (i, k) =>
    log.decodeSeqs[i] === reference.decodeSeqs[k] &&
    (context === undefined || trueContext === undefined
      ? log.prefillTokens[i] === reference.prefillTokens[k]
      : Math.abs(context[i] - trueContext[k]) < SAME_CONTEXT);
};

const pairsOf = (steps: number, referenceSteps: number, same: Same): StepPairs => {
  const own = new Int32Array(Math.min(steps, referenceSteps));
  const reference = new Int32Array(own.length);
  let count = 0;
  const pair = (a: number, b: number): void => {
    if (a >= steps || b >= referenceSteps) return;
    own[count] = a;
    reference[count++] = b;
  };
  const agreeing = (i: number, k: number): number => {
    let agree = 0;
    for (let s = 0; s < RUN && i + s < steps && k + s < referenceSteps; s++) if (same(i + s, k + s)) agree++;
    return agree;
  };
  let inVain = 0;
  let i = 0;
  let k = 0;
  while (i < steps && k < referenceSteps) {
    if (same(i, k)) {
      pair(i++, k++);
      continue;
    }
    const found = inVain < MOST_IN_VAIN ? nextAgreement((x, y) => agreeing(i + x, k + y)) : undefined;
    if (found === undefined) inVain++;
    const [skipped, missed] = found ?? [1, 1];
    // As many on either side: the same steps, held otherwise.
    for (let s = 0; s < Math.min(skipped, missed); s++) pair(i + s, k + s);
    i += skipped;
    k += missed;
  }
  return { own: own.subarray(0, count), reference: reference.subarray(0, count) };
};

/** The nearest pair of skips after which the steps agree again; undefined where none does. */
const nextAgreement = (agreeing: (x: number, y: number) => number): readonly [number, number] | undefined => {
  for (let d = 1; d <= AHEAD; d++) for (let x = 0; x <= d; x++) if (agreeing(x, d - x) >= AGREEING) return [x, d - x];
  return undefined;
};
