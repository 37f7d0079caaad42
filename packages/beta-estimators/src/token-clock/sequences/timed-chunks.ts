import type { TokenSequences } from './token-sequences.js';

/** A gap this near to a whole number of usual gaps, as a part of one, is a timer's. */
const ON_TIME = 0.02;
/** So many gaps must be, and so many are looked at. */
const MOST_GAPS = 0.8;
const SAMPLE = 20_000;
/** Drafts that are accepted bring no more tokens a step than this in the mean. */
const MOST_TOKENS = 5;

/**
 * Whether chunks of several tokens follow a timer (a proxy, a page that is drawn now and then) and not the engine's steps: they hold more
 * tokens than speculative decoding brings, or come at whole multiples of one time, whatever the load.
 */
export function followTimer({
  table,
  speculative,
  firstChunk,
  endChunk,
  order,
  typicalStepSec,
}: TokenSequences): boolean {
  if (!speculative) return false;
  const { chunkSec, outputTokens } = table;
  const every = Math.max(1, Math.floor(chunkSec.length / SAMPLE));
  let tokens = 0;
  let chunks = 0;
  let gaps = 0;
  let onTime = 0;
  for (const r of order) {
    tokens += outputTokens[r] - 1;
    chunks += endChunk[r] - firstChunk[r] - 1;
    // The first gap, and the last, may be cut.
    for (let i = firstChunk[r] + 2; i < endChunk[r] - 1; i += every) {
      const times = (chunkSec[i] - chunkSec[i - 1]) / typicalStepSec;
      gaps++;
      if (Math.round(times) >= 1 && Math.abs(times - Math.round(times)) < ON_TIME) onTime++;
    }
  }
  return tokens > MOST_TOKENS * chunks || (gaps > 0 && onTime > MOST_GAPS * gaps);
}
