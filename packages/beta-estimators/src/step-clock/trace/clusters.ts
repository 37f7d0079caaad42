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
