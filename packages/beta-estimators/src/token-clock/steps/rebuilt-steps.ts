import type { TokenTable } from '@stepclock/trace-io';
import type { Alignment } from '../sequences/alignment.js';
import { NONE } from '../sequences/step-nodes.js';

/** The step log that the token times hold: one element a step, engine after engine, in the order of time. */
export interface RebuiltSteps {
  readonly length: number;
  /** When the step's tokens reached the client: the earliest chunk of a request that was decoding already. */
  readonly endSec: Float64Array;
  /** Chunks seen of requests that were decoding, and first chunks. */
  readonly decodeChunks: Int32Array;
  readonly firstChunks: Int32Array;
  /** Requests between their first and last token, whether they move in the step or not. */
  readonly inFlight: Float64Array;
  /** Sequences that decode in the step, and the tokens of context that they read. */
  readonly decodeSeqs: Float64Array;
  readonly contextTokens: Float64Array;
  /** 1 where an engine's first step is: nothing follows from the step before. */
  readonly engineStart: Uint8Array;
  /** Of each request: the step that ends its prompt, and the step of its last chunk; -1 where it showed none. */
  readonly firstStep: Int32Array;
  readonly lastStep: Int32Array;
  /** Of each chunk of the table: its step; -1: none. */
  readonly stepOfChunk: Int32Array;
  readonly resumptions: readonly Resumption[];
}

/** A request that sat out while others moved (preempted) and came back in `step`, all its tokens so far computed anew. */
interface Resumption {
  readonly request: number;
  readonly leftStep: number;
  readonly step: number;
  readonly tokens: number;
}

/** Who sat out steps saw at least this part of their usual time pass. */
const SAT_OUT = 0.5;
/** Where chunks are held back, only who skips more steps than these sat out. */
const MOST_HELD = 8;

/** So many steps that nobody showed, or showed twice, leave a token a step. */
const MISCOUNTED = 2;

/** Tokens that a request puts out in each step in which it moves. */
const perMove = (tokens: number, moves: number): number =>
  moves === 0 ? 0 : Math.abs(tokens - moves) <= MISCOUNTED ? 1 : tokens / moves;

/**
 * Reads the steps off an alignment: their ends, who decoded in each, over how much context.
 *
 * @param noneSatOut who skips steps decoded all the while: nobody was preempted
 */
