import type { Column, Provenance, ReportWarning, Verdict } from '@stepclock/charts';

/** A fitted coefficient in SI. */
export interface ReportCoefficient {
  /** `beta1`, `prefill_step`: how tables of several estimators find it. */
  readonly name: string;
  /** `per prefill token`. */
  readonly phrase: string;
  /** `s/token`. */
  readonly unit: string;
  readonly value: number;
  readonly interval?: readonly [number, number];
  /** In words: at its bound, cannot be told from another. */
  readonly note?: string;
}

/** One value a phase; all columns have the same length, rows in any order. */
export interface ReportPhases {
  /** 0 prefill, 1 decode: `PhaseTable.kind` as it is. */
  readonly kind: Uint8Array;
  /** On the trace's clock; drawn from the first start. */
  readonly startSec: Column;
  readonly observedSec: Column;
  readonly predictedSec: Column;
  /** 1 where the phase was held out of the fit. */
  readonly heldOut?: Uint8Array;
  /** Means over the phase's steps, for the residuals against batch composition. */
  readonly meanDecodes?: Column;
  readonly meanPrefillTokens?: Column;
  /** Names a phase in its tooltip: its request. */
  readonly label?: (row: number) => string;
}

/** One value a stretch between neighbouring boundaries; all columns have the same length. */
export interface ReportSegments {
  readonly startSec: Column;
  readonly durationSec: Column;
  readonly activePrefills: Column;
  readonly activeDecodes: Column;
  /** Steps inside it: the weight of its composition. Default: its duration. */
  readonly steps?: Column;
  /** Prefill pressure: tokens per step. */
  readonly prefillTokensPerStep: Column;
  /** The model's step time at this composition. */
  readonly predictedStepSec: Column;
}

/** One value a cluster (the rows of the step-clock regression). */
export interface ReportClusters {
  /** Middle of the cluster on the trace's clock. */
  readonly timeSec: Column;
  readonly observedSec: Column;
  readonly predictedSec: Column;
  readonly steps: Column;
}

/** Steps without prefill, by batch. */
export interface ReportBatches {
  readonly decodeSeqs: Column;
  readonly meanSec: Column;
  /** At the batch's mean context. */
  readonly predictedSec: Column;
}

/** Windows that were fitted by themselves. */
export interface ReportWindows {
  /** Since the start of the trace. */
  readonly middleSec: Column;
  /** A coefficient a window, by its name. */
  readonly byName: Readonly<Record<string, Column>>;
}

/** What speaks for or against the clock. */
export interface ReportClock {
  /** Named numbers and answers, formatted: weighted cluster residual over beta0, segments held at zero, ... */
  readonly facts: readonly { readonly label: string; readonly value: string }[];
  /** `k_j / k0_j - 1` a segment with steps: the correction that the counts asked for. */
  readonly corrections?: Column;
  readonly clusters?: ReportClusters;
  readonly batches?: ReportBatches;
  readonly windows?: ReportWindows;
  /** What it means, in sentences. */
  readonly findings?: readonly string[];
}

/** The same trace through another estimator. */
export interface ReportEstimator {
  readonly name: string;
  readonly betas: Readonly<Record<string, number>>;
  /** Further columns of the comparison: r2, rmse, replay error; formatted. */
  readonly facts?: Readonly<Record<string, string>>;
}

type ReplayQuantity = 'ttft' | 'tpot' | 'latency';

/** Measured beside replayed, seconds; error as a fraction. The JSON of `stepclock replay` has this shape. */
export type ReplayMetrics = Readonly<
  Partial<
    Record<
      ReplayQuantity,
      Readonly<Record<string, { readonly measured: number; readonly replayed: number; readonly error: number }>>
    >
  >
>;

export interface ReplayResult {
  readonly metrics: ReplayMetrics;
  /** One value a request, seconds. */
  readonly distributions?: Readonly<
    Partial<Record<ReplayQuantity, { readonly measured: Column; readonly replayed: Column }>>
  >;
  readonly facts?: readonly { readonly label: string; readonly value: string }[];
}

/** All that the report of an estimate shows. Absent parts leave their section out. */
export interface EstimateReportInput {
  readonly title?: string;
  readonly subtitle?: string;
  /** Replaces the verdict that is made from the numbers. */
  readonly verdict?: Verdict;
  /** `'step-clock'`, `'iterative'`, `'baseline'`. */
  readonly algo: string;
  readonly model?: string;
  readonly coefficients: readonly ReportCoefficient[];
  /** Level of the intervals, default 0.95. */
  readonly confidence?: number;
  readonly converged: boolean;
  readonly iterations?: number;
  readonly diagnostics?: readonly { readonly label: string; readonly value: string }[];
  /** What was read: format, phases, requests, time span, engine settings. */
  readonly read?: readonly { readonly label: string; readonly value: string }[];
  readonly exclusions?: readonly { readonly reason: string; readonly message: string; readonly count: number }[];
  readonly warnings?: readonly ReportWarning[];
  readonly phases?: ReportPhases;
  readonly segments?: ReportSegments;
  /** What can and what cannot be told on this trace. */
  readonly identifiability?: {
    readonly facts: readonly { readonly label: string; readonly value: string }[];
    readonly findings?: readonly string[];
  };
  readonly clock?: ReportClock;
  /** Change of the coefficients by round, and the tolerance that ends it. */
  readonly history?: { readonly deltaBetaL2: Column; readonly tolerance?: number };
  readonly others?: readonly ReportEstimator[];
  readonly replay?: ReplayResult;
  readonly provenance: Provenance;
}
