import { fpmPieces } from './fpm-jsonl.js';
import { llamaCppLogPieces } from './llama-cpp-log.js';
import { sglangLogPieces } from './sglang-log.js';
import { trtllmLogPieces, trtllmStatsPieces } from './trtllm.js';
import { vllmLogPieces } from './vllm-log.js';
import type { WrittenSteps } from './written-steps.js';

const WRITERS = {
  'step-log': vllmLogPieces,
  fpm: fpmPieces,
  'trtllm-log': trtllmLogPieces,
  'trtllm-stats': trtllmStatsPieces,
  'sglang-batches': sglangLogPieces,
  'llama-cpp-log': llamaCppLogPieces,
} as const;

/** Logs of engines that steps are written as, by the names of the formats that read them. */
export type StepLogFormat = keyof typeof WRITERS;
export const STEP_LOG_FORMATS = Object.keys(WRITERS) as readonly StepLogFormat[];

/** Steps as an engine's own log, in pieces. @throws Fault `trace-io/mixed-step` */
export const stepLogPieces = (steps: WrittenSteps, format: StepLogFormat): Iterable<string> => WRITERS[format](steps);
