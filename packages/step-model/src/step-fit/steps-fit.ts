import type { Betas, Identifiability, StepWindow, Term, Weighting } from '@stepclock/step-cost';
import type { StepEstimate } from './block-windows.js';
import type { LogHalves } from './halves.js';

export interface FitStepsOptions {
  /** A short form of `terms`: `kv` takes the context term, `linear` leaves it out; `auto` (default): as `terms` says. */
  readonly model?: 'auto' | 'linear' | 'kv';
  /** Terms of the cost, by name or label; `auto` (default): the base terms that the log tells, and the families that lower the held-out loss. */
  readonly terms?: readonly string[] | 'auto';
  /** Where terms are looked up. Default: every term that stepclock knows. */
  readonly catalogue?: readonly Term[];
  /** Default `inverse-seconds`: 1 / fitted seconds. */
  readonly weights?: Weighting;
  /** Default `mean`: of the steps that are no stalls. `robust`: far steps count less, and one factor makes the fit meet the measured time. */
  readonly estimate?: StepEstimate;
  /** Whether stalls are set apart. Default: `apart`, but `in` under `weights: 'none'`, which is plain least squares of all steps. */
  readonly stalls?: 'apart' | 'in';
  /** Whether every step of a long log is fitted, and not an even part of its blocks. Default false. */
  readonly allSteps?: boolean;
  /** Level of the intervals. Default 0.95. */
  readonly level?: number;
}

export type Interval = readonly [number, number];

export interface StepsWarning {
  readonly code:
    | 'empty-steps'
    | 'untimed-steps'
    | 'incomplete-steps'
    | 'unidentified-coefficient'
    | 'not-identifiable'
    | 'held-at-zero'
    | 'no-intervals'
    | 'engine-drifted';
  readonly message: string;
}

/** Coefficients fitted to a step log; `betasFileOf` makes a betas file of it. */
export interface StepsFit {
  readonly algo: 'steps';
  readonly model: 'linear' | 'kv' | 'terms';
  readonly estimate: StepEstimate;
  readonly terms: readonly Term[];
  readonly betas: Betas;
  /** Null when the log has fewer than ten blocks of steps. */
  readonly intervals: {
    readonly level: number;
    /** Null where nothing tells of a coefficient. */
    readonly byLabel: Readonly<Record<string, Interval | null>>;
    readonly covariance: readonly (readonly number[])[];
    readonly blocks: number;
  } | null;
  /** The blocks of steps that were fitted, as sums. */
  readonly windows: readonly StepWindow[];
  readonly identifiability: Identifiability & {
    readonly compositions: {
      readonly prefillTokens: Interval;
      readonly decodeSeqs: Interval;
      readonly contextTokens?: Interval;
    };
  };
  readonly diagnostics: {
    /** Steps with work in them, and how many of them hold a stall. */
    readonly nSteps: number;
    /** Steps of the blocks that were fitted and stand for the others; absent where all were. */
    readonly nSampled?: number;
    readonly stalls: number;
    /** Measured = fitted + stalls, to what the fit leaves. A stall's whole step counts as one. */
    readonly measuredSeconds: number;
    readonly fittedSeconds: number;
    readonly stallSeconds: number;
    /** Of the steps that are no stalls; null where all of them took the same time. */
    readonly r2: number | null;
    /** Null where only weighted sums of the steps are known. */
    readonly rmseSeconds: number | null;
    /** Root mean square of measured / fitted - 1: the relative scatter of a step; null where only sums of the steps are known. */
    readonly relativeRmse: number | null;
    readonly meanDurationSeconds: number;
  };
  /** The log's halves beside each other; null where it is too short. */
  readonly halves: LogHalves | null;
  readonly warnings: readonly StepsWarning[];
}
