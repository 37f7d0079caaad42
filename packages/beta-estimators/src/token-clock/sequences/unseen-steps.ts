import { medianOf } from '@stepclock/numerics';
import type { Alignment } from './alignment.js';

/** A gap this near to a whole number of usual gaps holds so many steps, up to this many. */
const NEAR_WHOLE = 0.35;
const MOST_GAPS = 5;
/** Neighbouring gaps that say what is usual. */
const NEIGHBOURS = 8;
/** More requests than this do not all hold a chunk back in the same step. */
const MOST_TOGETHER = 3;
/** A step with a prompt is longer than its tokens explain by this part of a usual gap where another step is in it. */
const LONGER = 0.5;

/** Between two neighbouring steps of a request: how many that nobody showed may lie there. */
interface Gap {
  readonly chunk: number;
  readonly steps: number;
  /** Requests that moved at its end. */
  readonly moved: number;
}

/**
 * Adds steps that nobody showed: where a chunk was held back and came with the next one, and no other request ran (or all held theirs
 * back), its gap is two steps long. A request tells how many of its tokens lack a step; they are put where the fewest had to hold one back.
 */
export function addUnseenSteps(alignment: Alignment): void {
  const { sequences, nodes, nodeOfChunk } = alignment;
  const { table, order, firstChunk, endChunk } = sequences;
  const { chunkSec, outputTokens } = table;
  const prompts = promptsByNode(alignment);
  const perTokenSec = prefillCost(alignment, prompts);
  for (const r of order) {
    const begin = firstChunk[r];
    const end = endChunk[r];
    let missing = outputTokens[r] - 1 - stepsBetween(nodeOfChunk[begin], nodeOfChunk[end - 1], nodes.next);
    if (!(missing > 0)) continue;
    const gaps: Gap[] = [];
    for (let i = begin + 1; i < end; i++) {
      const node = nodeOfChunk[i];
      const moved = nodes.decodeChunks[node];
      if (nodes.next[nodeOfChunk[i - 1]] !== node || moved > MOST_TOGETHER) continue;
      const plainSec = chunkSec[i] - chunkSec[i - 1] - perTokenSec * prompts[node];
      const times = plainSec / usualGap(chunkSec, begin, end, i);
      const steps = Math.round(times) - 1;
      const off = Math.abs(times - Math.round(times));
      const isWhole = prompts[node] > 0 ? times > 1 + LONGER : off < NEAR_WHOLE;
      if (steps > 0 && steps < MOST_GAPS && isWhole) gaps.push({ chunk: i, steps, moved });
    }
    gaps.sort((a, b) => a.moved - b.moved || a.chunk - b.chunk);
    for (const { chunk, steps } of gaps) {
      const more = Math.min(steps, missing);
      const gapSec = usualGap(chunkSec, begin, end, chunk);
      for (let step = more; step > 0; step--)
        nodes.insertAfter(nodeOfChunk[chunk - 1], chunkSec[chunk - 1] + step * gapSec);
      missing -= more;
      if (missing === 0) break;
    }
  }
}

/** Tokens of the prompts that end with each node. */
function promptsByNode({ sequences, nodes, nodeOfChunk }: Alignment): Float64Array {
  const prompts = new Float64Array(nodes.length);
  for (const r of sequences.order) prompts[nodeOfChunk[sequences.firstChunk[r]]] += sequences.table.promptTokens[r];
  return prompts;
}

/** What a token of a prompt adds to its step, s: the median over the steps in which one request saw another's prompt end. */
function prefillCost({ sequences, nodes, nodeOfChunk }: Alignment, prompts: Float64Array): number {
  const { table, order, firstChunk, endChunk } = sequences;
  const costs: number[] = [];
  for (const r of order) {
    const begin = firstChunk[r];
    const end = endChunk[r];
    for (let i = begin + 1; i < end; i++) {
      const node = nodeOfChunk[i];
      if (!(prompts[node] > 0) || nodes.next[nodeOfChunk[i - 1]] !== node) continue;
      const gapSec = table.chunkSec[i] - table.chunkSec[i - 1];
      costs.push((gapSec - usualGap(table.chunkSec, begin, end, i)) / prompts[node]);
    }
  }
  return costs.length > 0 ? Math.max(0, medianOf(costs)) : 0;
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
