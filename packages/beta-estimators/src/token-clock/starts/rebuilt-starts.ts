import type { TokenTable } from '@stepclock/trace-io';
import { NONE, StepNodes } from '../sequences/step-nodes.js';
import { positionOf, type TokenSequences, tokenSequences } from '../sequences/token-sequences.js';
import { walkSequence } from '../sequences/walk-sequence.js';

/** Start times that a file lacks, found from how its sequences fall on each other. */
export interface RebuiltStarts {
  /** The table on one clock: the first request is sent at 0. */
  readonly table: TokenTable;
  /** How far each request's chunks lie from the steps of those before it after the shift: median, seconds; NaN without overlap. */
  readonly residualSec: Float64Array;
  /** How many times worse the second-best place of each request is; NaN where there was no choice. */
  readonly clearness: Float64Array;
}

/** Gaps of a request laid over those seen so far. */
const SAMPLE = 96;
/** Fewest common steps for a place to count. */
const FEW = 8;
/** A request may have been sent this much before the one ahead of it in the file, seconds. */
const ORDER_SLACK_SEC = 0.05;
/** Differences of gaps count up to so many usual gaps: what a neighbour's prompt adds to a step tells most. */
const SPIKE = 4;
/** A gap below this part of the usual one belongs to a burst, which tells nothing. */
const BURST = 0.4;
/** A sequence that lies further than this part of a step from its neighbours' steps overlaps with none of them. */
const FAR = 0.25;
/** A place is clear that is so many times better than the next. */
const CLEAR = 1.5;

/**
 * Finds when each request was sent where the file does not tell: requests stand in the order in which they were sent, and every
 * gap between two chunks is a step that all running requests share (a neighbour's prefill is a spike in the same step), so each
 * sequence of gaps fits its neighbours' at one place only. Chunk times count from each request's own start.
 */
export function rebuiltStarts(table: TokenTable): RebuiltStarts {
  const { requestCount, chunkOffsets } = table;
  const one = oneAfterAnother(table);
  if (one !== undefined) return one;
  const chunkSec = table.chunkSec.slice();
  const shiftedTable: TokenTable = { ...table, chunkSec, sentSec: new Float64Array(requestCount), starts: 'rebuilt' };
  const sequences = tokenSequences(shiftedTable);
  const { sentSec } = shiftedTable;
  const residualSec = new Float64Array(requestCount).fill(Number.NaN);
  const clearness = new Float64Array(requestCount).fill(Number.NaN);
  const nodes = new StepNodes();
  const nodeOfChunk = new Int32Array(chunkSec.length).fill(NONE);
  let tail = NONE;
  const lay = (r: number, place: GapPlace | undefined, otherwiseSec: number): void => {
    sentSec[r] = place?.shiftSec ?? otherwiseSec;
    if (place !== undefined) {
      residualSec[r] = place.residualSec;
      clearness[r] = place.clearness;
    }
    for (let i = chunkOffsets[r]; i < chunkOffsets[r + 1]; i++) chunkSec[i] += sentSec[r];
  };
  // Short requests fit nearly anywhere: they wait until the others say between which moments they were sent.
  const short: number[] = [];
  let sentBefore = 0;
  for (let r = 0; r < requestCount; r++) {
    const begin = sequences.firstChunk[r];
    if (sequences.endChunk[r] - begin < FEW + 2 && tail !== NONE) {
      short.push(r);
      continue;
    }
    if (begin === sequences.endChunk[r]) continue;
    const place = tail === NONE ? undefined : bestPlace(nodes, tail, sequences, r, { fromSec: sentBefore, few: FEW });
    const afterAll = tail === NONE ? 0 : nodes.timeSec[tail] - chunkSec[begin] + sequences.typicalStepSec;
    lay(r, place, Math.max(sentBefore, afterAll));
    if (place === undefined || place.clearness > CLEAR) sentBefore = Math.max(sentBefore, sentSec[r]);
    const start = place?.node ?? nodes.insertAfter(tail, chunkSec[begin]);
    const end = walkSequence(nodes, sequences, r, start, nodeOfChunk);
    if (nodes.next[end] === NONE) tail = end;
    else while (nodes.next[tail] !== NONE) tail = nodes.next[tail];
  }
  const isShort = new Set(short);
  for (const r of short) {
    const fromSec = r === 0 ? 0 : sentSec[r - 1];
    let after = r + 1;
    while (after < requestCount && isShort.has(after)) after++;
    const toSec = after < requestCount ? Math.max(sentSec[after], fromSec) : Number.POSITIVE_INFINITY;
    const window = { fromSec, toSec, few: Math.min(FEW, sequences.endChunk[r] - sequences.firstChunk[r] - 2) };
    const place = window.few < 1 ? undefined : bestPlace(nodes, tail, sequences, r, window);
    lay(r, place, Number.isFinite(toSec) ? (fromSec + toSec) / 2 : fromSec);
  }
  return { table: shiftedTable, residualSec, clearness };
}

/** A run of one user lasts as long as its requests together, and this much longer at most. */
const ALONE = [0.98, 1.001] as const;

