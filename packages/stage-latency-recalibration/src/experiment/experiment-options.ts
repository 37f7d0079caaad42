import type { Family } from '../estimator/families/family.js';
import type { NetworkEffort } from '../estimator/families/smooth-forms.js';
import { METHODS, type Method, needsStages } from '../recalibration/method.js';

export interface ExperimentOptions {
  /** Numbers of target samples; default 10, 25, 50, 100. Those beyond the data are left out with a warning. */
  readonly samples?: readonly number[];
  /** Budgets as shares of the 95th percentile of the true totals; default 0.5, 0.7, 0.85, 1. */
  readonly budgets?: readonly number[];
  /** How many seeds; default 10. Each draws its own test set, source set and samples. */
  readonly seeds?: number;
  /** First seed; default 0. */
  readonly seed?: number;
  /** Default: all that the target's columns allow. */
  readonly methods?: readonly Method[];
  /** Families of the source model; default: all but the networks. */
  readonly families?: readonly Family[];
  /** Target configurations held out for testing; default a quarter of them, at most 100. */
  readonly testConfigurations?: number;
  /** Source configurations to train on; default 150. When there are no more, all are taken, those of the test set included: only target times are held out. */
  readonly sourceConfigurations?: number;
  /** Level of the conformal rules; default 0.9. */
  readonly level?: number;
  /** The fixed margin that they are compared with; default 1.1. */
  readonly margin?: number;
  /** What the guardrail predicts with; default auto. */
  readonly guardrailMethod?: Method;
  /** Work that goes into the networks of `fine-tuned`; default full. */
  readonly effort?: NetworkEffort;
}

/** Without networks, whose cross-validation takes most of the time; `fine-tuned` trains its own. */
const EXPERIMENT_FAMILIES: readonly Family[] = [
  'linear',
  'polynomial',
  'log-polynomial',
  'physics',
  'gaussian-process',
];

/** @param totalsAlone whether that is all the target has */
export const withDefaults = (options: ExperimentOptions, totalsAlone = false): Required<ExperimentOptions> => ({
  samples: options.samples ?? [10, 25, 50, 100],
  budgets: options.budgets ?? [0.5, 0.7, 0.85, 1],
  seeds: options.seeds ?? 10,
  seed: options.seed ?? 0,
  methods: options.methods ?? (totalsAlone ? METHODS.filter((method) => !needsStages(method)) : METHODS),
  families: options.families ?? EXPERIMENT_FAMILIES,
  testConfigurations: options.testConfigurations ?? 0,
  sourceConfigurations: options.sourceConfigurations ?? 150,
  level: options.level ?? 0.9,
  margin: options.margin ?? 1.1,
  guardrailMethod: options.guardrailMethod ?? 'auto',
  effort: options.effort ?? 'full',
});
