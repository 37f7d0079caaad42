import type { TotalRule } from '../data/decode-steps.js';
import { type KnobTable, totalsOf } from '../data/stage-table.js';
import { StageError, type StageWarning } from '../stage-error.js';
import { type ConstantKnobs, rangeWarnings, refuseMovedConstants } from './design-check.js';
import type { ErrorFigures } from './error-figures.js';
import type { EncodedRows, Family, StagePredictor } from './families/family.js';
import { predictorFromJSON } from './families/index.js';
import { DERIVED_NAMES, type FeatureEncoding, rawFeatures, scaledFeatures } from './feature-encoding.js';

const ESTIMATOR_SCHEMA = 'stepclock/stage-estimator@1';

/** Cross-validated errors of one family on one stage, in percent of the time; null where it could not be fitted. */
export interface FamilyScore {
  readonly family: Family;
  readonly mapePercent: number | null;
}

/** What is known of one stage's model. */
export interface StageReport {
  readonly stage: string;
  readonly family: Family;
  /** Held-out errors of the chosen family (out of fold, by configuration). */
  readonly heldOut: ErrorFigures;
  /** All families, best first. */
  readonly scores: readonly FamilyScore[];
}

export interface StagePrediction {
  /** One column a stage, milliseconds. */
  readonly stagesMs: readonly Float64Array[];
  readonly totalMs: Float64Array;
  readonly warnings: readonly StageWarning[];
}

interface EstimatorParts {
  readonly encoding: FeatureEncoding;
  readonly constantKnobs: ConstantKnobs;
  readonly stageNames: readonly string[];
  readonly predictors: readonly StagePredictor[];
  readonly total: TotalRule;
  readonly configurations: number;
  readonly reports: readonly StageReport[];
  /** Held-out errors of the total. */
  readonly totalHeldOut: ErrorFigures | null;
  readonly folds: number;
}

/** Latency of each stage, and of the whole request, from the knobs. Train one with {@link trainEstimator}. */
export class StageEstimator {
  constructor(readonly parts: EstimatorParts) {}

  get stageNames(): readonly string[] {
    return this.parts.stageNames;
  }

  /** Names of the knobs that a prediction needs. */
  get knobNames(): readonly string[] {
    return [
      ...this.parts.encoding.knobs.map(({ name }) => name).filter((name) => !DERIVED_NAMES.has(name)),
      ...Object.keys(this.parts.constantKnobs),
    ];
  }

  /**
   * Knobs as features.
   *
   * @throws StageError `stage/other-knobs`, `stage/unknown-level`, `stage/not-identifiable`, `stage/bad-value`
   */
  encode(table: KnobTable): EncodedRows {
    refuseMovedConstants(this.parts.constantKnobs, table);
    return { scaled: scaledFeatures(this.parts.encoding, table), raw: rawFeatures(this.parts.encoding, table) };
  }

  /** @throws StageError as {@link encode} */
  predict(table: KnobTable): StagePrediction {
    const rows = this.encode(table);
    const stagesMs = this.parts.predictors.map((predictor) => predictor.predictMs(rows));
    return {
      stagesMs,
      totalMs: totalsOf(stagesMs, this.stageNames, table.decodeSteps, this.parts.total),
      warnings: rangeWarnings(this.parts.encoding, table),
    };
  }

  toJSON(): object {
    const { encoding, constantKnobs, stageNames, predictors, total, configurations, reports, totalHeldOut, folds } =
      this.parts;
    return {
      schema: ESTIMATOR_SCHEMA,
      unit: 'ms',
      knobs: encoding.knobs,
      constant_knobs: { ...constantKnobs },
      stages: stageNames,
      total: {
        per_step_stages: total.perStepStages,
        convention: total.convention,
        fixed_steps: total.fixedSteps ?? null,
      },
      configurations,
      folds,
      held_out: reports.map(({ stage, family, heldOut, scores }) => ({
        stage,
        family,
        ...figuresJSON(heldOut),
        scores,
      })),
      total_held_out: totalHeldOut === null ? null : figuresJSON(totalHeldOut),
      models: predictors.map((predictor) => predictor.toJSON()),
    };
  }

  /** @throws StageError `stage/bad-model` */
  static fromJSON(value: unknown): StageEstimator {
    const json = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
    if (json.schema !== ESTIMATOR_SCHEMA) {
      throw new StageError(
        'stage/bad-model',
        `schema: must be "${ESTIMATOR_SCHEMA}"; got ${JSON.stringify(json.schema)}`,
        {
          value: json.schema,
          expected: ESTIMATOR_SCHEMA,
        },
      );
    }
    const { knobs, stages, models, total } = json;
    if (!Array.isArray(knobs) || !Array.isArray(stages) || !Array.isArray(models) || models.length !== stages.length) {
      throw new StageError('stage/bad-model', 'model: must have knobs, stages and a model a stage; got others');
    }
    const rule = total as {
      per_step_stages: string[];
      convention: TotalRule['convention'];
      fixed_steps: number | null;
    };
    return new StageEstimator({
      encoding: { knobs },
      constantKnobs: (json.constant_knobs ?? {}) as ConstantKnobs,
      stageNames: stages as string[],
      predictors: models.map(predictorFromJSON),
      total: {
        perStepStages: rule.per_step_stages,
        convention: rule.convention,
        ...(rule.fixed_steps === null ? {} : { fixedSteps: rule.fixed_steps }),
      },
      configurations: Number(json.configurations),
      reports: [],
      totalHeldOut: null,
      folds: Number(json.folds),
    });
  }
}

/** Field names of error figures in files. */
export const figuresJSON = ({ maeMs, mapePercent, p95Ms, medianApePercent, r2 }: ErrorFigures): object => ({
  mae_ms: maeMs,
  mape_percent: mapePercent,
  p95_ms: p95Ms,
  median_ape_percent: medianApePercent,
  r2,
});
