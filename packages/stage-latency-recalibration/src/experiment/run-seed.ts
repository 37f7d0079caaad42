import { isFault } from '@stepclock/faults';
import {
  hasTotalsAlone,
  measuredTotals,
  type StageTable,
  TOTAL,
  takeConfigurations,
  wholeTable,
} from '../data/stage-table.js';
import { type ErrorFigures, errorFigures } from '../estimator/error-figures.js';
import type { StageEstimator, StageReport } from '../estimator/stage-estimator.js';
import { trainEstimator } from '../estimator/train-estimator.js';
import { trainTransferNetworks } from '../estimator/transfer-network.js';
import { crossFit } from '../guardrail/cross-fit.js';
import { transferJSON } from '../model/stage-model.js';
import type { BlendReport } from '../recalibration/auto-blend.js';
import type { Method } from '../recalibration/method.js';
import { farFromSamples } from '../recalibration/ratio-range.js';
import { recalibrate } from '../recalibration/recalibrate.js';
import type { Recalibration } from '../recalibration/recalibration.js';
import { type TransferInput, transferInput, transferSamples } from '../recalibration/samples.js';
import { type DrawnSets, drawSets } from './draw-sets.js';
import { type GuardrailResult, guardBudgets } from './guard-budgets.js';
import type { ExperimentPlan } from './plan-experiment.js';
import { firstSamples, type SeedFits, seedFits } from './seed-fits.js';

/**
 * What stage-awareness is compared with: one model of the total, its form chosen and carried over by `auto` as those of the stages are.
 */
export const ONE_MODEL = 'one-model';

/** A row of the experiment. */
export type Row = Method | typeof ONE_MODEL;

/** A cell of the experiment that could not be computed, and why. */
export interface NotPossible {
  /** A row, or what the seed as a whole needs. */
  readonly what: Row | 'source model' | 'guardrail';
  /** 0 where no number of samples is at fault. */
  readonly samples: number;
  readonly seed: number;
  readonly reason: string;
}

export interface CalibrationResult extends ErrorFigures {
  readonly method: Row;
  readonly samples: number;
  readonly seed: number;
  /** A stage's name, or {@link TOTAL}. */
  readonly stage: string;
  /** Test configurations whose prediction is far from what the samples measured. */
  readonly far: number;
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
  readonly notPossible: readonly NotPossible[];
  /** What `stage recalibrate` would have written at the largest N, by method; of the plan's first seed. */
  readonly models: Readonly<Record<string, object>>;
}

/** Methods whose fit is too dear to be made ten times more for bounds. */
const WITHOUT_BOUNDS: readonly Row[] = ['none', 'fine-tuned'];

/**
 * The whole experiment for one seed. The first seed of the plan also keeps its models and a picture. A cell that cannot be computed (too few
 * samples, a draw that lacks what it needs) is told with its reason, and the rest goes on.
 */
export const runSeed = (source: StageTable, target: StageTable, plan: ExperimentPlan, seed: number): SeedResult => {
  const { options } = plan;
  const sets = drawSets(source, target, plan.testConfigurations, options.sourceConfigurations, seed);
  const training = takeConfigurations(source, sets.source);
  const notPossible: NotPossible[] = [];
  /** What it computes, or nothing and a reason. */
  const tried = <T>(what: NotPossible['what'], samples: number, compute: () => T): T | undefined => {
    try {
      return compute();
    } catch (error) {
      if (!isFault(error)) throw error;
      notPossible.push({ what, samples, seed, reason: error.message });
      return undefined;
    }
  };
  const settings = { families: options.families, seed, others: [target] };
  const estimator = tried('source model', 0, () => {
    const trained = trainEstimator(training, settings).estimator;
    transferInput(trained, target);
    return trained;
  });
  const nothing = { calibration: [], guardrail: [], blends: [], picture: null, models: {}, notPossible };
  if (estimator === undefined) return { seed, source: { stages: [], total: null, model: null }, ...nothing };
  const { reports: stages, totalHeldOut: total } = estimator.parts;
  const kept = seed === options.seed;
  return {
    seed,
    source: { stages, total, model: kept ? estimator.toJSON() : null },
    ...cellsOf(estimator, training, target, sets, plan, seed, tried),
    notPossible,
  };
};

type Cells = Omit<SeedResult, 'seed' | 'source' | 'notPossible'>;

