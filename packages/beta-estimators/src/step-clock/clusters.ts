import type { ClockFrame } from './clock-frame.js';
import type { TraceColumns } from './trace-columns.js';

/**
 * Neighbouring segments joined wherever a prefill may span the node between them. Inside a cluster the prefill tokens are
 * known exactly, however they were shared among its segments.
 */
export interface Clusters {
  readonly length: number;
  /** Of each segment: its cluster, ascending with time; -1 where idle or cut by a window's edge. */
  readonly ofSegment: Int32Array;
}

export const clusters = (frame: ClockFrame, { prefills }: TraceColumns): Clusters => {
  const { busy, whole, prefillSegment, prefillEnd } = frame;
  const segments = busy.length;
  // Prefills that span node v, which lies between the segments v - 1 and v.
  const spanning = new Int32Array(segments + 2);
  for (let i = 0; i < prefills.length; i++) {
    const a = prefillSegment[i];
    const b = prefillEnd[i];
    spanning[a + 1] = spanning[a + 1] + 1;
    spanning[b] = spanning[b] - 1;
  }
  const ofSegment = new Int32Array(segments);
  let length = 0;
  let open = 0;
  let from = 0;
  const close = (to: number): void => {
    // A prefill that a window's edge cut joins its segments to the one that the edge cut.
    let good = true;
    for (let j = from; j < to && good; j++) good = whole[j] === 1 && busy[j] === 1;
    ofSegment.fill(good ? length : -1, from, to);
    if (good) length++;
    from = to;
  };
  for (let j = 0; j < segments; j++) {
    open += spanning[j];
    if (j > 0 && open === 0) close(j);
  }
  close(segments);
  return { length, ofSegment };
};

/** One row a cluster: `dt ~ beta0 k + beta1 P + beta2 kn + beta3 kc`, sums over the cluster's segments. */
export interface ClusterRows {
  readonly length: number;
  readonly seconds: Float64Array;
  readonly steps: Float64Array;
  readonly prefillTokens: Float64Array;
  /** Sum of `k_j n_j`. */
  readonly decodeTokens: Float64Array;
  /** Sum of `k_j c_j`, c_j the mean context of a step. */
  readonly contextTokens: Float64Array;
}

export const clusterRows = (
  frame: ClockFrame,
  { length, ofSegment }: Clusters,
  steps: Float64Array,
  tokens: Float64Array,
  context: Float64Array,
): ClusterRows => {
  const seconds = new Float64Array(length);
  const k = new Float64Array(length);
  const p = new Float64Array(length);
  const kn = new Float64Array(length);
  const kc = new Float64Array(length);
  for (let j = 0; j < ofSegment.length; j++) {
    const c = ofSegment[j];
    if (c < 0) continue;
    const kj = steps[j];
    seconds[c] = seconds[c] + frame.segmentSec[j];
    k[c] = k[c] + kj;
    p[c] = p[c] + tokens[j];
    kn[c] = kn[c] + kj * frame.decodes[j];
    kc[c] = kc[c] + kj * context[j];
  }
  return { length, seconds, steps: k, prefillTokens: p, decodeTokens: kn, contextTokens: kc };
};
