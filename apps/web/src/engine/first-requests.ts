import type { TokenTable } from '@stepclock/trace-io';

/** A log of so many chunks is fitted in a second or two. */
const FEW_CHUNKS = 250_000;

/** The requests of a long log that were sent first; undefined where the log is short, or does not tell when requests were sent. */
export const firstRequests = (tokens: TokenTable): TokenTable | undefined => {
  const { requestCount, sentSec, chunkOffsets, chunkSec, promptTokens, cachedTokens, outputTokens, instance } = tokens;
  if (chunkSec.length <= 2 * FEW_CHUNKS || tokens.starts !== 'given') return undefined;
  const order = Uint32Array.from({ length: requestCount }, (_, r) => r).sort(
    (a, b) => sentSec[a] - sentSec[b] || a - b,
  );
  const offsets = [0];
  for (const r of order) {
    const chunks = offsets[offsets.length - 1] + chunkOffsets[r + 1] - chunkOffsets[r];
    if (chunks > FEW_CHUNKS) break;
    offsets.push(chunks);
  }
  const rows = order.subarray(0, offsets.length - 1);
  const taken = new Float64Array(offsets[rows.length]);
  for (const [k, r] of rows.entries()) taken.set(chunkSec.subarray(chunkOffsets[r], chunkOffsets[r + 1]), offsets[k]);
  const of = (column: Float64Array): Float64Array => Float64Array.from(rows, (r) => column[r]);
  return {
    requestCount: rows.length,
    ...{ sentSec: of(sentSec), promptTokens: of(promptTokens), outputTokens: of(outputTokens) },
    ...(cachedTokens && { cachedTokens: of(cachedTokens) }),
    ...(instance && { instance: Uint32Array.from(rows, (r) => instance[r]) }),
    ...{ chunkOffsets: Uint32Array.from(offsets), chunkSec: taken, starts: tokens.starts },
  };
};
