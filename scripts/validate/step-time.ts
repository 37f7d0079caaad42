// The step-time model against statsmodels and scikit-learn (fixtures/regression/step-time-reference.json) on published step times.
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  crossValidate,
  type Dataset,
  dataset,
  featuresOf,
  huber,
  kFoldSplits,
  type LinearModel,
  leastSquares,
  nonNegativeLeastSquares,
  predictWithIntervals,
  rankDeficiencyOf,
  ransac,
  ridge,
  term,
} from '@stepclock/regression';
import { fitStepTime, influenceInWords, readStepTimes, type StepTimes } from '@stepclock/step-time';
import { readTidyTable } from '@stepclock/trace-io';

const data = join(process.argv[2] ?? '../shared/data', 'step-time');
const referenceFile = join(import.meta.dirname, '../../fixtures/regression/step-time-reference.json');
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** The part of a reference entry that is compared. */
interface Entry {
  readonly OLS: {
    readonly R2: number;
    readonly F_statistic_statsmodels: number;
    readonly F_pvalue: number;
    readonly AIC: number;
    readonly BIC: number;
    readonly cond_number: number;
    readonly coef: Readonly<
      Record<string, { value: number; se: number; t: number; p: number; ci95: [number, number] }>
    >;
    readonly coef_HC3_se: Readonly<Record<string, number>>;
    readonly predictions: readonly {
      batch_size: number;
      sequence_length: number;
      mean: number;
      mean_se: number;
      mean_ci95: [number, number];
      pred_int95: [number, number];
    }[];
    readonly cv5_R2_shuffle42: { mean: number };
    readonly cv5_R2_noshuffle: { mean: number };
  };
  readonly models: Readonly<
    Record<string, { readonly coef_all: Readonly<Record<string, number>>; readonly fit_on_all: { R2: number } }>
  >;
  readonly beyond: Readonly<Record<string, { readonly coef: readonly number[] }>>;
}

const terms = [term({ batch_size: 1, sequence_length: 1 }), term({ batch_size: 1 }), term({ sequence_length: 1 })];

const ms = (times: StepTimes): Dataset =>
  dataset(
    featuresOf({ batch_size: times.batchSize, sequence_length: times.sequenceLength }),
    times.stepTimeSec.map((sec) => 1000 * sec),
  );

/** Rows of a file by filters, then by a rule of the reference's own. */
const rowsOf = async (
  file: string,
  filter: readonly string[],
  keep: (b: number, s: number, sec: number) => boolean,
): Promise<StepTimes> => {
  const all = readStepTimes(await readTidyTable(createReadStream(join(data, file)), { fileName: file }), { filter });
  const rows = Uint32Array.from({ length: all.length }, (_, i) => i).filter((i) =>
    keep(all.batchSize[i], all.sequenceLength[i], all.stepTimeSec[i]),
  );
  const take = (column: Float64Array): Float64Array => Float64Array.from(rows, (i) => column[i]);
  return {
    length: rows.length,
    batchSize: take(all.batchSize),
    sequenceLength: take(all.sequenceLength),
    stepTimeSec: take(all.stepTimeSec),
    further: new Map([...all.further].map(([name, column]) => [name, take(column)])),
  };
};

const everything = (): boolean => true;
const SETS: readonly (readonly [string, string, readonly string[], (b: number, s: number, sec: number) => boolean])[] =
  [
    [
      'b1_splitwise/a100-80gb/llama2-70b/tp8',
      'b1_splitwise_decode_steps.csv',
      ['gpu=a100-80gb', 'model=llama2-70b', 'tp=8'],
      everything,
    ],
    [
      'b1_splitwise/h100-80gb/llama2-70b/tp8',
      'b1_splitwise_decode_steps.csv',
      ['gpu=h100-80gb', 'model=llama2-70b', 'tp=8'],
      everything,
    ],
    ['b2_composed/RTX4090', 'b2_decode_steps_composed_rtx4090.csv', [], everything],
    ['b2_composed_kv_le_256k/RTX4090', 'b2_decode_steps_composed_rtx4090.csv', [], (b, s) => b * s <= 262_144],
    ['b3_vllm_requests/RTX4090/Llama-3.1-8B', 'b3_vllm_requests_llama-3.1-8b.csv', ['gpu=RTX4090'], everything],
    ['b3_vllm_requests/RTXPRO6000/Llama-3.1-8B', 'b3_vllm_requests_llama-3.1-8b.csv', ['gpu=RTXPRO6000'], everything],
    ['b5_synthetic_seed003_like', 'synthetic_one_outlier.csv', [], everything],
    ['b5_synthetic_without_the_outlier', 'synthetic_one_outlier.csv', [], (_b, _s, sec) => sec < 0.28],
  ];

