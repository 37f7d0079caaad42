import type { ClockedSteps } from '../clocked-steps.js';
import type { TrustedRows } from '../rows/trusted-rows.js';
import { START } from '../steps/step-starts.js';

/** The engine's step log as the client saw it: one element a step. Seconds on the client's clock. */
export interface RebuiltStepLog {
  readonly length: number;
  /** Number of the engine, from 0: one engine's steps stand together, in the order of time. */
  readonly engine: Uint32Array;
  readonly startSec: Float64Array;
  /** The earliest chunk of a request that was decoding already, less `lateSec`: still late by what always lies between engine and client. */
  readonly endSec: Float64Array;
  readonly prefillTokens: Float64Array;
  readonly prefillRequests: Float64Array;
  /** Sum over the prefill tokens of their position in their prompts. */
  readonly prefillContext: Float64Array;
  readonly decodeSeqs: Float64Array;
  readonly contextTokens: Float64Array;
  /** Steps before this one that showed no token: middle chunks of prompts. */
  readonly hiddenSteps: Float64Array;
  /** Chunks seen, first ones included. */
  readonly chunksSeen: Float64Array;
  /** Mean lateness of the step's chunks after the earliest, s. */
  readonly spreadSec: Float64Array;
  /** By how much the earliest chunk is late at least, by the steps that follow, s. */
  readonly lateSec: Float64Array;
  /** What the step should last by the fit that told late ends apart, s. */
  readonly fittedSec: Float64Array;
}

export function rebuiltStepLog(clocked: ClockedSteps, { lateSec, fittedSec }: TrustedRows): RebuiltStepLog {
  const { steps, starts, prompts } = clocked;
  const endSec = steps.endSec.map((sec, k) => sec - lateSec[k]);
  return {
    length: steps.length,
    engine: engineOfSteps(steps.engineStart),
    startSec: starts.startSec.map((sec, k) => (starts.kind[k] === START.FOLLOWS ? endSec[k - 1] : sec)),
    endSec,
    prefillTokens: prompts.prefillTokens,
    prefillRequests: prompts.prefillRequests,
    prefillContext: prompts.prefillContext,
    decodeSeqs: steps.decodeSeqs,
    contextTokens: steps.contextTokens,
    hiddenSteps: prompts.hiddenSteps,
    chunksSeen: Float64Array.from(steps.decodeChunks, (n, k) => n + steps.firstChunks[k]),
    spreadSec: spreadOfSteps(clocked),
    lateSec,
    fittedSec,
  };
}

function engineOfSteps(engineStart: Uint8Array): Uint32Array {
  let engine = -1;
  return Uint32Array.from(engineStart, (starts) => {
    engine += starts;
    return engine;
  });
}

function spreadOfSteps({ steps, table, alignment }: ClockedSteps): Float64Array {
  const { firstChunk, order, endChunk } = alignment.sequences;
  const sum = new Float64Array(steps.length);
  for (const r of order) {
    for (let i = firstChunk[r] + 1; i < endChunk[r]; i++) {
      const k = steps.stepOfChunk[i];
      if (k >= 0) sum[k] += table.chunkSec[i] - steps.endSec[k];
    }
  }
  return sum.map((late, k) => (steps.decodeChunks[k] > 0 ? late / steps.decodeChunks[k] : 0));
}
