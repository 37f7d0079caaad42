import { runScenario } from '@stepclock/engine-sim';
import type { PhaseTable } from '@stepclock/trace-io';

/** Prefill tokens per step and request that the published estimators are told. */
export const CHUNK_SIZE = 512;

/**
 * Phases of a simulated engine whose prefills share a budget of 2048 tokens a step: what engines do and what the published
 * estimators do not expect, so that with a chunk size of 512 iterative does not settle and runs all its rounds.
 */
export const engineLikePhases = (phases: number, seed = 1): PhaseTable =>
  runScenario('budget-2048-bursty', { requests: Math.round(phases / 2), seed }).phases;
