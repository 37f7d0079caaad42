import { isFault } from '@stepclock/faults';
import { medianOf } from '@stepclock/numerics';
import { EXACT_ROWS, INDUCING_ROWS, type Split, takeRows } from '@stepclock/regression';
import { knobKeys } from '../data/configurations.js';
import { knobSplits } from '../data/knob-splits.js';
import { type KnobTable, measuredTotals, placeOf, type StageTable, totalsOf } from '../data/stage-table.js';
import { type StageWarning, stageFault } from '../stage-fault.js';
import { conformalRanks, INTERVAL_LEVEL } from './conformal-ranks.js';
import { constantKnobs, designWarnings } from './design-check.js';
import { errorFigures } from './error-figures.js';
import { DEFAULT_FAMILIES, type EncodedRows, type Family, type StagePredictor } from './families/family.js';
import { familyFits } from './families/index.js';
import { learnEncoding, rawFeatures, scaledFeatures } from './feature-encoding.js';
import { type FamilyScore, StageEstimator, type StageReport, type TotalInterval } from './stage-estimator.js';

export interface TrainOptions {
  /** Families to choose from; default: all but `mlp-separate`. One alone is taken without a choice. */
  readonly families?: readonly Family[];
  /** Default 4, each of which holds out a quarter of the configurations; 10 up to 100 configurations, of which a quarter is missed. */
  readonly folds?: number;
  /** Default 0. */
  readonly seed?: number;
  /** Tables that will be predicted: their knobs have a say in how knobs become features (a zero rules out logarithms). */
  readonly others?: readonly KnobTable[];
  /** Told before each form is tried. */
  readonly onFamily?: (family: Family, at: number, of: number) => void;
}

export interface TrainedEstimator {
  readonly estimator: StageEstimator;
  readonly warnings: readonly StageWarning[];
}

/** Forms that take a part of many configurations for all of them. */
const PROCESSES: readonly Family[] = ['gaussian-process'];

/** Below this, a choice between families is a matter of luck. */
const FEW_CONFIGURATIONS = 12;
/** Without a quarter of so few, a model errs by a third more than with all (`npm run validate -- DATA --only stage-settings`). */
const FEW_FOR_QUARTERS = 100;

/**
 * Trains one model a stage, its family chosen by cross-validation over configurations (repeats are merged, and rows of equal knobs held out
 * together, so none leaks), by mean absolute relative error; then fits the chosen family to all rows.
 *
 * @param table at least 3 configurations
 * @throws Fault `stage/too-few-samples`, `stage/no-features`
 */
export const trainEstimator = (table: StageTable, options: TrainOptions = {}): TrainedEstimator => {
  const { families = DEFAULT_FAMILIES, seed = 0 } = options;
  const n = table.length;
  const folds = Math.min(options.folds ?? (n <= FEW_FOR_QUARTERS ? 10 : 4), n);
  if (n < 3) {
    throw stageFault('stage/too-few-samples', {
      what: 'configurations',
      rule: 'must be at least 3 to train on',
      value: n,
    });
  }
  if (!(Number.isSafeInteger(folds) && folds >= 2)) {
    throw stageFault('stage/bad-option', { what: 'folds', rule: 'must be a whole number from 2', value: folds });
  }
  const encoding = learnEncoding(table, options.others);
  const rows: EncodedRows = { scaled: scaledFeatures(encoding, table), raw: rawFeatures(encoding, table) };
  const splits = knobSplits(knobKeys(table), folds, seed);
  const trials = families.flatMap((family, at) => {
    options.onFamily?.(family, at, families.length);
    const trial = tryFamily(family, rows, table.stagesMs, splits, seed);
    return trial === undefined ? [] : [{ family, ...trial }];
  });
  if (trials.length === 0) {
    throw stageFault('stage/too-few-samples', {
      what: 'configurations',
      rule: `must be enough for one of ${families.join(', ')}`,
      value: n,
    });
  }
  const choices = table.stagesMs.map((measured, k) => {
    const scored = trials
      .map((trial) => ({ trial, figures: errorFigures(measured, trial.outOfFold[k]) }))
      .sort((a, b) => a.figures.mapePercent - b.figures.mapePercent);
    const [best] = scored;
    if (best === undefined) throw new RangeError('no trial');
    const scores: FamilyScore[] = [
      ...scored.map(({ trial: { family }, figures }) => ({ family, mapePercent: figures.mapePercent })),
      ...families
        .filter((family) => !trials.some((trial) => trial.family === family))
        .map((family) => ({ family, mapePercent: null })),
    ];
    const report: StageReport = {
      stage: table.stageNames[k],
      family: best.trial.family,
      heldOut: best.figures,
      scores,
    };
    return {
      report,
      predictor: best.trial.fitted[k],
      outOfFold: best.trial.outOfFold[k],
    };
  });
  const heldOutTotal = totalsOf(
    choices.map(({ outOfFold }) => outOfFold),
    table.stageNames,
    table.decodeSteps,
    table.total,
  );
  const totals = measuredTotals(table);
  const warnings = [...table.warnings, ...designWarnings(table), ...oddConfigurations(table, totals, heldOutTotal)];
  if (n < FEW_CONFIGURATIONS) {
    warnings.push({
      code: 'few-configurations',
      message: `${n} configurations: the choice of families and the held-out errors are little more than a guess`,
    });
  }
  const byProcess = choices.filter(({ report }) => PROCESSES.includes(report.family));
  if (n > EXACT_ROWS && byProcess.length > 0) {
    warnings.push({
      code: 'inducing-points',
      message: `${byProcess.map(({ report }) => report.stage).join(', ')}: the process sees the ${n} configurations through ${INDUCING_ROWS} of them (inducing points), spread over the knobs; all ${n} decide their weights`,
    });
  }
  return {
    estimator: new StageEstimator({
      encoding,
      constantKnobs: constantKnobs(table),
      stageNames: table.stageNames,
      predictors: choices.map(({ predictor }) => predictor),
      total: table.total,
      configurations: n,
      reports: choices.map(({ report }) => report),
      totalHeldOut: errorFigures(totals, heldOutTotal),
      totalInterval: intervalOfRatios(totals.map((ms, i) => ms / heldOutTotal[i])),
      folds: splits.length,
    }),
    warnings,
  };
};