/** The starts of a run of one user, who sends the next request when the last is answered: its length says so. Sequences that never met fit each other anywhere. */
function oneAfterAnother(table: TokenTable): RebuiltStarts | undefined {
  const { requestCount, chunkOffsets, durationSec = Number.NaN, instance } = table;
  const lengthOf = (r: number): number => table.chunkSec[chunkOffsets[r + 1] - 1];
  let sum = 0;
  for (let r = 0; r < requestCount; r++) sum += lengthOf(r);
  const share = sum / durationSec;
  if (instance !== undefined || requestCount < FEW || !(share >= ALONE[0] && share <= ALONE[1])) return undefined;
  const betweenSec = Math.max(0, (durationSec - sum) / requestCount);
  const chunkSec = table.chunkSec.slice();
  const sentSec = new Float64Array(requestCount);
  for (let r = 0, at = 0; r < requestCount; r++) {
    sentSec[r] = at;
    for (let i = chunkOffsets[r]; i < chunkOffsets[r + 1]; i++) chunkSec[i] += at;
    at += lengthOf(r) + betweenSec;
  }
  const none = new Float64Array(requestCount).fill(Number.NaN);
  return { table: { ...table, chunkSec, sentSec, starts: 'given' }, residualSec: none, clearness: none };
}

/** Between which moments a request was sent, and how many gaps must be shared at least. */
interface Window {
  readonly fromSec: number;
  readonly toSec?: number;
  readonly few: number;
}

interface GapPlace {
  /** The step of the first token. */
  readonly node: number;
  readonly shiftSec: number;
  readonly residualSec: number;
  readonly clearness: number;
}

/** The place where the request's gaps differ least, in the mean, from the steps seen. */
function bestPlace(
  nodes: StepNodes,
  tail: number,
  sequences: TokenSequences,
  request: number,
  { fromSec, toSec = Number.POSITIVE_INFINITY, few }: Window,
): GapPlace | undefined {
  const { chunkSec } = sequences.table;
  const begin = sequences.firstChunk[request];
  const gaps = Math.min(sequences.endChunk[request] - begin - 2, SAMPLE);
  if (gaps < few) return undefined;
  const earliest = fromSec - ORDER_SLACK_SEC + chunkSec[begin];
  const latest = toSec + ORDER_SLACK_SEC + chunkSec[begin + 1];
  const ids: number[] = [];
  for (let node = tail; node !== NONE; node = nodes.previous[node]) {
    ids.push(node);
    if (nodes.timeSec[node] < earliest) break;
  }
  ids.reverse();
  const length = ids.length;
  const times = Float64Array.from(ids, (node) => nodes.timeSec[node]);
  const stride = sequences.chunks.kind === 'step' ? 1 : sequences.chunks.steps;
  const usual = sequences.typicalStepSec * stride;
  const cap = SPIKE * usual;
  const doubt = 0.5 * usual;
  // Chunk 1 of the request ends step `at`: its first chunk is late, and on some engines apart.
  const offset = Int32Array.from(
    { length: gaps + 1 },
    (_, j) => positionOf(sequences, request, j + 1) - positionOf(sequences, request, 1),
  );
  const costs = new Float64Array(length).fill(Number.POSITIVE_INFINITY);
  let best = Number.POSITIVE_INFINITY;
  let bestAt = -1;
  for (let at = 1; at < length && times[at] <= latest; at++) {
    let sum = 0;
    let common = 0;
    for (let j = 0; j < gaps && at + offset[j + 1] < length; j++) {
      const gap = chunkSec[begin + j + 2] - chunkSec[begin + j + 1];
      const theirs = times[at + offset[j + 1]] - times[at + offset[j]];
      if (gap < BURST * usual || theirs < BURST * usual) continue;
      sum += Math.min(Math.abs(gap - theirs), cap);
      common++;
    }
    if (common < few) continue;
    const cost = (sum + doubt) / common;
    costs[at] = cost;
    if (cost < best) {
      best = cost;
      bestAt = at;
    }
  }
  if (bestAt < 0) return undefined;
  let second = Number.POSITIVE_INFINITY;
  for (let at = 0; at < length; at++) if (Math.abs(at - bestAt) > 1 && costs[at] < second) second = costs[at];
  const shifts: number[] = [];
  for (let j = 0; j <= gaps && bestAt + offset[j] < length; j++) {
    shifts.push(times[bestAt + offset[j]] - chunkSec[begin + j + 1]);
  }
  shifts.sort((a, b) => a - b);
  const shiftSec = shifts[shifts.length >> 1];
  const off = shifts.map((shift) => Math.abs(shift - shiftSec)).sort((a, b) => a - b);
  if (off[off.length >> 1] > FAR * usual) return undefined;
  const back = positionOf(sequences, request, 1);
  let node = ids[bestAt];
  for (let k = 0; k < back && nodes.previous[node] !== NONE; k++) node = nodes.previous[node];
  return { node, shiftSec, residualSec: off[off.length >> 1], clearness: second / best };
}
