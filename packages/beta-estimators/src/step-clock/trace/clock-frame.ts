import { timeGrid } from '@stepclock/overlap-pressure';
import type { TraceColumns } from './trace-columns.js';

/**
 * The time line cut into segments: what is known about a trace before anything is estimated.
 *
 * A node is a time at which a step ended (a first or a last token) or a busy period began. Segment j lies between the
 * nodes j and j + 1; the number of active decodes does not change inside. Starts of prefills are no nodes: where waiting
 * counts as prefill, or an engine plans a step ahead, they fall into the middle of steps.
 */
export interface ClockFrame {
  /** M node times, ascending, s. */
  readonly nodeSec: Float64Array;
  /** dt_j, M - 1 values, s. */
  readonly segmentSec: Float64Array;
  /** n_j: active decodes. */
  readonly decodes: Float64Array;
  /** 1 where something is active; an idle segment has no steps. */
  readonly busy: Uint8Array;
  /** 0 where a window's edge cut the segment or a phase in it, so that its work is not known. */
  readonly whole: Uint8Array;
  /** By node: share of the tokens there that are first ones; 0 where none is. */
  readonly firstTokens: Float64Array;
  /** First and last node of each decode. */
  readonly decodeStart: Int32Array;
  readonly decodeEnd: Int32Array;
  /** Segment that each prefill starts in, the share of it that lies before the start, and the prefill's last node. */
  readonly prefillSegment: Int32Array;
  readonly prefillOffset: Float64Array;
  readonly prefillEnd: Int32Array;
  /** Prefills in the order of their ends; of those that end together, of their starts. */
  readonly prefillsByEnd: Int32Array;
}

/** Lays the phases on their nodes, in linear time. */
export const clockFrame = ({ prefills, decodes, edgesSec }: TraceColumns): ClockFrame => {
  const count = prefills.length + decodes.length;
  const startSec = new Float64Array(count);
  startSec.set(prefills.startSec);
  startSec.set(decodes.startSec, prefills.length);
  const endSec = new Float64Array(count);
  endSec.set(prefills.endSec);
  endSec.set(decodes.endSec, prefills.length);
  const grid = timeGrid(startSec, endSec);

  // Decode starts and all ends are nodes, starts of prefills whose steps are given, and the first boundary after an idle gap.
  const isNode = new Uint8Array(grid.timesSec.length);
  const change = new Int32Array(grid.timesSec.length);
  for (let i = 0; i < count; i++) {
    const s = grid.startIndex[i];
    const e = grid.endIndex[i];
    isNode[e] = 1;
    if (i >= prefills.length || prefills.steps[i] > 0) isNode[s] = 1;
    change[s] = change[s] + 1;
    change[e] = change[e] - 1;
  }
  let active = 0;
  for (let b = 0; b < change.length; b++) {
    if (active === 0) isNode[b] = 1;
    active += change[b];
  }
  // nodeAt[b]: the last node not after boundary b.
  const nodeAt = new Int32Array(isNode.length);
  let nodes = 0;
  for (let b = 0; b < isNode.length; b++) {
    if (isNode[b] === 1) nodes++;
    nodeAt[b] = nodes - 1;
  }
  const nodeSec = new Float64Array(nodes);
  for (let b = 0; b < isNode.length; b++) {
    if (isNode[b] === 1) nodeSec[nodeAt[b]] = grid.timesSec[b];
  }

  const at = (index: Uint32Array, from: number, length: number): Int32Array =>
    Int32Array.from({ length }, (_, i) => nodeAt[index[from + i]]);
  const prefillSegment = at(grid.startIndex, 0, prefills.length);
  const prefillEnd = at(grid.endIndex, 0, prefills.length);
  const decodeStart = at(grid.startIndex, prefills.length, decodes.length);
  const decodeEnd = at(grid.endIndex, prefills.length, decodes.length);

  const segments = nodes - 1;
  const prefillOffset = new Float64Array(prefills.length);
  for (let i = 0; i < prefills.length; i++) {
    const j = prefillSegment[i];
    const from = nodeSec[j];
    prefillOffset[i] = (prefills.startSec[i] - from) / (nodeSec[j + 1] - from);
  }
  const segmentSec = new Float64Array(segments);
  for (let j = 0; j < segments; j++) segmentSec[j] = nodeSec[j + 1] - nodeSec[j];
  const running = activeOn(segments, decodeStart, decodeEnd);
  const prefilling = activeOn(segments, prefillSegment, prefillEnd);
  const busy = new Uint8Array(segments);
  for (let j = 0; j < segments; j++) busy[j] = running[j] + prefilling[j] > 0 ? 1 : 0;

  const firsts = new Float64Array(nodes);
  const tokens = new Float64Array(nodes);
  for (let i = 0; i < decodes.length; i++) {
    firsts[decodeStart[i]]++;
    tokens[decodeStart[i]]++;
    tokens[decodeEnd[i]]++;
  }

  return {
    nodeSec,
    firstTokens: firsts.map((count, v) => (count > 0 ? count / tokens[v] : 0)),
    segmentSec,
    decodes: running,
    busy,
    whole: wholeSegments(nodeSec, edgesSec),
    decodeStart,
    decodeEnd,
    prefillSegment,
    prefillOffset,
    prefillEnd,
    prefillsByEnd: Int32Array.from(prefillEnd.keys()).sort(
      (a, b) => prefillEnd[a] - prefillEnd[b] || prefills.startSec[a] - prefills.startSec[b],
    ),
  };
};

/** How many of some phases cover each segment: a difference array and a running sum. */
export const activeOn = (segments: number, first: Int32Array, end: Int32Array): Float64Array => {
  const active = new Float64Array(segments + 1);
  for (let i = 0; i < first.length; i++) {
    active[first[i]] = active[first[i]] + 1;
    active[end[i]] = active[end[i]] - 1;
  }
  for (let j = 1; j <= segments; j++) active[j] = active[j] + active[j - 1];
  return active.subarray(0, segments);
};

const wholeSegments = (nodeSec: Float64Array, edgesSec: readonly number[]): Uint8Array => {
  const whole = new Uint8Array(Math.max(nodeSec.length - 1, 0)).fill(1);
  let j = 0;
  for (const edge of edgesSec) {
    while (j < nodeSec.length - 1 && nodeSec[j] < edge) j++;
    // The last node's index is one past the last segment; such a write is dropped by the typed array.
    whole[j] = 0;
    if (j > 0) whole[j - 1] = 0;
  }
  return whole;
};