let failures = 0;

/** Relative differences by name; the worst one is what the table shows. */
class Agreement {
  private worst = 0;
  private where = '';

  add(name: string, got: number | null | undefined, want: number): void {
    const scale = want === 0 ? 1 : Math.abs(want);
    const off = Math.abs((got ?? Number.NaN) - want) / scale;
    // NaN is worst of all, and stays.
    if (off <= this.worst || Number.isNaN(this.worst)) return;
    this.worst = off;
    this.where = name;
  }

  text(limit: number): string {
    const fine = this.worst <= limit;
    if (!fine) failures++;
    return `${this.worst.toExponential(1)}${fine ? '' : ` ABOVE ${limit} in ${this.where}`}`;
  }
}

const parameters = (model: LinearModel): number[] => [...model.coefficients, model.intercept];

const inference = (rows: Dataset, { OLS }: Entry): Agreement => {
  const agreement = new Agreement();
  const fit = leastSquares(rows, { terms });
  Object.entries(OLS.coef).forEach(([name, want], j) => {
    const got = fit.coefficients[j];
    agreement.add(`${name}`, got?.estimate, want.value);
    agreement.add(`${name} se`, got?.standardError, want.se);
    agreement.add(`${name} t`, got?.t, want.t);
    agreement.add(`${name} p`, got?.p, want.p);
    agreement.add(`${name} low`, got?.interval?.[0], want.ci95[0]);
    agreement.add(`${name} high`, got?.interval?.[1], want.ci95[1]);
    agreement.add(`${name} HC3`, got?.hc3.standardError, OLS.coef_HC3_se[name]);
  });
  agreement.add('r2', fit.statistics.r2, OLS.R2);
  agreement.add('F', fit.statistics.fStatistic, OLS.F_statistic_statsmodels);
  agreement.add('F p', fit.statistics.fPValue, OLS.F_pvalue);
  agreement.add('AIC', fit.statistics.aic, OLS.AIC);
  agreement.add('BIC', fit.statistics.bic, OLS.BIC);
  agreement.add('condition number', fit.conditionNumber.raw, OLS.cond_number);
  const at = featuresOf({
    batch_size: OLS.predictions.map((p) => p.batch_size),
    sequence_length: OLS.predictions.map((p) => p.sequence_length),
  });
  const predicted = predictWithIntervals(fit.model, at);
  OLS.predictions.forEach((want, i) => {
    agreement.add('mean', predicted.mean[i], want.mean);
    agreement.add('mean se', predicted.meanStandardError[i], want.mean_se);
    agreement.add('mean low', predicted.meanLow[i], want.mean_ci95[0]);
    agreement.add('mean high', predicted.meanHigh[i], want.mean_ci95[1]);
    agreement.add('prediction low', predicted.low[i], want.pred_int95[0]);
    agreement.add('prediction high', predicted.high[i], want.pred_int95[1]);
  });
  return agreement;
};

/** Coefficients in the reference's order: a, b, c, d. */
const coefficients = (model: LinearModel, want: readonly number[]): Agreement => {
  const agreement = new Agreement();
  parameters(model).forEach((value, j) => {
    agreement.add('abcd'[j], value, want[j]);
  });
  return agreement;
};

/** Whether a figure that depends on chance lies within the spread of ours over 40 seeds (their range, widened by half). */
const spread = (values: readonly number[], want: number): string => {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = 0.5 * (high - low) + 1e-12;
  const inside = low - room <= want && want <= high + room;
  if (!inside) failures++;
  return `${want.toFixed(4)} ${inside ? 'in' : 'NOT IN'} ${low.toFixed(4)}..${high.toFixed(4)}`;
};

const SEEDS = Array.from({ length: 40 }, (_, seed) => seed);

