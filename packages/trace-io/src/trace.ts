import type { PhaseTable } from './tables/phase-table.js';
import type { RequestTable } from './tables/request-table.js';
import type { StepTable } from './tables/step-table.js';
import type { TokenTable } from './tables/token-table.js';

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
  /** GPUs that share every layer. */
  readonly tensorParallelSize?: number;
  /** Engines side by side, each with these limits, that share the requests; absent where there is one. */
  readonly dataParallelSize?: number;
  /** Stages that a step passes one after another, several steps at once; absent where there is one. */
  readonly pipelineParallelSize?: number;
  /** Present where a step may yield several tokens of a request. */
  readonly speculation?: true;
  readonly prefixCaching?: boolean;
  readonly chunkedPrefill?: boolean;
  /** By its name in the engine: fcfs, priority, lpm. */
  readonly schedulingPolicy?: string;
}

/** What every format tells of its file. */
export interface FileFacts {
  /** Name of the format, as `--format` takes it. */
  readonly format: string;
  /** For people: which clock the times are on. */
  readonly clock: string;
  /** Unit of the times in the file; the tables are in seconds. */
  readonly timeUnit: 's' | 'ms' | 'us' | 'ns';
  readonly settings: EngineSettings;
  /** Where the tables' zero lies on the file's clock, s; absent means at the clock's own zero. */
  readonly originSec?: number;
}

/** What a format tells of requests that were served, so that estimators act on it and warn. */
export interface ServedFacts extends FileFacts {
  /** Whether waiting in the queue is part of the prefill phases. */
  readonly queueInPrefill: 'no' | 'yes' | 'unknown';
  /** Whether the first output token comes with the last prefill step, so that D output tokens are D - 1 decode steps. */
  readonly firstTokenWithPrefill: boolean;
  /** Requests that were cut off, and count as far as they got; absent where there are none. */
  readonly cutRequests?: number;
  /** What a request has in this file; absent for tables of bare phases. */
  readonly has?: readonly RequestFact[];
}

/** What a format tells of a step log. */
export interface StepFacts extends FileFacts {
  /** Steps that the engine took and the log lacks, by its own counting; absent where nothing counts. */
  readonly lostSteps?: number;
  /** Whether the log has every k-th step only, by its own word. */
  readonly sampled?: boolean;
}

/** The facts of any trace: those of served requests, and of steps, only where there are any. */
export type TraceFacts = FileFacts & Partial<ServedFacts> & Partial<StepFacts>;

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
  /** Those of them that press on the others all the same, as phases that were cut off; absent where none does. */
  readonly load?: number;
  /** Line or record numbers (1-based) of the first few. */
  readonly lines: readonly number[];
  /** Set where the records could not be read, rather than say themselves that they do not count. */
  readonly unreadable?: true;
}

type TableName = 'phases' | 'requests' | 'tokens' | 'steps' | 'windows';
type Without<Names extends TableName> = { readonly [Name in Names]?: undefined };

/**
 * Requests that were served, as phases; the requests themselves where the file is not a bare table of phases, and the time of every
 * chunk of their output where it tells.
 */
export interface PhaseTrace extends Without<'steps' | 'windows'> {
  readonly kind: 'phases';
  readonly facts: ServedFacts;
  readonly phases: PhaseTable;
  readonly tokens?: TokenTable;
  readonly requests?: RequestTable;
  readonly exclusions: readonly Exclusion[];
}

/** Requests with the time of every chunk of their output, and no word of when they were sent: chunk times count from there. */
export interface TokenTrace extends Without<'phases' | 'requests' | 'steps' | 'windows'> {
  readonly kind: 'tokens';
  readonly facts: ServedFacts;
  readonly tokens: TokenTable;
  readonly exclusions: readonly Exclusion[];
}

/** An engine's own steps. */
export interface StepTrace extends Without<'phases' | 'requests' | 'tokens' | 'windows'> {
  readonly kind: 'steps';
  readonly facts: TraceFacts;
  readonly steps: StepTable;
  readonly exclusions: readonly Exclusion[];
}

/** Arrivals and lengths of requests, without latencies. */
export interface WorkloadTrace extends Without<'phases' | 'tokens' | 'steps' | 'windows'> {
  readonly kind: 'workload';
  readonly facts: TraceFacts;
  readonly requests: RequestTable;
  readonly exclusions: readonly Exclusion[];
}

/** Some steps of one engine as sums, by a query over a table of steps. */
export interface StepWindowLine {
  readonly engine: string;
  /** Its place in the engine's time. */
  readonly part: number;
  /** JSON of the sums. */
  readonly text: string;
  /** 1-based line of the file, or number of the record. */
  readonly line: number;
}

/** An engine's steps, summed elsewhere. */
export interface WindowTrace extends Without<'phases' | 'requests' | 'tokens' | 'steps'> {
  readonly kind: 'windows';
  readonly facts: TraceFacts;
  readonly windows: readonly StepWindowLine[];
  readonly exclusions: readonly Exclusion[];
}

/** A file, read. */
export type Trace = PhaseTrace | TokenTrace | StepTrace | WindowTrace | WorkloadTrace;
