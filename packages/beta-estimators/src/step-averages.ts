import { emptyPrefixSums, type PrefixSums, type TimeGrid } from '@stepclock/overlap-pressure';
import type { DurationDesign } from './duration-fit.js';

/** Numbers at a boundary: three running sums of two doubles each. */
const STRIDE = 6;

/** Running sums of steps, and of the prefill and decode tokens that they process, side by side. */
export const emptyTotals = (segmentCount: number): PrefixSums => emptyPrefixSums(segmentCount, STRIDE / 2);

/**
 * Fills the totals: `prefixSum` of three columns in one pass. The estimator spends a good part of its time here and in
 * `stepAverages`.
 *
 * @param stepsOnSegment `lambda_j dt_j`
 * @param prefill tokens per step on every segment
 * @param decode tokens per step on every segment
 */
export const addUp = (
  stepsOnSegment: Float64Array,
  prefill: Float64Array,
  decode: Float64Array,
  { pairs }: PrefixSums,
): void => {
  let steps = 0;
  let stepsRest = 0;
  let prefillTokens = 0;
  let prefillRest = 0;
  let decodeTokens = 0;
  let decodeRest = 0;
  pairs.fill(0, 0, STRIDE);
  for (let j = 0; j < stepsOnSegment.length; j++) {
    const at = STRIDE * (j + 1);
    const here = stepsOnSegment[j] as number;
    const a = steps + here;
    const aAdded = a - steps;
    stepsRest += steps - (a - aAdded) + (here - aAdded);
    steps = a;
    const inPrefill = here * (prefill[j] as number);
    const b = prefillTokens + inPrefill;
    const bAdded = b - prefillTokens;
    prefillRest += prefillTokens - (b - bAdded) + (inPrefill - bAdded);
    prefillTokens = b;
    const inDecode = here * (decode[j] as number);
    const c = decodeTokens + inDecode;
    const cAdded = c - decodeTokens;
    decodeRest += decodeTokens - (c - cAdded) + (inDecode - cAdded);
    decodeTokens = c;
    pairs[at] = a;
    pairs[at + 1] = stepsRest;
    pairs[at + 2] = b;
    pairs[at + 3] = prefillRest;
    pairs[at + 4] = c;
    pairs[at + 5] = decodeRest;
  }
};

/**
 * Fills a design with the tokens that each phase's steps processed: N times the step-averaged pressure,
 * `int(p lambda) / int(lambda)`.
 */
export const stepAverages = (
  { startIndex, endIndex }: TimeGrid,
  { pairs }: PrefixSums,
  { steps, prefillTokens, decodeTokens }: DurationDesign,
): void => {
  for (let i = 0; i < steps.length; i++) {
    const a = STRIDE * (startIndex[i] as number);
    const b = STRIDE * (endIndex[i] as number);
    const passed = (pairs[b] as number) - (pairs[a] as number) + ((pairs[b + 1] as number) - (pairs[a + 1] as number));
    const prefill =
      (pairs[b + 2] as number) - (pairs[a + 2] as number) + ((pairs[b + 3] as number) - (pairs[a + 3] as number));
    const decode =
      (pairs[b + 4] as number) - (pairs[a + 4] as number) + ((pairs[b + 5] as number) - (pairs[a + 5] as number));
    const scale = (steps[i] as number) / passed;
    prefillTokens[i] = scale * prefill;
    decodeTokens[i] = scale * decode;
  }
};