const cellsOf = (
  estimator: StageEstimator,
  training: StageTable,
  target: StageTable,
  sets: DrawnSets,
  plan: ExperimentPlan,
  seed: number,
  tried: <T>(what: NotPossible['what'], samples: number, compute: () => T) => T | undefined,
): Cells => {
  const { options, samples: sampleCounts } = plan;
  const { methods } = options;
  const kept = seed === options.seed;
  const most = sampleCounts.at(-1);
  const test = takeConfigurations(target, sets.test);
  const input = transferInput(estimator, test);
  const truth = measuredTotals(test);
  const networks = methods.includes('fine-tuned')
    ? trainTransferNetworks(estimator, training, seed, options.effort)
    : undefined;
  const everything = transferSamples(estimator, takeConfigurations(target, sets.pool));
  const settings = { seed, effort: options.effort, ...(networks === undefined ? {} : { networks }) };
  const fits = seedFits(everything, settings);
  const calibration: CalibrationResult[] = [];
  const guardrail: GuardrailResult[] = [];
  const blends: SeedResult['blends'][number][] = [];
  const models: Record<string, object> = {};
  let picture: PredictedVsActual | null = null;

  const record = (row: Row, model: Recalibration, samples: number, of: TransferInput): void => {
    const prediction = model.predict(of);
    const { totalMs } = prediction;
    const stagesMs = hasTotalsAlone(test) ? null : prediction.stagesMs;
    const far = farFromSamples(model, of, prediction).reduce((sum, flag) => sum + flag, 0);
    const common = { method: row, samples, seed, far };
    if (row !== ONE_MODEL) {
      stagesMs?.forEach((ms, k) => {
        calibration.push({ ...common, stage: target.stageNames[k], ...errorFigures(test.stagesMs[k], ms) });
      });
    }
    calibration.push({ ...common, stage: TOTAL, ...errorFigures(truth, totalMs) });
    if (!kept || row === ONE_MODEL) return;
    if (row === 'auto') picture = pictureOf(samples, test, truth, stagesMs ?? [], totalMs);
    if (samples === most && row !== 'none') {
      const first = firstSamples(everything, samples);
      const cross = WITHOUT_BOUNDS.includes(row) ? undefined : crossFit(model, first, settings);
      models[row] = transferJSON(estimator, model, cross);
    }
  };

  if (methods.includes('none')) tried('none', 0, () => record('none', recalibrate('none', everything), 0, input));
  const one = methods.includes('auto')
    ? tried(ONE_MODEL, 0, () => oneModelFits(training, target, sets, plan, seed))
    : undefined;
  for (const n of sampleCounts) {
    // First of all auto, whose candidates are methods of their own.
    const blend = methods.includes('auto') ? tried('auto', n, () => fits('auto', n).blend) : undefined;
    if (blend !== undefined) blends.push({ samples: n, stages: blend });
    for (const method of methods) {
      if (method === 'none' || (method === 'auto' && blend === undefined)) continue;
      tried(method, n, () => record(method, fits(method, n), n, input));
    }
    if (one !== undefined) tried(ONE_MODEL, n, () => record(ONE_MODEL, one.fits('auto', n), n, one.input));
    guardrail.push(
      ...(tried('guardrail', n, () =>
        guardBudgets(fits, everything, n, { ...input, totalMs: truth }, options, settings),
      ) ?? []),
    );
  }
  return { calibration, guardrail, blends, picture, models };
};

/** The same draw with the total as the one stage. */
const oneModelFits = (
  training: StageTable,
  target: StageTable,
  sets: DrawnSets,
  { options }: ExperimentPlan,
  seed: number,
): { readonly fits: SeedFits; readonly input: TransferInput } => {
  const whole = wholeTable(target);
  const { estimator } = trainEstimator(wholeTable(training), { families: options.families, seed, others: [target] });
  return {
    fits: seedFits(transferSamples(estimator, takeConfigurations(whole, sets.pool)), { seed }),
    input: transferInput(estimator, takeConfigurations(whole, sets.test)),
  };
};

const pictureOf = (
  samples: number,
  test: StageTable,
  truth: Float64Array,
  stagesMs: readonly Float64Array[],
  totalMs: Float64Array,
): PredictedVsActual => ({
  method: 'auto',
  samples,
  stages: [
    ...stagesMs.map((predictedMs, k) => ({
      stage: test.stageNames[k],
      measuredMs: test.stagesMs[k],
      predictedMs,
    })),
    { stage: TOTAL, measuredMs: truth, predictedMs: totalMs },
  ],
});
