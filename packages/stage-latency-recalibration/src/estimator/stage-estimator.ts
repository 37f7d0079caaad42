import { JsonReader } from '@stepclock/regression';
import type { TotalRule } from '../data/decode-steps.js';
import { type KnobTable, totalsOf } from '../data/stage-table.js';
import { readingModel, totalRuleFrom, totalRuleJSON } from '../model-json.js';
import { type StageWarning, stageFault } from '../stage-fault.js';
import { type ConstantKnobs, rangeWarnings, refuseMovedConstants } from './design-check.js';
import type { ErrorFigures } from './error-figures.js';
import type { EncodedRows, Family, StagePredictor } from './families/family.js';
import { predictorFromJSON } from './families/index.js';
import { DERIVED_NAMES, encodingFrom, type FeatureEncoding, rawFeatures, scaledFeatures } from './feature-encoding.js';

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
   * @throws Fault `stage/other-knobs`, `stage/unknown-level`, `stage/not-identifiable`, `stage/bad-value`
   */
  encode(table: KnobTable): EncodedRows {
    refuseMovedConstants(this.parts.constantKnobs, table);
    return { scaled: scaledFeatures(this.parts.encoding, table), raw: rawFeatures(this.parts.encoding, table) };
  }

  /** @throws Fault as {@link encode} */
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
      models: predictors.map((predictor) => predictor.toJSON()),
    };
  }

  /** @throws Fault `stage/bad-model` */
  static fromJSON(value: unknown): StageEstimator {
    const json = (typeof value === 'object' && value !== null ? value : {}) as Readonly<Record<string, unknown>>;
    if (json.schema !== ESTIMATOR_SCHEMA) {
      throw stageFault('stage/bad-model', {
        what: 'schema',
        rule: `must be "${ESTIMATOR_SCHEMA}"`,
        value: json.schema,
      });
    }
    const { knobs, stages, models } = json;
    if (!Array.isArray(knobs) || !Array.isArray(stages) || !Array.isArray(models) || models.length !== stages.length) {
      throw stageFault('stage/bad-model', {
        what: 'model',
        rule: 'must have knobs, stages and a model a stage',
        value: 'others',
      });
    }
    return readingModel(() => {
      const reader = JsonReader.of(value, 'estimator');
      const stageNames = reader.strings('stages');
      return new StageEstimator({
        encoding: encodingFrom(reader.objects('knobs')),
        constantKnobs: reader.has('constant_knobs') ? constantKnobsFrom(reader, 'constant_knobs') : {},
        stageNames,
        predictors: models.map(predictorFromJSON),
        total: totalRuleFrom(reader.object('total'), stageNames),
        configurations: reader.count('configurations'),
        reports: [],
        totalHeldOut: null,
        folds: reader.count('folds'),
      });
    });
  }
}

const constantKnobsFrom = (json: JsonReader, field: string): ConstantKnobs => {
  const knobs = Object.entries(json.raw(field) as object);
  const bad = knobs.some(
    ([, value]) => typeof value !== 'string' && !(typeof value === 'number' && Number.isFinite(value)),
  );
  if (bad) throw json.fault(field, 'must hold numbers and levels');
  return Object.fromEntries(knobs) as ConstantKnobs;
};

/** Field names of error figures in files. */
export const figuresJSON = ({ maeMs, mapePercent, p95Ms, medianApePercent, r2 }: ErrorFigures): object => ({
  mae_ms: maeMs,
  mape_percent: mapePercent,
  p95_ms: p95Ms,
  median_ape_percent: medianApePercent,
  r2,
});
