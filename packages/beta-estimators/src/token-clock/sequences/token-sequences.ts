import type { TokenTable } from '@stepclock/trace-io';

/** How the chunks of a file follow the engine's steps. */
type ChunkKind =
  /** A chunk a step: of one token, or of several that the step brought (speculative decoding). */
  | { readonly kind: 'step' }
  /** A chunk every `steps` steps, the first token and the last ones apart (vLLM's --stream-interval). */
  | { readonly kind: 'interval'; readonly steps: number };

/** The chunk sequences of a file as the clock reads them: which chunk is the first token, and which step of its request each is. */
export interface TokenSequences {
  readonly table: TokenTable;
  readonly chunks: ChunkKind;
  /** Requests with a chunk, in the order of their first. */
  readonly order: Uint32Array;
  /** Of request r: where its first token lies in `chunkSec`, and one past its last. */
  readonly firstChunk: Uint32Array;
  readonly endChunk: Uint32Array;
  /** Whether some tokens have no chunk of their own though a chunk is meant to be a token: they were held back, or a step brought several. */
  readonly mergedChunks: boolean;
  /** Whether so many tokens have no chunk of their own that steps must bring several (speculative decoding). */
  readonly speculative: boolean;
  /** Requests whose first chunk was no token (a role alone) and was left out. */
  readonly roleChunks: number;
  /** The median time between neighbouring chunks of a request over the steps between them. */
  readonly typicalStepSec: number;
}

/** A first gap below this part of the median gap is a role sent just ahead of the first token. */
const ROLE_GAP = 0.25;
/** Part of the requests that must agree on the kind of chunks. */
const AGREEING = 0.9;
/** Part of the tokens without a chunk of their own from which a file counts as one of merged chunks. */
const MERGED = 0.002;
/** Held-back text is a few per cent; drafts that are accepted are more. */
const SPECULATIVE = 0.15;
const MAX_INTERVAL = 64;
/** Gaps looked at for their median. */
const GAP_SAMPLE = 20_000;

export function tokenSequences(table: TokenTable): TokenSequences {
  const { requestCount, chunkOffsets, outputTokens } = table;
  const gapSec = medianGap(table);
  const firstChunk = Uint32Array.from({ length: requestCount }, (_, r) => chunkOffsets[r]);
  const endChunk = Uint32Array.from({ length: requestCount }, (_, r) => chunkOffsets[r + 1]);
  let roleChunks = 0;
  for (let r = 0; r < requestCount; r++) {
    if (!startsWithRole(table, r, gapSec)) continue;
    firstChunk[r]++;
    roleChunks++;
  }
  const steps = interval(firstChunk, endChunk, outputTokens);
  const merged = mergedShare(firstChunk, endChunk, outputTokens);
  const order = Uint32Array.from({ length: requestCount }, (_, r) => r).filter((r) => endChunk[r] > firstChunk[r]);
  order.sort((a, b) => table.chunkSec[firstChunk[a]] - table.chunkSec[firstChunk[b]] || a - b);
  return {
    table,
    chunks: steps > 1 ? { kind: 'interval', steps } : { kind: 'step' },
    order,
    firstChunk,
    endChunk,
    mergedChunks: steps === 1 && merged > MERGED,
    speculative: steps === 1 && merged > SPECULATIVE,
    roleChunks,
    typicalStepSec: gapSec / steps,
  };
}

/** Which decode step of its request chunk number j (from 0, the first token) ends. */
export function positionOf(sequences: TokenSequences, request: number, j: number): number {
  if (sequences.chunks.kind === 'step') return j;
  return Math.min(j * sequences.chunks.steps, sequences.table.outputTokens[request] - 1);
}

function startsWithRole({ chunkOffsets, chunkSec, outputTokens }: TokenTable, r: number, gapSec: number): boolean {
  const start = chunkOffsets[r];
  const chunks = chunkOffsets[r + 1] - start;
  return chunks > Math.max(outputTokens[r], 2) && chunkSec[start + 1] - chunkSec[start] < ROLE_GAP * gapSec;
}

function medianGap({ chunkSec, chunkOffsets, requestCount }: TokenTable): number {
  const every = Math.max(1, Math.floor(chunkSec.length / GAP_SAMPLE));
  const gaps: number[] = [];
  for (let r = 0; r < requestCount; r++) {
    for (let i = chunkOffsets[r] + 1; i < chunkOffsets[r + 1]; i += every) gaps.push(chunkSec[i] - chunkSec[i - 1]);
  }
  return gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? 0;
}

/** The steps between two chunks, if nearly all requests have exactly as many chunks as an interval of that length makes; else 1. */
function interval(firstChunk: Uint32Array, endChunk: Uint32Array, outputTokens: Float64Array): number {
  let tokens = 0;
  let chunks = 0;
  for (let r = 0; r < outputTokens.length; r++) {
    if (endChunk[r] - firstChunk[r] < 2) continue;
    tokens += outputTokens[r] - 1;
    chunks += endChunk[r] - firstChunk[r] - 1;
  }
  const ratio = tokens / chunks;
  for (let steps = 2; steps <= MAX_INTERVAL; steps++) {
    if (ratio > steps || ratio < 0.4 * steps) continue;
    let long = 0;
    let agreeing = 0;
    for (let r = 0; r < outputTokens.length; r++) {
      if (outputTokens[r] <= 2) continue;
      long++;
      if (endChunk[r] - firstChunk[r] - 1 === Math.ceil((outputTokens[r] - 1) / steps)) agreeing++;
    }
    if (long > 0 && agreeing >= AGREEING * long) return steps;
  }
  return 1;
}

/** Tokens without a chunk of their own, of all. */
function mergedShare(firstChunk: Uint32Array, endChunk: Uint32Array, outputTokens: Float64Array): number {
  let tokens = 0;
  let missing = 0;
  for (let r = 0; r < outputTokens.length; r++) {
    if (endChunk[r] === firstChunk[r]) continue;
    tokens += outputTokens[r];
    missing += Math.max(outputTokens[r] - (endChunk[r] - firstChunk[r]), 0);
  }
  return tokens > 0 ? missing / tokens : 0;
}
