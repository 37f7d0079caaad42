import { figuresJSON } from '../model/shared-schemas.js';
import { TRANSFER_SCHEMA } from '../model/stage-model.js';
import { roundedDeep, type Spread } from './aggregate.js';
import type { ExperimentResult } from './run-experiment.js';
import { experimentSummary } from './summary.js';
import { type GuardrailPoint, guardrailPoints, transferPoints } from './transfer-curves.js';

/** The four result files of an experiment, by name, as plain objects. */
export type ExperimentFiles = Readonly<
  Record<
    'e3_estimator_model' | 'e3_calibration_results' | 'e3_transfer_curves' | 'e3_guardrail_analysis',
    Readonly<Record<string, unknown>>
  >
>;

/** The letters that the result files carry beside the names of the three classical methods. */
const METHOD_LETTERS: Readonly<Record<string, string>> = { affine: 'A', 'global-affine': 'B', 'fine-tuned': 'C' };

const spread = ({ mean, sd, standardError }: Spread) => ({ mean, sd, standard_error: standardError });

const guardrailJSON = (point: GuardrailPoint) => ({
  rule: point.rule,
  samples: point.samples,
  ...(point.budget === null ? {} : { budget_fraction: point.budget }),
  violation_rate_without_percent: point.violationsWithoutPercent,
  violation_rate_with_percent: point.violationsWithPercent,
  coverage_percent: spread(point.coveragePercent),
  false_accept_percent: point.falseAcceptPercent,
  false_reject_percent: point.falseRejectPercent,
  accepted_percent: point.acceptedPercent,
});

/** Everything that the experiment found, file by file; numbers to six digits, times in ms, the same bytes for the same seeds. */
export const experimentFiles = (result: ExperimentResult): ExperimentFiles => {
  const { options, seeds } = result;
  const settings = {
    samples: result.samples,
    seeds: seeds.map(({ seed }) => seed),
    source_configurations: Math.min(options.sourceConfigurations, result.sourceConfigurations),
    test_configurations: result.testConfigurations,
    target_configurations: result.targetConfigurations,
    stages: result.stageNames,
  };
  const points = transferPoints(result);
  const { byBudget, overall } = guardrailPoints(result);
  const [first] = seeds;
  const files = {
    e3_estimator_model: {
      schema: 'stepclock/stage-experiment-estimator@1',
      settings,
      held_out_by_seed: seeds.map(({ seed, source }) => ({
        seed,
        total: source.total === null ? null : figuresJSON(source.total),
        stages: source.stages.map(({ stage, family, heldOut }) => ({ stage, family, ...figuresJSON(heldOut) })),
      })),
    },
    e3_calibration_results: {
      schema: 'stepclock/stage-calibration-results@1',
      settings,
      results: seeds.flatMap(({ calibration }) =>
        calibration.map(({ method, samples, seed, stage, far, ...figures }) => ({
          method,
          ...(METHOD_LETTERS[method] === undefined ? {} : { plan_name: METHOD_LETTERS[method] }),
          samples,
          seed,
          stage,
          ...figuresJSON(figures),
          far_from_samples: far,
        })),
      ),
      not_possible: seeds.flatMap(({ notPossible }) => notPossible),
      auto: seeds.flatMap(({ seed, blends }) =>
        blends.map(({ samples, stages }) => ({
          seed,
          samples,
          stages: stages.map(({ stage, winner, candidates }) => ({
            stage,
            winner,
            candidates: candidates.map(({ candidate, weight, crossValidatedPercent }) => ({
              candidate,
              weight,
              cross_validated_percent: crossValidatedPercent,
            })),
          })),
        })),
      ),
    },
    e3_transfer_curves: {
      schema: 'stepclock/stage-transfer-curves@1',
      settings,
      baseline: points
        .filter(({ samples }) => samples === 0)
        .map(({ stage, mapePercent, maeMs }) => ({ stage, mape_percent: spread(mapePercent), mae_ms: spread(maeMs) })),
      curves: points
        .filter(({ samples }) => samples > 0)
        .map(({ method, samples, stage, mapePercent, maeMs, p95Ms }) => ({
          method,
          ...(METHOD_LETTERS[method] === undefined ? {} : { plan_name: METHOD_LETTERS[method] }),
          samples,
          stage,
          mape_percent: spread(mapePercent),
          mae_ms: spread(maeMs),
          p95_ms: spread(p95Ms),
        })),
    },
    e3_guardrail_analysis: {
      schema: 'stepclock/stage-guardrail-analysis@1',
      settings: {
        ...settings,
        level: options.level,
        margin: options.margin,
        predicts_with: options.guardrailMethod,
        budgets: options.budgets,
        budget_unit: 'share of the 95th percentile of the true totals of the test set',
      },
      rules: byBudget
        .filter(({ rule }) => !rule.startsWith('margin_') || rule === `margin_${options.margin}`)
        .map(guardrailJSON),
      over_all_budgets: overall.map(guardrailJSON),
      threshold_sweep: byBudget.filter(({ rule }) => rule.startsWith('margin_')).map(guardrailJSON),
      note: 'Coverage and rates hold for configurations drawn like the samples. An optimiser that picks the best of the accepted picks where the model errs in its favour: measure the winner again.',
    },
  };
  const rounded = roundedDeep(files) as ExperimentFiles;
  return {
    ...rounded,
    // The model itself keeps all its digits.
    e3_estimator_model: { ...rounded.e3_estimator_model, model: first?.source.model ?? null },
    e3_transfer_curves: {
      ...rounded.e3_transfer_curves,
      summary: experimentSummary(result),
      warnings: result.warnings,
    },
  };
};

/**
 * The recalibrated models of the first seed at the largest N, by method, each as `stage recalibrate` writes one.
 */
export const experimentModels = (result: ExperimentResult): Readonly<Record<string, object>> => {
  const kept = result.seeds.find(({ models }) => Object.keys(models).length > 0);
  const about = { samples: result.samples.at(-1), seed: kept?.seed };
  return Object.fromEntries(
    Object.entries(kept?.models ?? {}).map(([method, model]) => [
      `e3_recalibrated_${method}`,
      { schema: TRANSFER_SCHEMA, method, ...about, ...model },
    ]),
  );
};