/** The multiples of a prediction that bound a new configuration's total from both sides; undefined where they are too few for it. */
const intervalOfRatios = (ratios: Float64Array): TotalInterval | undefined => {
  const { upper, lower } = conformalRanks((1 + INTERVAL_LEVEL) / 2, ratios.length);
  const sorted = ratios.slice().sort();
  return upper > ratios.length ? undefined : { level: INTERVAL_LEVEL, low: sorted[lower - 1], high: sorted[upper - 1] };
};

/** Twice or half of what the others say, and so many times as far off as they usually are. */
const [ODD, ODD_TIMES] = [2, 10];

/** Configurations whose total is nothing like what a model of the others says: a measurement that went wrong, or a limit that the knobs do not know. */
const oddConfigurations = (table: KnobTable, totals: Float64Array, heldOut: Float64Array): StageWarning[] => {
  const away = totals.map((ms, i) => Math.abs(Math.log(ms / heldOut[i])));
  const limit = Math.max(Math.log(ODD), ODD_TIMES * medianOf(away));
  const odd = [...away.keys()].filter((row) => away[row] > limit).sort((a, b) => away[b] - away[a]);
  const [worst] = odd;
  if (worst === undefined) return [];
  const { line } = placeOf(table, worst);
  return [
    {
      code: 'odd-configuration',
      message: `${odd.length} of ${totals.length} configurations took nothing like what a model of the others says; the worst${line === undefined ? '' : ` (line ${line})`} took ${totals[worst].toPrecision(3)} ms, not ${heldOut[worst].toPrecision(3)} ms: measure it again, or leave it out`,
    },
  ];
};

/** A family on all rows and out of fold; undefined when the rows are too few for it. */
const tryFamily = (
  family: Family,
  rows: EncodedRows,
  stagesMs: readonly Float64Array[],
  splits: readonly Split[],
  seed: number,
): { readonly fitted: readonly StagePredictor[]; readonly outOfFold: readonly Float64Array[] } | undefined => {
  const fit = familyFits[family];
  const take = (which: Uint32Array): EncodedRows => ({
    scaled: takeRows(rows.scaled, which),
    raw: takeRows(rows.raw, which),
  });
  try {
    const fitted = fit(rows, stagesMs, { seed });
    const outOfFold = stagesMs.map((column) => new Float64Array(column.length));
    for (const { train, test } of splits) {
      const part = fit(
        take(train),
        stagesMs.map((column) => Float64Array.from(train, (row) => column[row])),
        { seed, near: fitted },
      );
      const held = take(test);
      part.forEach((predictor, k) => {
        const predicted = predictor.predictMs(held);
        test.forEach((row, i) => {
          (outOfFold[k] as Float64Array)[row] = predicted[i];
        });
      });
    }
    return outOfFold.every((column) => column.every((ms) => Number.isFinite(ms) && ms > 0))
      ? { fitted, outOfFold }
      : undefined;
  } catch (error) {
    if (isAboutRows(error)) return undefined;
    throw error;
  }
};

/** A form that these rows cannot carry (fewer rows than terms, no convergence) is out of the running. */
const isAboutRows = (error: unknown): boolean => isFault(error);
