import { sortedOrder } from './sorted-order.js';
import { checkPhase } from './time-grid.js';

/** Rows that are passed over together where none of them begins or ends within a batch. */
const BLOCK_ROWS = 4096;
/** Boundaries that the batches' edges are told from. */
const SAMPLE = 65_536;

/** Some boundaries of phases: those at or after the batch before, and before the next one. */
interface BoundaryBatch {
  readonly timesSec: Float64Array;
  /** Row of each boundary, twice: plus one where the phase ends. */
  readonly origin: Uint32Array;
  /** Indices that sort the times ascending. */
  readonly order: Uint32Array;
}

/**
 * The starts and ends of phases in ascending batches of about `size` each, however many there are: a sweep over a trace then needs memory for a batch and not for
 * the trace. A trace in order of time is read about once, any other once a batch. The arrays are overwritten from batch to batch.
 *
 * @throws Fault as `timeGrid` does
 */
export function* boundaryBatches(
  startSec: Float64Array,
  endSec: Float64Array,
  size: number,
): Generator<BoundaryBatch, void, undefined> {
  const rows = startSec.length;
  const blocks = Math.ceil(rows / BLOCK_ROWS);
  const blockFirst = new Float64Array(blocks).fill(Number.POSITIVE_INFINITY);
  const blockLast = new Float64Array(blocks).fill(Number.NEGATIVE_INFINITY);
  for (let i = 0; i < rows; i++) {
    const start = startSec[i];
    const end = endSec[i];
    checkPhase(start, end, i);
    const block = Math.floor(i / BLOCK_ROWS);
    if (start < blockFirst[block]) blockFirst[block] = start;
    if (end > blockLast[block]) blockLast[block] = end;
  }
  const edges = batchEdges(startSec, endSec, Math.ceil((2 * rows) / size));
  let timesSec = new Float64Array(Math.min(2 * rows, size + (size >> 2)));
  let origin = new Uint32Array(timesSec.length);
  for (let b = 0; b + 1 < edges.length; b++) {
    const from = edges[b];
    const to = edges[b + 1];
    let count = 0;
    for (let block = 0; block < blocks; block++) {
      if (!(blockFirst[block] < to && blockLast[block] >= from)) continue;
      const first = block * BLOCK_ROWS;
      const last = Math.min(rows, first + BLOCK_ROWS);
      if (count + 2 * (last - first) > timesSec.length) {
        timesSec = grown(timesSec, new Float64Array(2 * timesSec.length + 2 * (last - first)));
        origin = grown(origin, new Uint32Array(timesSec.length));
      }
      for (let i = first; i < last; i++) {
        const start = startSec[i];
        const end = endSec[i];
        if (start >= from && start < to) {
          timesSec[count] = start;
          origin[count++] = 2 * i;
        }
        if (end >= from && end < to) {
          timesSec[count] = end;
          origin[count++] = 2 * i + 1;
        }
      }
    }
    const times = timesSec.subarray(0, count);
    yield { timesSec: times, origin: origin.subarray(0, count), order: sortedOrder(times) };
  }
}

/** Times that part the boundaries into about equal batches, told from an even sample of them; the first and the last are infinite. */
const batchEdges = (startSec: Float64Array, endSec: Float64Array, batches: number): number[] => {
  const inner: number[] = [];
  if (batches > 1) {
    const stride = Math.ceil((2 * startSec.length) / SAMPLE);
    const sample = new Float64Array(2 * Math.ceil(startSec.length / stride));
    for (let i = 0, k = 0; i < startSec.length; i += stride) {
      sample[k++] = startSec[i];
      sample[k++] = endSec[i];
    }
    sample.sort();
    for (let b = 1; b < batches; b++) {
      const edge = sample[Math.floor((b * sample.length) / batches)];
      if (edge > (inner.at(-1) ?? Number.NEGATIVE_INFINITY)) inner.push(edge);
    }
  }
  return [Number.NEGATIVE_INFINITY, ...inner, Number.POSITIVE_INFINITY];
};

const grown = <T extends Float64Array | Uint32Array>(old: T, larger: T): T => {
  larger.set(old);
  return larger;
};