const crossValidated = (rows: Dataset, seed: number | undefined): number =>
  crossValidate(
    rows,
    (part) => leastSquares(part, { terms }).model,
    kFoldSplits(rows.target.length, { folds: 5, ...(seed === undefined ? { shuffle: false } : { seed }) }),
  ).meanR2 ?? Number.NaN;

const ransacR2 = (rows: Dataset, seed: number): number => {
  const predicted = ransac(rows, { terms, seed }).model.predict(rows.features);
  const mean = rows.target.reduce((sum, y) => sum + y / rows.target.length, 0);
  const rss = rows.target.reduce((sum, y, i) => sum + (y - predicted[i]) ** 2, 0);
  return 1 - rss / rows.target.reduce((sum, y) => sum + (y - mean) ** 2, 0);
};

const compare = async (reference: Readonly<Record<string, Entry>>): Promise<void> => {
  say(
    '| set | rows | inference (1e-7) | Huber (1e-3) | ridge (1e-7) | 1/y^2 weights (1e-7) | NNLS (1e-7) | CV as it stands (1e-7) | CV shuffled | RANSAC r2 |',
  );
  say('|---|---|---|---|---|---|---|---|---|---|');
  for (const [key, file, filter, keep] of SETS) {
    const entry = reference[key];
    if (entry === undefined) continue;
    const times = await rowsOf(file, filter, keep);
    const rows = ms(times);
    if (key.startsWith('b1')) {
      try {
        leastSquares(rows, { terms });
        failures++;
        say(`| ${key} | ${times.length} | NOT refused, though rank-deficient |`);
      } catch (error) {
        const deficiency = rankDeficiencyOf(error);
        if (deficiency === undefined) throw error;
        say(`| ${key} | ${times.length} | refused: rank ${deficiency.rank} of 4; ${deficiency.terms.join(', ')} |`);
      }
      continue;
    }
    const { models, beyond, OLS } = entry;
    const relative = dataset(
      rows.features,
      rows.target,
      rows.target.map((y) => 1 / (y * y)),
    );
    const asItStands = new Agreement();
    asItStands.add('mean r2', crossValidated(rows, undefined), OLS.cv5_R2_noshuffle.mean);
    const cells = [
      inference(rows, entry).text(1e-7),
      coefficients(huber(rows, { terms }).model, Object.values(models.Huber_scaled?.coef_all ?? {})).text(1e-3),
      coefficients(ridge(rows, { terms, alpha: 1 }), Object.values(models.Ridge_scaled_1?.coef_all ?? {})).text(1e-7),
      coefficients(leastSquares(relative, { terms }).model, beyond.WLS_relative?.coef ?? []).text(1e-7),
      coefficients(nonNegativeLeastSquares(rows, { terms }).model, beyond.NNLS?.coef ?? []).text(1e-7),
      asItStands.text(1e-7),
      spread(
        SEEDS.map((seed) => crossValidated(rows, seed)),
        OLS.cv5_R2_shuffle42.mean,
      ),
      spread(
        SEEDS.map((seed) => ransacR2(rows, seed)),
        models.RANSAC_seed42?.fit_on_all.R2 ?? Number.NaN,
      ),
    ];
    say(`| ${key} | ${times.length} | ${cells.join(' | ')} |`);
  }
};

const furtherFeature = async (): Promise<void> => {
  say('');
  say('Requests in prefill as a further feature, on real logs:');
  for (const gpu of ['RTXPRO6000', 'RTX4090']) {
    const times = await rowsOf('b3_vllm_requests_llama-3.1-8b.csv', [`gpu=${gpu}`], everything);
    const fit = fitStepTime(times);
    const r2 = fit.furtherFeatures.find(({ name }) => name === 'prefilling')?.r2 ?? null;
    say(`- ${gpu}: r2 ${fit.leastSquares.statistics.r2?.toFixed(3)} without, ${r2?.toFixed(3)} with it`);
  }
};

if (!existsSync(data)) say(`skipped: no step times at ${data}`);
else {
  await compare(JSON.parse(readFileSync(referenceFile, 'utf8')) as Record<string, Entry>);
  await furtherFeature();
  const outlier = await rowsOf('synthetic_one_outlier.csv', [], everything);
  say('');
  say(`synthetic_one_outlier: ${influenceInWords(fitStepTime(outlier).influence, outlier.length)}`);
  if (failures > 0) {
    say(`${failures} figure(s) outside their tolerance`);
    process.exitCode = 1;
  }
}
