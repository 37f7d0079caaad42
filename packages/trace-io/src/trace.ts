import type { PhaseTable } from './tables/phase-table.js';
import type { RequestTable } from './tables/request-table.js';
import type { StepTable } from './tables/step-table.js';

/** Engine settings found beside or inside a trace. Token counts. */
export interface EngineSettings {
  readonly maxNumBatchedTokens?: number;
  readonly maxNumSeqs?: number;
  readonly kvTokens?: number;
  readonly chunkSize?: number;
  readonly model?: string;
  readonly engine?: string;
  readonly device?: string;
  /** Whether a step is planned while the one before it runs. */
  readonly asyncScheduling?: boolean;
}

/** What a format can tell, carried along so that estimators act on it and warn. */
export interface TraceFacts {
  /** Name of the format, as `--format` takes it. */
  readonly format: string;
  /** For people: which clock the times are on. */
  readonly clock: string;
  /** Unit of the times in the file; the tables are in seconds. */
  readonly timeUnit: 's' | 'ms' | 'us' | 'ns';
  /** Whether waiting in the queue is part of the prefill phases. */
  readonly queueInPrefill: 'no' | 'yes' | 'unknown';
  /** Whether the first output token comes with the last prefill step, so that D output tokens are D - 1 decode steps. */
  readonly firstTokenWithPrefill: boolean;
  readonly settings: EngineSettings;
  /** What a request has in this file; absent for tables of bare phases. */
  readonly has?: readonly RequestFact[];
  /** Where the tables' zero lies on the file's clock, s; absent means at the clock's own zero. */
  readonly originSec?: number;
}

/** A thing that a format may tell of a request. */
export type RequestFact =
  | 'arrival'
  | 'scheduled'
  | 'first-token'
  | 'last-token'
  | 'prompt'
  | 'cached'
  | 'output'
  | 'decode-steps'
  | 'preemptions';

/** Rows that were read but left out of the tables, and why. */
export interface Exclusion {
  /** Stable kebab-case name of the reason. */
  readonly reason: string;
  /** The reason in words. */
  readonly message: string;
  readonly count: number;
  /** Line or record numbers (1-based) of the first few. */
  readonly lines: readonly number[];
}

/**
 * A file, read: its phases (absent for workloads without latencies and for step logs), its requests (absent for bare phase
 * tables), its steps (step logs only).
 */
export interface Trace {
  readonly facts: TraceFacts;
  readonly phases?: PhaseTable;
  readonly requests?: RequestTable;
  readonly steps?: StepTable;
  readonly exclusions: readonly Exclusion[];
}
