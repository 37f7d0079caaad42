import type { Warning } from '@stepclock/faults';

/** A file that was dropped, picked, pasted or handed over by `stepclock open`. */
export interface GivenFile {
  readonly name: string;
  readonly blob: Blob;
}

interface CoefficientRow {
  readonly label: string;
  readonly phrase: string;
  /** In the unit that reads best. */
  readonly value: string;
  readonly interval: string;
  /** Of the mean step. */
  readonly share: number | null;
  readonly shareText: string;
  /** All digits, as the model's file has them. */
  readonly seconds: string;
  readonly unit: string;
}

/** What a log says of its engine, in words and figures. */
export interface Summary {
  readonly name: string;
  /** What was read. */
  readonly heading: string;
  readonly format: string;
  /** How the coefficients were found, and how far they can be trusted. */
  readonly method: string;
  readonly headline: string;
  readonly sentences: readonly string[];
  readonly coefficients: readonly CoefficientRow[];
  readonly level: number | null;
  readonly facts: readonly (readonly [string, string])[];
  readonly warnings: readonly Warning[];
  /** What the program would log besides. */
  readonly notes: readonly string[];
  readonly leftOut: readonly string[];
  /** The model's file. */
  readonly json: string;
  /** Whether all checks are done. */
  readonly isFinal: boolean;
}

/** Steps, or stretches of steps, in the order of time; seconds since `originSec` of the log's clock. */
export interface StepBars {
  readonly length: number;
  readonly startSec: Float64Array;
  readonly endSec: Float64Array;
  /** Engine steps in each: one, but for stretches between two boundaries of phases and for steps of prefill that showed nothing. */
  readonly steps: Float32Array;
  readonly decodeSeqs: Float32Array;
  readonly prefillSeqs: Float32Array;
  readonly waiting: Float32Array;
  readonly prefillTokens: Float32Array;
  readonly contextTokens: Float32Array;
  /** Time of the steps, without what lies between them. */
  readonly measuredSec: Float32Array;
  readonly predictedSec: Float32Array;
}

/** Requests in the order of their arrival, each on the lowest lane that was free. */
export interface RequestLanes {
  readonly length: number;
  readonly lanes: number;
  readonly lane: Uint32Array;
  readonly arrivalSec: Float64Array;
  /** End of the wait; NaN where the log does not tell it. */
  readonly scheduledSec: Float64Array;
  readonly firstTokenSec: Float64Array;
  readonly lastTokenSec: Float64Array;
  readonly promptTokens: Float32Array;
  readonly outputTokens: Float32Array;
  readonly names: readonly string[];
}

export interface Timeline {
  readonly bars: StepBars;
  /** The bars by cells of equal time, from the finest: what is drawn where more bars than pixels are seen. */
  readonly levels: readonly StepBars[];
  readonly requests: RequestLanes | null;
  readonly originSec: number;
  readonly isOfSteps: boolean;
  readonly note: string;
}

/** Time of a step over its batch: steps without prefill. */
export interface BatchView {
  readonly batch: Float64Array;
  readonly steps: Float64Array;
  readonly meanSec: Float64Array;
  readonly lowSec: Float64Array;
  readonly highSec: Float64Array;
  readonly predictedSec: Float64Array;
  /** How many steps fell into each cell, row by row from the shortest time. */
  readonly cells: Float64Array;
  readonly columns: number;
  readonly rows: number;
  readonly toBatch: number;
  readonly fromSec: number;
  readonly toSec: number;
}

/** Coefficients and residuals by stretches of time. */
export interface WindowsView {
  readonly middleSec: Float64Array;
  /** Measured over predicted time of the window, less one. */
  readonly residual: Float64Array;
  readonly byTerm: readonly {
    readonly label: string;
    readonly phrase: string;
    readonly unit: string;
    readonly value: number;
    /** NaN where the window alone does not tell. */
    readonly own: Float64Array;
  }[];
}

export interface MetricView {
  readonly metric: 'ttft' | 'tpot' | 'latency';
  /** Seconds at evenly spaced shares of the requests. */
  readonly measured: Float64Array;
  readonly replayed: Float64Array;
  readonly rows: readonly (readonly [figure: string, measured: string, replayed: string, error: string])[];
}

export interface ReplayView {
  readonly metrics: readonly MetricView[];
  readonly sentence: string;
}

/** What the second thread needs for its questions. */
export interface LoadFacts {
  readonly json: string;
  readonly name: string;
  readonly arrivalSec: Float64Array | null;
  readonly promptTokens: Float64Array;
  readonly outputTokens: Float64Array;
  readonly cachedTokens: Float64Array | null;
  readonly settings: { readonly maxNumSeqs: number | null; readonly maxNumBatchedTokens: number | null };
  readonly ratePerSec: number | null;
}

export interface WhatIfSettings {
  readonly maxNumSeqs: number;
  readonly maxNumBatchedTokens: number;
  readonly ttftMs: number;
  readonly tpotMs: number;
  /** Share of each prompt that is found in a cache. */
  readonly prefixHits: number;
  readonly ratePerSec: number;
}

export interface CurvePoint {
  readonly ratePerSec: number;
  readonly ttftSec: number | null;
  readonly tpotSec: number | null;
  readonly goodShare: number;
  readonly utilisation: number;
}

export interface WhatIfAnswer {
  readonly curve: readonly CurvePoint[];
  readonly atRate: CurvePoint & { readonly decodeSeqs: number; readonly outputTokensPerSec: number };
  readonly saturationPerSec: number;
  readonly holdsPerSec: number | null;
  readonly binding: string | null;
  readonly requests: number;
}

/** An answer, or why there is none. */
export interface WhatIfReply {
  readonly part: 'what-if';
  readonly answer: WhatIfAnswer | null;
  readonly why: string;
}

export interface ComparisonView {
  readonly text: string;
  readonly json: string;
}

/** Parts of a log's answer, as they come. */
export type Part =
  | { readonly part: 'progress'; readonly text: string; readonly share: number | null }
  | { readonly part: 'summary'; readonly summary: Summary }
  | { readonly part: 'timeline'; readonly timeline: Timeline }
  | { readonly part: 'batch'; readonly batch: BatchView | null }
  | { readonly part: 'windows'; readonly windows: WindowsView | null }
  | { readonly part: 'replay'; readonly replay: ReplayView | null; readonly why: string }
  | { readonly part: 'load'; readonly load: LoadFacts | null }
  | { readonly part: 'done' }
  | { readonly part: 'fault'; readonly line: string };

/** What the page asks its threads. */
export type Ask =
  | {
      readonly ask: 'open';
      readonly files: readonly GivenFile[];
      readonly version: string;
      readonly withViews: boolean;
    }
  | { readonly ask: 'export'; readonly as: 'csv' | 'chrome-trace' }
  | { readonly ask: 'load'; readonly load: LoadFacts }
  | { readonly ask: 'what-if'; readonly settings: WhatIfSettings }
  | { readonly ask: 'compare'; readonly a: string; readonly b: string; readonly names: readonly [string, string] };

/** What they answer. */
export type Reply =
  | Part
  | { readonly part: 'export'; readonly pieces: readonly string[] }
  | WhatIfReply
  | { readonly part: 'comparison'; readonly comparison: ComparisonView };
