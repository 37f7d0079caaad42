import type { Alignment } from './alignment.js';
import { NONE, type StepNodes } from './step-nodes.js';
import type { TokenSequences } from './token-sequences.js';

/** A first token that lies this part of a step after one step and before the next has a step of its own. */
const OWN_STEP = 0.4;

/** Whether most first tokens that fall among the steps of others lie between two of these, as on engines that put prefill first. */
export function firstTokensStandAlone({ sequences, nodes, nodeOfChunk }: Alignment): boolean {
  const { chunkSec } = sequences.table;
  const apart = OWN_STEP * sequences.typicalStepSec;
  let asked = 0;
  let alone = 0;
  for (const r of sequences.order) {
    const first = sequences.firstChunk[r];
    if (sequences.endChunk[r] - first < 2) continue;
    const node = nodeOfChunk[first];
    if (nodes.decodeChunks[node] === 0 || nodes.decodeChunks[nodeOfChunk[first + 1]] < 2) continue;
    asked++;
    if (chunkSec[first] - nodes.timeSec[node] > apart && chunkSec[first + 1] - chunkSec[first] > apart) alone++;
  }
  return alone > 0.5 * asked;
}

/** The step of a first token on an engine that puts prefill first: one between the decodes' steps, shared with others' prompts. */
export function ownStep(nodes: StepNodes, sequences: TokenSequences, request: number, node: number): number {
  const { chunkSec } = sequences.table;
  const first = sequences.firstChunk[request];
  const apart = OWN_STEP * sequences.typicalStepSec;
  const sec = chunkSec[first];
  const alone = first + 1 === sequences.endChunk[request] || chunkSec[first + 1] - sec > apart;
  if (!alone) return node;
  let before = node;
  while (nodes.previous[before] !== NONE && nodes.timeSec[before] > sec + apart) before = nodes.previous[before];
  while (
    nodes.next[before] !== NONE &&
    nodes.decodeChunks[nodes.next[before]] === 0 &&
    nodes.timeSec[nodes.next[before]] < sec + apart
  ) {
    before = nodes.next[before];
  }
  return Math.abs(sec - nodes.timeSec[before]) <= apart ? before : nodes.insertAfter(before, sec);
}
