import type { MlpModel } from '@stepclock/regression';
import type { TotalRule } from '../data/decode-steps.js';
import { checkedTimes, type KnobTable, totalsOf } from '../data/stage-table.js';
import { figuresJSON, totalRuleJSON } from '../model/shared-schemas.js';
import type { StageWarning } from '../stage-fault.js';
import { type ConstantKnobs, rangeWarnings, refuseMovedConstants } from './design-check.js';
import type { ErrorFigures } from './error-figures.js';
import type { EncodedRows, Family, StagePredictor } from './families/family.js';
import { DERIVED_NAMES, type FeatureEncoding, rawFeatures, scaledFeatures } from './feature-encoding.js';

export const ESTIMATOR_SCHEMA = 'stepclock/stage-estimator@1';

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

/** `low` to `high` times the prediction, in which a share `level` of new configurations lies. */
export interface TotalInterval {
  readonly level: number;
  readonly low: number;
  readonly high: number;
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
  /** Between which multiples of a predicted total the measured ones lie; undefined where the configurations are too few, and in files that do not say. */
  readonly totalInterval?: TotalInterval | undefined;
  readonly folds: number;
  /** What `fine-tuned` trains on, one a stage, where they were trained. */
  readonly networks?: readonly MlpModel[] | undefined;
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
   * @throws Fault `stage/other-knobs`, `stage/unknown-level`, `stage/not-identifiable`, `stage/bad-value`
   */
  encode(table: KnobTable): EncodedRows {
    refuseMovedConstants(this.parts.constantKnobs, table);
    return { scaled: scaledFeatures(this.parts.encoding, table), raw: rawFeatures(this.parts.encoding, table) };
  }

  /** One column a stage, ms. @throws Fault `stage/bad-value` for what is no time */
  stageTimes(rows: EncodedRows): Float64Array[] {
    return this.parts.predictors.map((predictor, k) => checkedTimes(this.stageNames[k], predictor.predictMs(rows)));
  }

  /** @throws Fault as {@link encode} and {@link stageTimes} */
  predict(table: KnobTable): StagePrediction {
    const stagesMs = this.stageTimes(this.encode(table));
    const totalMs = totalsOf(stagesMs, this.stageNames, table.decodeSteps, this.parts.total);
    return {
      stagesMs,
      totalMs: checkedTimes('total', totalMs),
      warnings: rangeWarnings(this.parts.encoding, table),
    };
  }

  toJSON(): object {
    const { encoding, constantKnobs, stageNames, predictors, total, configurations, reports, totalHeldOut } =
      this.parts;
    const { folds, networks, totalInterval } = this.parts;
    return {
      schema: ESTIMATOR_SCHEMA,
      unit: 'ms',
      knobs: encoding.knobs,
      constant_knobs: { ...constantKnobs },
      stages: stageNames,
      total: totalRuleJSON(total),
      configurations,
      folds,
      held_out: reports.map(({ stage, family, heldOut, scores }) => ({
        stage,
        family,
        ...figuresJSON(heldOut),
        scores,
      })),
      total_held_out: totalHeldOut === null ? null : figuresJSON(totalHeldOut),
      ...(totalInterval === undefined ? {} : { total_interval: totalInterval }),
      models: predictors.map((predictor) => predictor.toJSON()),
      ...(networks === undefined ? {} : { networks: networks.map((network) => network.toJSON()) }),
    };
  }
}
