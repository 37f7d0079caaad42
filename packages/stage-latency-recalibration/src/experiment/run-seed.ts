import { measuredTotals, type StageTable, takeConfigurations } from '../data/stage-table.js';
import { type ErrorFigures, errorFigures } from '../estimator/error-figures.js';
import type { StageReport } from '../estimator/stage-estimator.js';
import { trainEstimator } from '../estimator/train-estimator.js';
import { trainTransferNetworks } from '../estimator/transfer-network.js';
import type { BlendReport } from '../recalibration/auto-blend.js';
import { leastSamples, type Method } from '../recalibration/method.js';
import { type Recalibration, recalibrate } from '../recalibration/recalibrate.js';
import { transferInput, transferSamples } from '../recalibration/samples.js';
import { drawSets } from './draw-sets.js';
import { type GuardrailResult, guardBudgets } from './guard-budgets.js';
import type { ExperimentPlan } from './plan-experiment.js';
import { seedFits } from './seed-fits.js';

/** Name of the total among the stages of results. */
export const TOTAL = 'T_total';

export interface CalibrationResult extends ErrorFigures {
  readonly method: Method;
  readonly samples: number;
  readonly seed: number;
  /** A stage's name, or {@link TOTAL}. */
  readonly stage: string;
}

/** Measured and predicted on the test set, for the picture of one seed. */
export interface PredictedVsActual {
  readonly method: Method;
  readonly samples: number;
  readonly stages: readonly {
    readonly stage: string;
    readonly measuredMs: Float64Array;
    readonly predictedMs: Float64Array;
  }[];
}

/** Plain data: it passes between threads as it is. */
export interface SeedResult {
  readonly seed: number;
  /** The source model, its errors out of fold, and the model itself where it is kept. */
  readonly source: {
    readonly stages: readonly StageReport[];
    readonly total: ErrorFigures | null;
    readonly model: object | null;
  };
  readonly calibration: readonly CalibrationResult[];
  readonly guardrail: readonly GuardrailResult[];
  readonly blends: readonly { readonly samples: number; readonly stages: readonly BlendReport[] }[];
  readonly picture: PredictedVsActual | null;
}

/**
 * The whole experiment for one seed. The first seed of the plan also keeps its model and a picture.
 *
 * @throws Fault as `trainEstimator`, `transferInput` and `recalibrate`
 */
export const runSeed = (source: StageTable, target: StageTable, plan: ExperimentPlan, seed: number): SeedResult => {
  const { options, samples: sampleCounts } = plan;
  const kept = seed === options.seed;
  const sets = drawSets(source, target, plan.testConfigurations, options.sourceConfigurations, seed);
  const training = takeConfigurations(source, sets.source);
  const { estimator } = trainEstimator(training, { families: options.families, seed });
  const test = takeConfigurations(target, sets.test);
  const input = transferInput(estimator, test);
  const truth = measuredTotals(test);
  const networks = options.methods.includes('fine-tuned')
    ? trainTransferNetworks(estimator, training, seed, options.effort)
    : undefined;
  const calibration: CalibrationResult[] = [];
  const guardrail: GuardrailResult[] = [];
  const blends: SeedResult['blends'][number][] = [];
  let picture: PredictedVsActual | null = null;

  const record = (model: Recalibration, samples: number): void => {
    const { stagesMs, totalMs } = model.predict(input);
    const common = { method: model.method, samples, seed };
    stagesMs?.forEach((ms, k) => {
      const stage = target.stageNames[k];
      calibration.push({ ...common, stage, ...errorFigures(test.stagesMs[k], ms) });
    });
    calibration.push({ ...common, stage: TOTAL, ...errorFigures(truth, totalMs) });
    if (kept && model.method === 'auto') {
      picture = {
        method: 'auto',
        samples,
        stages: [
          ...(stagesMs ?? []).map((predictedMs, k) => ({
            stage: test.stageNames[k],
            measuredMs: test.stagesMs[k],
            predictedMs,
          })),
          { stage: TOTAL, measuredMs: truth, predictedMs: totalMs },
        ],
      };
    }
  };

  const everything = transferSamples(estimator, takeConfigurations(target, sets.pool));
  const settings = { seed, effort: options.effort, ...(networks === undefined ? {} : { networks }) };
  const fits = seedFits(everything, settings);
  if (options.methods.includes('none')) record(recalibrate('none', everything), 0);
  for (const n of sampleCounts) {
    // First of all auto, whose candidates are methods of their own.
    const blend = options.methods.includes('auto') && n >= leastSamples('auto') ? fits('auto', n).blend : undefined;
    if (blend !== undefined) blends.push({ samples: n, stages: blend });
    for (const method of options.methods) {
      if (method !== 'none' && n >= leastSamples(method)) record(fits(method, n), n);
    }
    guardrail.push(...guardBudgets(fits, everything, n, { ...input, totalMs: truth }, options, settings));
  }
  const { reports: stages, totalHeldOut: total } = estimator.parts;
  return {
    seed,
    source: { stages, total, model: kept ? estimator.toJSON() : null },
    calibration,
    guardrail,
    blends,
    picture,
  };
};
