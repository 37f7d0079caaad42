import type { TimeGrid } from '@stepclock/overlap-pressure';

/** Numbers at a boundary: two running sums of two doubles each. */
const STRIDE = 4;

/**
 * Running sums of the prefill and decode tokens that are processed on the segments, side by side at every boundary, so that
 * looking both up touches one place in memory. Each is an unevaluated sum of two doubles, as in `PrefixSums`.
 */
export const emptyTokenTotals = (segmentCount: number): Float64Array => new Float64Array(STRIDE * (segmentCount + 1));

/**
 * Fills the totals in one pass.
 *
 * @param stepsOnSegment `lambda_j dt_j`
 * @param prefill tokens per step on every segment
 * @param decode tokens per step on every segment
 */
export const addUpTokens = (
  stepsOnSegment: Float64Array,
  prefill: Float64Array,
  decode: Float64Array,
  totals: Float64Array,
): void => {
  let prefillTokens = 0;
  let prefillRest = 0;
  let decodeTokens = 0;
  let decodeRest = 0;
  totals.fill(0, 0, STRIDE);
  for (let j = 0; j < stepsOnSegment.length; j++) {
    const steps = stepsOnSegment[j];
    const p = steps * prefill[j];
    const nextPrefill = prefillTokens + p;
    const pAdded = nextPrefill - prefillTokens;
    prefillRest += prefillTokens - (nextPrefill - pAdded) + (p - pAdded);
    prefillTokens = nextPrefill;
    const d = steps * decode[j];
    const nextDecode = decodeTokens + d;
    const dAdded = nextDecode - decodeTokens;
    decodeRest += decodeTokens - (nextDecode - dAdded) + (d - dAdded);
    decodeTokens = nextDecode;
    const at = STRIDE * (j + 1);
    totals[at] = prefillTokens;
    totals[at + 1] = prefillRest;
    totals[at + 2] = decodeTokens;
    totals[at + 3] = decodeRest;
  }
};

/**
 * Writes rows of a design: N, and the tokens that each phase's steps processed, N times the step-averaged pressure
 * `int(p lambda) / int(lambda)`.
 *
 * @param passed `int(lambda)` over each phase
 */
export const stepAverages = (
  { startIndex, endIndex }: TimeGrid,
  totals: Float64Array,
  steps: Float64Array,
  passed: Float64Array,
  from: number,
  to: number,
  intoSteps: Float64Array,
  intoPrefill: Float64Array,
  intoDecode: Float64Array,
): void => {
  for (let i = from; i < to; i++) {
    const a = STRIDE * startIndex[i];
    const b = STRIDE * endIndex[i];
    const prefill = totals[b] - totals[a] + (totals[b + 1] - totals[a + 1]);
    const decode = totals[b + 2] - totals[a + 2] + (totals[b + 3] - totals[a + 3]);
    const count = steps[i];
    const scale = count / passed[i];
    intoSteps[i - from] = count;
    intoPrefill[i - from] = scale * prefill;
    intoDecode[i - from] = scale * decode;
  }
};
