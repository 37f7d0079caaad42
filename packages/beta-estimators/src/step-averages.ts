import { type PrefixSums, SPAN_BITS, type TimeGrid } from '@stepclock/overlap-pressure';
import type { DurationDesign } from './duration-fit.js';

/**
 * Fills a design with the tokens that each phase's steps processed: N times the step-averaged pressure,
 * `int(p lambda) / int(lambda)`.
 *
 * `sumBetween` of three lanes, written out: the estimator spends a good part of its time here.
 *
 * @param totals prefix sums of three lanes: steps, prefill tokens, decode tokens
 */
export const stepAverages = (
  { startIndex, endIndex }: TimeGrid,
  { within, origin, originRest }: PrefixSums,
  { steps, prefillTokens, decodeTokens }: DurationDesign,
): void => {
  for (let i = 0; i < steps.length; i++) {
    const start = startIndex[i] as number;
    const end = endIndex[i] as number;
    const from = 3 * start;
    const to = 3 * end;
    let passed = (within[to] as number) - (within[from] as number);
    let prefill = (within[to + 1] as number) - (within[from + 1] as number);
    let decode = (within[to + 2] as number) - (within[from + 2] as number);
    const a = 3 * (start >>> SPAN_BITS);
    const b = 3 * (end >>> SPAN_BITS);
    if (a !== b) {
      passed += (origin[b] as number) - (origin[a] as number) + ((originRest[b] as number) - (originRest[a] as number));
      prefill +=
        (origin[b + 1] as number) -
        (origin[a + 1] as number) +
        ((originRest[b + 1] as number) - (originRest[a + 1] as number));
      decode +=
        (origin[b + 2] as number) -
        (origin[a + 2] as number) +
        ((originRest[b + 2] as number) - (originRest[a + 2] as number));
    }
    const scale = (steps[i] as number) / passed;
    prefillTokens[i] = scale * prefill;
    decodeTokens[i] = scale * decode;
  }
};
