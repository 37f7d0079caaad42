import type { Alignment } from './alignment.js';

/** A gap this near to a whole number of usual gaps holds so many steps, up to this many. */
const NEAR_WHOLE = 0.35;
const MOST_GAPS = 5;
/** Neighbouring gaps that say what is usual. */
const NEIGHBOURS = 8;

/**
 * Adds steps that nobody showed: where a chunk was held back and came with the next one, and no other request ran, its gap is two steps
 * long. A request tells how many of its tokens lack a step.
 */
export function addUnseenSteps({ sequences, nodes, nodeOfChunk }: Alignment): void {
  const { table, order, firstChunk, endChunk } = sequences;
  const { chunkSec, outputTokens } = table;
  for (const r of order) {
    const begin = firstChunk[r];
    const end = endChunk[r];
    let missing = outputTokens[r] - 1 - stepsBetween(nodeOfChunk[begin], nodeOfChunk[end - 1], nodes.next);
    for (let i = begin + 1; i < end && missing > 0; i++) {
      const node = nodeOfChunk[i];
      const before = nodeOfChunk[i - 1];
      if (nodes.next[before] !== node || nodes.firstChunks[node] > 0) continue;
      const gaps = (chunkSec[i] - chunkSec[i - 1]) / usualGap(chunkSec, begin, end, i);
      const more = Math.min(Math.round(gaps) - 1, missing);
      if (!(more > 0 && more < MOST_GAPS && Math.abs(gaps - Math.round(gaps)) < NEAR_WHOLE)) continue;
      const gapSec = (chunkSec[i] - chunkSec[i - 1]) / (more + 1);
      for (let step = more; step > 0; step--) nodes.insertAfter(before, chunkSec[i - 1] + step * gapSec);
      missing -= more;
    }
  }
}

function stepsBetween(from: number, to: number, next: Int32Array): number {
  let steps = 0;
  for (let node = from; node !== to && node >= 0; node = next[node]) steps++;
  return steps;
}

function usualGap(chunkSec: Float64Array, begin: number, end: number, at: number): number {
  const gaps: number[] = [];
  for (let i = Math.max(begin + 1, at - NEIGHBOURS); i < Math.min(end, at + NEIGHBOURS + 1); i++) {
    gaps.push(chunkSec[i] - chunkSec[i - 1]);
  }
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? Number.NaN;
}
