import { medianOf } from '@stepclock/numerics';
import { NONE, type StepNodes } from './step-nodes.js';
import { positionOf, type TokenSequences } from './token-sequences.js';

/** Where a sequence begins among the steps seen so far. */
export interface Place {
  /** The node of its first token; NONE: it comes after all of them. */
  readonly node: number;
  /** Median distance of its chunks from the steps that they fall on (it may sit out some), cut at half a step each; NaN where it overlaps with none. */
  readonly distanceSec: number;
  readonly overlap: number;
}

/** Chunks of a request that are laid over the steps. */
const SAMPLE = 48;
/** Fewer where chunks are merged, so that a sequence soon goes out of step. */
const SAMPLE_OF_MERGED = 12;
/** How far before its first chunk a sequence may begin (chunks that a client handed out late, in seconds and steps). */
const LATE_SEC = 1.5;
const LATE_STEPS = 256;
/** A chunk may miss the last step known by this part of a step and still be its. */
const BEYOND = 0.35;
/** A gap below this part of the usual one belongs to a burst. */
const BURST = 0.4;
/** Fewest chunks outside of bursts that decide. */
const FEW = 3;
/** First chunks that must agree on another offset, and how near they must lie, as a part of a step. */
const EARLY = 3;
const ON_STEP = 0.2;
const APART = 0.5;

/** The steps around a sequence's start, copied from the list. */
const times = new Float64Array(LATE_STEPS + 8 * SAMPLE);
const nodesOf = new Int32Array(times.length);
const nearest = new Int32Array(SAMPLE);
const sampled = new Int32Array(SAMPLE);
const distances = new Float64Array(SAMPLE);

/**
 * Lays a whole sequence over the steps seen so far: every chunk of the sample votes for the offset at which it falls on its nearest
 * step, and among the offsets voted for the one with the least mean distance wins. `from` is the last node not after its first chunk.
 */
export function placeSequence(nodes: StepNodes, sequences: TokenSequences, request: number, from: number): Place {
  const { chunkSec } = sequences.table;
  const start = sequences.firstChunk[request];
  const chunks = sequences.endChunk[request] - start;
  const firstSec = chunkSec[start];
  let node = from;
  for (let back = 0; back < LATE_STEPS && nodes.previous[node] !== NONE; back++) {
    if (nodes.timeSec[nodes.previous[node]] < firstSec - LATE_SEC && back >= 4) break;
    node = nodes.previous[node];
  }
  let length = 0;
  for (let n = node; n !== NONE && length < times.length; n = nodes.next[n]) {
    times[length] = nodes.timeSec[n];
    nodesOf[length++] = n;
  }
  const half = 0.5 * sequences.typicalStepSec;
  const endSec = times[length - 1] + BEYOND * sequences.typicalStepSec;
  let within = 0;
  while (within < chunks && chunkSec[start + within] <= endSec) within++;
  if (within === 0) return { node: NONE, distanceSec: Number.NaN, overlap: 0 };
  // The first token is late by more than the others: it votes only where it is alone.
  const from1 = within > 2 ? 1 : 0;
  const most = sequences.mergedChunks ? SAMPLE_OF_MERGED : SAMPLE;
  const burstSec = BURST * sequences.typicalStepSec * (sequences.chunks.kind === 'step' ? 1 : sequences.chunks.steps);
  let count = 0;
  // Chunks of a burst (a client that stood still) tell nothing of their steps; they vote only where there are no others.
  let alone = 0;
  for (let j = from1; j < within; j++) if (!inBurst(chunkSec, start + j, start + chunks, burstSec)) alone++;
  const skipBursts = alone >= FEW;
  for (let j = from1, at = 0; j < within && count < most; j++) {
    if (skipBursts && inBurst(chunkSec, start + j, start + chunks, burstSec)) continue;
    const sec = chunkSec[start + j];
    while (at + 1 < length && times[at + 1] <= sec) at++;
    nearest[count] = at + 1 < length && times[at + 1] - sec < sec - times[at] ? at + 1 : at;
    sampled[count++] = j;
  }
  let best = Number.NaN;
  let bestOffset = 0;
  let bestVotes = 0;
  for (let i = 0; i < count; i++) {
    const offset = nearest[i] - positionOf(sequences, request, sampled[i]);
    let votes = 0;
    let asked = false;
    for (let k = 0; k < count; k++) {
      if (nearest[k] - positionOf(sequences, request, sampled[k]) !== offset) continue;
      if (k < i) asked = true;
      votes++;
    }
    if (asked || offset < -1) continue;
    let sum = 0;
    let used = 0;
    for (let k = 0; k < count; k++) {
      const at = offset + positionOf(sequences, request, sampled[k]);
      if (at < 0 || at >= length) continue;
      sum += Math.min(Math.abs(times[at] - chunkSec[start + sampled[k]]), half);
      used++;
    }
    if (used * 2 < count) continue;
    const distance = sum / used;
    if (!(distance >= best) || (distance === best && votes > bestVotes)) {
      best = distance;
      bestOffset = offset;
      bestVotes = votes;
    }
  }
  const distanceSec = medianDistance(sequences, request, bestOffset, count, length);
  bestOffset = offsetOfEarly(sequences, request, start, count, length, bestOffset);
  // Nor does the first, which has no vote: a request may sit out right after it.
  if (sequences.chunks.kind === 'step' && times[bestOffset] - firstSec > APART * sequences.typicalStepSec) {
    while (bestOffset > 0 && times[bestOffset] - firstSec > firstSec - times[bestOffset - 1]) bestOffset--;
  }
  if (Number.isNaN(best)) return { node: NONE, distanceSec: Number.NaN, overlap: 0 };
  return { node: bestOffset < 0 ? nodesOf[0] : nodesOf[bestOffset], distanceSec, overlap: count };
}

