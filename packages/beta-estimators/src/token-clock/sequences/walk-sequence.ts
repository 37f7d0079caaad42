import { NONE, type StepNodes } from './step-nodes.js';
import { positionOf, type TokenSequences } from './token-sequences.js';

/** A chunk further from its step than this part of the step's own length asks whether the sequence went out of step. */
const OUT_OF_STEP = 0.45;
/** Chunks looked ahead to decide it. */
const AHEAD = 8;
/** Chunks at most in which they are looked for, and fewest that decide. */
const FURTHEST = 64;
const FEW = 2;
/** A gap below this part of a step belongs to a burst. */
const BURST = 0.4;
/** Most steps that a request sits out must take time. */
const PACED = 0.5;
/** A new position must be this much nearer. */
const NEARER = 0.35;

/** Puts the chunks of one request on the steps from `node` on, making those that nobody showed yet; returns the node of its last. */
export function walkSequence(
  nodes: StepNodes,
  sequences: TokenSequences,
  request: number,
  start: number,
  nodeOfChunk: Int32Array,
): number {
  const { chunkSec } = sequences.table;
  const begin = sequences.firstChunk[request];
  const chunks = sequences.endChunk[request] - begin;
  let node = start;
  nodeOfChunk[begin] = node;
  nodes.addFirstChunk(node, chunkSec[begin]);
  let position = 0;
  for (let j = 1; j < chunks; j++) {
    const sec = chunkSec[begin + j];
    const steps = positionOf(sequences, request, j) - position;
    position += steps;
    const from = node;
    for (let s = 1; s <= steps; s++) {
      const next = nodes.next[node];
      node = next === NONE ? nodes.insertAfter(node, between(nodes.timeSec[from], sec, s / steps)) : next;
    }
    if (sequences.mergedChunks && sec - chunkSec[begin + j - 1] > BURST * sequences.typicalStepSec) {
      node = nearestInTime(nodes, node, sec, OUT_OF_STEP * sequences.typicalStepSec);
    } else if (nodes.seen(node)) {
      const off = sec - nodes.timeSec[node];
      if (Math.abs(off) > OUT_OF_STEP * sequences.typicalStepSec && sequences.chunks.kind === 'step') {
        node = backInStep(
          nodes,
          chunkSec,
          begin + j,
          Math.min(begin + j + FURTHEST, begin + chunks),
          node,
          sequences.typicalStepSec,
        );
      }
    }
    nodeOfChunk[begin + j] = node;
    nodes.addDecodeChunk(node, sec, request);
  }
  return node;
}

/** The node for chunk `at` if the sequence goes on from there better than from `node`: later (it sat out), or a new one before it. */
function backInStep(
  nodes: StepNodes,
  chunkSec: Float64Array,
  at: number,
  end: number,
  node: number,
  stepSec: number,
): number {
  const here = distance(nodes, chunkSec, at, end, node, stepSec);
  if (here < OUT_OF_STEP * stepSec) return node;
  const sec = chunkSec[at];
  if (sec > nodes.timeSec[node]) {
    let later = node;
    while (nodes.next[later] !== NONE && nodes.timeSec[nodes.next[later]] <= sec) later = nodes.next[later];
    const after = nodes.next[later];
    let best = here;
    let chosen = node;
    for (const candidate of [later, after]) {
      if (candidate === NONE || candidate === node || !isPaced(nodes, node, candidate, stepSec)) continue;
      const there = distance(nodes, chunkSec, at, end, candidate, stepSec);
      if (there < NEARER * here && there < best) {
        best = there;
        chosen = candidate;
      }
    }
    return chosen;
  }
  const previous = nodes.previous[node];
  // The next chunk would fall on this node: a step lies between this node and the one before.
  if (previous === NONE || at + 1 >= end || sec <= nodes.timeSec[previous]) return node;
  const there = distance(nodes, chunkSec, at + 1, end, node, stepSec);
  return there < NEARER * here ? nodes.insertAfter(previous, sec) : node;
}

/**
 * Whether others moved step by step from `node` to `later`: who sat out meanwhile saw time pass. Steps that a client handed out in bursts
 * (it stood still) tell nothing of who moved in them.
 */
function isPaced(nodes: StepNodes, node: number, later: number, stepSec: number): boolean {
  let steps = 0;
  let paced = 0;
  for (let at = node; at !== later; at = nodes.next[at]) {
    steps++;
    if (nodes.timeSec[nodes.next[at]] - nodes.timeSec[at] > BURST * stepSec) paced++;
  }
  return paced > PACED * steps;
}

/**
 * Median distance of chunks `at` to `end` from the steps from `node` on; Infinity where too few steps are known. Chunks that came
 * in one burst (a client that stood still) tell nothing of where they belong.
 */
function distance(
  nodes: StepNodes,
  chunkSec: Float64Array,
  at: number,
  end: number,
  node: number,
  gapSec: number,
): number {
  const found: number[] = [];
  for (let i = at, n = node; i < end && n !== NONE && found.length < AHEAD; i++, n = nodes.next[n]) {
    const gap = chunkSec[i] - chunkSec[i - 1];
    // It sat out again: what follows tells nothing of where it is now.
    if (found.length >= FEW && gap > nodes.timeSec[n] - nodes.timeSec[nodes.previous[n]] + gapSec) break;
    if (nodes.seen(n) && gap > BURST * gapSec) found.push(Math.abs(chunkSec[i] - nodes.timeSec[n]));
  }
  if (found.length < FEW) return Number.POSITIVE_INFINITY;
  return found.sort((a, b) => a - b)[found.length >> 1];
}

function between(from: number, to: number, part: number): number {
  return from + (to - from) * part;
}

/** The step nearest in time to a moment, from `cursor` on; a new one where none is near. */
export function stepNearest(nodes: StepNodes, cursor: number, sec: number, stepSec: number): number {
  return nearestInTime(nodes, cursor, sec, OUT_OF_STEP * stepSec);
}

/** Where chunks are merged, so that any gap may be several steps: the step nearest in time from `node` on, or a new one. */
function nearestInTime(nodes: StepNodes, node: number, sec: number, apart: number): number {
  let at = node;
  while (
    nodes.next[at] !== NONE &&
    Math.abs(nodes.timeSec[nodes.next[at]] - sec) <= Math.abs(nodes.timeSec[at] - sec)
  ) {
    at = nodes.next[at];
  }
  const off = sec - nodes.timeSec[at];
  if (!nodes.seen(at) || Math.abs(off) <= apart) return at;
  if (off > 0) return nodes.insertAfter(at, sec);
  return nodes.previous[at] === NONE ? at : nodes.insertAfter(nodes.previous[at], sec);
}