export function rebuiltSteps(alignment: Alignment, noneSatOut: boolean): RebuiltSteps {
  const { sequences, nodes, nodeOfChunk, heads, prefillFirst } = alignment;
  const { table, order, firstChunk, endChunk } = sequences;
  const stepOfNode = new Int32Array(nodes.length).fill(-1);
  const nodeOfStep = new Int32Array(nodes.length);
  const engineStart = new Uint8Array(nodes.length + 1);
  let length = 0;
  for (const head of heads) {
    engineStart[length] = 1;
    for (let node = head; node !== NONE; node = nodes.next[node]) {
      stepOfNode[node] = length;
      nodeOfStep[length++] = node;
    }
  }
  const endSec = Float64Array.from({ length }, (_, k) => nodes.timeSec[nodeOfStep[k]]);
  const decodeChunks = Int32Array.from({ length }, (_, k) => nodes.decodeChunks[nodeOfStep[k]]);
  const firstChunks = Int32Array.from({ length }, (_, k) => nodes.firstChunks[nodeOfStep[k]]);
  const stepOfChunk = Int32Array.from(nodeOfChunk, (node) => (node === NONE ? -1 : stepOfNode[node]));
  // Decode steps are numbered apart where decodes wait for prefill: a request moves by one from each to the next.
  const waits = prefillFirst ? Uint8Array.from(decodeChunks, (n) => (n === 0 ? 1 : 0)) : undefined;
  const moves = new Int32Array(length + 1);
  for (let k = 0; k < length; k++) moves[k + 1] = moves[k] + (waits?.[k] === 1 ? 0 : 1);

  const firstStep = new Int32Array(table.requestCount).fill(-1);
  const lastStep = new Int32Array(table.requestCount).fill(-1);
  const presence = new Float64Array(length + 1);
  const decoding = new Float64Array(length + 1);
  const contextBase = new Float64Array(length + 1);
  const contextSlope = new Float64Array(length + 1);
  const resumptions: Resumption[] = [];
  /** A request decodes from the step after `from` to `to`; it has put out `tokens` by the end of `from`, and `perMove` more with each. */
  const decodes = (r: number, from: number, to: number, tokens: number, perMove: number): void => {
    if (to <= from) return;
    decoding[from + 1] += 1;
    decoding[to + 1] -= 1;
    const base = table.promptTokens[r] + tokens - 1 - moves[from + 1] * perMove;
    contextBase[from + 1] += base;
    contextBase[to + 1] -= base;
    contextSlope[from + 1] += perMove;
    contextSlope[to + 1] -= perMove;
  };
  for (const r of order) {
    const begin = firstChunk[r];
    const end = endChunk[r] - 1;
    const first = stepOfChunk[begin];
    const last = stepOfChunk[end];
    firstStep[r] = first;
    lastStep[r] = last;
    presence[first] += 1;
    presence[last + 1] -= 1;
    const span = moves[last + 1] - moves[first + 1];
    const chunks = end - begin;
    const tokens = Math.max(table.outputTokens[r] - 1, chunks);
    if (sequences.chunks.kind === 'interval' || span <= tokens || noneSatOut) {
      // Chunks held back came with the next: it decoded all the while.
      decodes(r, first, last, 1, perMove(tokens, span));
      continue;
    }
    let from = begin;
    for (let i = begin + 1; i <= end; i++) {
      const left = stepOfChunk[i - 1];
      const moved = moves[stepOfChunk[i] + 1] - moves[left + 1];
      // Steps that a client handed out in one burst tell nothing.
      const passedSec = endSec[stepOfChunk[i]] - endSec[left];
      if (moved <= (sequences.mergedChunks ? MOST_HELD : 1) || passedSec < SAT_OUT * moved * sequences.typicalStepSec)
        continue;
      decodes(r, stepOfChunk[from], left, from - begin + 1, 1);
      const tokens = table.promptTokens[r] + i - begin;
      resumptions.push({ request: r, leftStep: left, step: stepOfChunk[i], tokens });
      from = i;
    }
    if (from === begin) decodes(r, first, last, 1, perMove(tokens, span));
    else decodes(r, stepOfChunk[from], last, from - begin + 1, 1);
  }
  const inFlight = new Float64Array(length);
  const decodeSeqs = new Float64Array(length);
  const contextTokens = new Float64Array(length);
  for (let k = 0, present = 0, n = 0, base = 0, slope = 0; k < length; k++) {
    present += presence[k];
    n += decoding[k];
    base = n === 0 ? 0 : base + contextBase[k];
    slope = n === 0 ? 0 : slope + contextSlope[k];
    inFlight[k] = present;
    if (waits?.[k] === 1) continue;
    decodeSeqs[k] = n;
    contextTokens[k] = Math.max(base + slope * moves[k], 0);
  }
  if (heads.length === 1) addUnseen(table.unseen, endSec, decodeSeqs, contextTokens);
  return {
    length,
    endSec,
    decodeChunks,
    firstChunks,
    inFlight,
    decodeSeqs,
    contextTokens,
    engineStart: engineStart.subarray(0, length),
    firstStep,
    lastStep,
    stepOfChunk,
    resumptions,
  };
}

/** Adds decodes of which only their time is known: they take part in every step that ends in it, a token each. */
function addUnseen(
  unseen: TokenTable['unseen'],
  endSec: Float64Array,
  decodeSeqs: Float64Array,
  contextTokens: Float64Array,
): void {
  for (const [i, fromSec] of (unseen?.fromSec ?? []).entries()) {
    let low = 0;
    let high = endSec.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (endSec[middle] <= fromSec) low = middle + 1;
      else high = middle;
    }
    const [toSec, promptTokens] = [unseen?.toSec[i] ?? fromSec, unseen?.promptTokens[i] ?? 0];
    for (let k = low; k < endSec.length && endSec[k] <= toSec; k++) {
      decodeSeqs[k]++;
      contextTokens[k] += promptTokens + k - low + 1;
    }
  }
}
