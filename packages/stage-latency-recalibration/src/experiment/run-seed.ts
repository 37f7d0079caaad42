import { measuredTotals, type StageTable, takeConfigurations } from '../data/stage-table.js';
import { type ErrorFigures, errorFigures } from '../estimator/error-figures.js';
import type { StageEstimator } from '../estimator/stage-estimator.js';
import { trainEstimator } from '../estimator/train-estimator.js';
import { trainTransferNetworks } from '../estimator/transfer-network.js';
import { jackknifeBounds, marginBounds, splitBounds } from '../guardrail/bounds.js';
import { conformalSelection } from '../guardrail/conformal-selection.js';
import { crossFit } from '../guardrail/cross-fit.js';
import { type GuardrailFigures, guardrailFigures } from '../guardrail/guardrail-figures.js';
import type { BlendReport } from '../recalibration/auto-blend.js';
import { leastSamples, type Method } from '../recalibration/method.js';
import { type Recalibration, recalibrate } from '../recalibration/recalibrate.js';
import { takeSamples, transferInput, transferSamples } from '../recalibration/samples.js';
import { drawSets, testSize } from './draw-sets.js';
import type { ExperimentOptions } from './experiment-options.js';

/** Name of the total among the stages of results. */
export const TOTAL = 'T_total';

export interface CalibrationResult extends ErrorFigures {
  readonly method: Method;
  readonly samples: number;
  readonly seed: number;
  /** A stage's name, or {@link TOTAL}. */
  readonly stage: string;
}

export interface GuardrailResult extends GuardrailFigures {
  readonly rule: string;
  readonly samples: number;
  readonly seed: number;
  /** Share of the 95th percentile of true totals. */
  readonly budget: number;
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

export interface SeedResult {
  readonly seed: number;
  readonly source: StageEstimator;
  /** The source model on the test configurations of the source GPU, where those were measured; null otherwise. */
  readonly sourceTotal: ErrorFigures | null;
  readonly calibration: readonly CalibrationResult[];
  readonly guardrail: readonly GuardrailResult[];
  readonly blends: readonly { readonly samples: number; readonly stages: readonly BlendReport[] }[];
  readonly picture: PredictedVsActual | null;
}

/** Margins of the threshold sweep. */
const MARGINS: readonly number[] = [1, 1.02, 1.05, 1.1, 1.15, 1.2, 1.3, 1.5];

/** The whole experiment for one seed. */
export const runSeed = (
  source: StageTable,
  target: StageTable,
  sampleCounts: readonly number[],
  options: Required<ExperimentOptions>,
  seed: number,
  withPicture: boolean,
): SeedResult => {
  const sets = drawSets(
    source,
    target,
    testSize(target, options.testConfigurations),
    options.sourceConfigurations,
    seed,
  );
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
      const stage = target.stageNames[k] as string;
      calibration.push({ ...common, stage, ...errorFigures(test.stagesMs[k] as Float64Array, ms) });
    });
    calibration.push({ ...common, stage: TOTAL, ...errorFigures(truth, totalMs) });
  };

  const everything = transferSamples(estimator, takeConfigurations(target, sets.pool));
  if (options.methods.includes('none')) record(recalibrate('none', everything), 0);
  for (const n of sampleCounts) {
    const samples = takeSamples(
      everything,
      Uint32Array.from({ length: n }, (_, i) => i),
    );
    const settings = { seed, effort: options.effort, ...(networks === undefined ? {} : { networks }) };
    let guarded: Recalibration | undefined;
    for (const method of options.methods) {
      if (method === 'none' || n < leastSamples(method)) continue;
      const model = recalibrate(method, samples, settings);
      record(model, n);
      if (model.blend !== undefined) blends.push({ samples: n, stages: model.blend });
      if (method === options.guardrailMethod) guarded = model;
      if (withPicture && method === 'auto') {
        const { stagesMs, totalMs } = model.predict(input);
        picture = {
          method,
          samples: n,
          stages: [
            ...(stagesMs ?? []).map((predictedMs, k) => ({
              stage: test.stageNames[k] as string,
              measuredMs: test.stagesMs[k] as Float64Array,
              predictedMs,
            })),
            { stage: TOTAL, measuredMs: truth, predictedMs: totalMs },
          ],
        };
      }
    }
    guarded ??= recalibrate(options.guardrailMethod, samples, settings);
    const cross = crossFit(guarded, samples, settings);
    const half = Uint32Array.from({ length: Math.ceil(n / 2) }, (_, i) => i);
    const others = Uint32Array.from({ length: n - half.length }, (_, i) => half.length + i);
    const halfModel = recalibrate(options.guardrailMethod, takeSamples(samples, half), settings);
    const percent = Math.round(100 * options.level);
    const rules = [
      ...[...new Set([...MARGINS, options.margin])].map((margin) => ({
        rule: `margin_${margin}`,
        bounder: marginBounds(guarded, margin),
      })),
      {
        rule: `split_conformal_${percent}`,
        bounder: splitBounds(halfModel, takeSamples(samples, others), options.level),
      },
      { rule: `jackknife_plus_${percent}`, bounder: jackknifeBounds(guarded, cross, options.level) },
    ];
    const reference = percentile95(truth);
    const predicted = guarded.predict(input).totalMs;
    for (const { rule, bounder } of rules) {
      const { upperMs } = bounder.bounds(input);
      for (const budget of options.budgets) {
        guardrail.push({ rule, samples: n, seed, budget, ...guardrailFigures(truth, upperMs, budget * reference) });
      }
    }
    for (const budget of options.budgets) {
      const budgetMs = budget * reference;
      const { accepted } = conformalSelection(
        predicted,
        cross.predictedMs,
        samples.targetTotalMs,
        budgetMs,
        1 - options.level,
      );
      guardrail.push({
        rule: `conformal_selection_${100 - percent}`,
        samples: n,
        seed,
        budget,
        ...guardrailFigures(truth, predicted, budgetMs, (row) => accepted[row] === 1),
      });
    }
  }
  return {
    seed,
    source: estimator,
    sourceTotal: estimator.parts.totalHeldOut,
    calibration,
    guardrail,
    blends,
    picture,
  };
};

const percentile95 = (values: Float64Array): number => {
  const sorted = values.slice().sort();
  const position = 0.95 * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below] as number;
  return low + ((sorted[Math.min(below + 1, sorted.length - 1)] as number) - low) * (position - below);
};
