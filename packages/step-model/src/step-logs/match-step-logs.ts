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

/** Matches two step logs of one engine in order, by what their steps hold: a comparison of sequences with a bounded look ahead. */
export const matchStepLogs = (log: MatchedColumns, reference: MatchedColumns): StepLogMatch => {
  const pairs = pairsOf(log, reference);
  const distance = Float64Array.from(pairs, ([a, b]) => log.endSec[a] - reference.endSec[b]);
  const off = distance.map((d, at) =>
    Math.abs(d - medianOf(distance.subarray(Math.max(0, at - NEIGHBOURS), at + NEIGHBOURS + 1))),
  );
  const periods = Float64Array.from(distance.subarray(1), (d, at) => Math.abs(d - distance[at]));
  const quantile = (of: Float64Array, p: number): number | null =>
    of.length === 0 || of.some(Number.isNaN) ? null : quantileOf(of, p);
  const share = (same: (a: number, b: number) => boolean): number | null =>
    pairs.length === 0 ? null : pairs.filter(([a, b]) => same(a, b)).length / pairs.length;
  const { contextTokens: context } = log;
  const { contextTokens: trueContext } = reference;
  return {
    steps: log.endSec.length,
    referenceSteps: reference.endSec.length,
    extra: log.endSec.length - pairs.length,
    missed: reference.endSec.length - pairs.length,
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

const pairsOf = (log: MatchedColumns, reference: MatchedColumns): readonly (readonly [number, number])[] => {
  const { contextTokens: context } = log;
  const { contextTokens: trueContext } = reference;
  // Where a log does not tell the context, prompts tell the steps apart.
  const same = (i: number, k: number): boolean =>
    log.decodeSeqs[i] === reference.decodeSeqs[k] &&
    (context === undefined || trueContext === undefined
      ? log.prefillTokens[i] === reference.prefillTokens[k]
      : Math.abs(context[i] - trueContext[k]) < SAME_CONTEXT);
  const agreeing = (i: number, k: number): number => {
    let count = 0;
    for (let s = 0; s < RUN; s++) if (same(i + s, k + s)) count++;
    return count;
  };
  const pairs: (readonly [number, number])[] = [];
  let i = 0;
  let k = 0;
  while (i < log.endSec.length && k < reference.endSec.length) {
    if (same(i, k)) {
      pairs.push([i++, k++]);
      continue;
    }
    const [skipped, missed] = nextAgreement((x, y) => agreeing(i + x, k + y));
    // As many on either side: the same steps, held otherwise.
    for (let s = 0; s < Math.min(skipped, missed); s++) pairs.push([i + s, k + s]);
    i += skipped;
    k += missed;
  }
  return pairs.filter(([a, b]) => a < log.endSec.length && b < reference.endSec.length);
};

/** The nearest pair of skips after which the steps agree again; one each where none does. */
const nextAgreement = (agreeing: (x: number, y: number) => number): readonly [number, number] => {
  for (let d = 1; d <= AHEAD; d++) for (let x = 0; x <= d; x++) if (agreeing(x, d - x) >= AGREEING) return [x, d - x];
  return [1, 1];
};