/** Median distance of the sampled chunks from the steps at an offset, cut at half a step each. */
function medianDistance(
  sequences: TokenSequences,
  request: number,
  offset: number,
  count: number,
  length: number,
): number {
  const { chunkSec } = sequences.table;
  const start = sequences.firstChunk[request];
  const half = 0.5 * sequences.typicalStepSec;
  let used = 0;
  for (let k = 0; k < count; k++) {
    const at = offset + positionOf(sequences, request, sampled[k]);
    if (at < 0 || at >= length) continue;
    distances[used++] = Math.min(Math.abs(times[at] - chunkSec[start + sampled[k]]), half);
  }
  return used === 0 ? Number.NaN : medianOf(distances.subarray(0, used));
}

function inBurst(chunkSec: Float64Array, at: number, end: number, burstSec: number): boolean {
  return chunkSec[at] - chunkSec[at - 1] < burstSec || (at + 1 < end && chunkSec[at + 1] - chunkSec[at] < burstSec);
}

/**
 * The offset at which the first chunks fall on steps, where they lie off the one that most chunks chose: the request sat out soon after
 * it began.
 */
function offsetOfEarly(
  sequences: TokenSequences,
  request: number,
  start: number,
  count: number,
  length: number,
  chosen: number,
): number {
  if (count <= EARLY || sequences.chunks.kind !== 'step') return chosen;
  const { chunkSec } = sequences.table;
  const off = (k: number, offset: number): number => {
    const at = offset + positionOf(sequences, request, sampled[k]);
    return at < 0 || at >= length ? Number.POSITIVE_INFINITY : Math.abs(times[at] - chunkSec[start + sampled[k]]);
  };
  const early = nearest[0] - positionOf(sequences, request, sampled[0]);
  if (early < 0 || early === chosen) return chosen;
  // No token comes before the end of its step.
  const at = chosen + positionOf(sequences, request, sampled[0]);
  const ahead = at < length ? times[at] - chunkSec[start + sampled[0]] : 0;
  if (ahead > APART * sequences.typicalStepSec && off(0, early) < ON_STEP * sequences.typicalStepSec) return early;
  let fits = 0;
  let misses = 0;
  for (let k = 0; k < EARLY; k++) {
    if (off(k, early) < ON_STEP * sequences.typicalStepSec) fits++;
    if (off(k, chosen) > APART * sequences.typicalStepSec) misses++;
  }
  return fits === EARLY && misses === EARLY ? early : chosen;
}
