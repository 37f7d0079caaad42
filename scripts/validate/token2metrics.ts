// token2metrics on published measurements, against scikit-learn and the physics forms (fixtures/token2metrics/reference.json) and against targets set beforehand.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seededRandom, shuffled } from '@stepclock/numerics';
import { featureTable } from '@stepclock/regression';
import {
  CALIBRATION_METHODS,
  calibrate,
  deviceModelToJSON,
  evaluateDevice,
  inspectPowerRuns,
  loadMeasurements,
  loadPowerSamples,
  type Measurements,
  type Metric,
  qualityFindings,
  type RegressorName,
  readDeviceModel,
  trainDevice,
} from '@stepclock/token2metrics';
import { calibrateBy, LEAST_SETTINGS } from '../../packages/token2metrics/src/calibration/methods.js';
import { sourcePhysics } from '../../packages/token2metrics/src/calibration/source-predictor.js';
import {
  foldByFold,
  type MetricRows,
  metricRows,
  outOfFold,
  takeMetricRows,
} from '../../packages/token2metrics/src/model/training-rows.js';
import { validate } from '../../packages/token2metrics/src/model/validation.js';
import { fitRegressor } from '../../packages/token2metrics/src/regressors/regressors.js';
import { takeMeasurements } from '../../packages/token2metrics/src/table/measurements.js';

const folder = join(process.argv[2] ?? '../shared/data', 'token2metrics');
const quick = process.argv.includes('--quick');
const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};
const check = (holds: boolean): string => {
  if (!holds) process.exitCode = 1;
  return holds ? 'yes' : 'NO';
};

/** Out-of-fold predictions of a regressor alone: scikit-learn's trees speak outside of their rows too, where ours leave it to physics. */
const ownOutOfFold = (rows: MetricRows, regressor: RegressorName, degree: number): Float64Array =>
  foldByFold(rows, rows.setting, (kept, tokens) => fitRegressor(regressor, kept, { degree }).predict(tokens));

interface Errors {
  readonly mae: number;
  readonly rmse: number;
  readonly mape_pct: number;
}
interface Reference {
  readonly datasets: Readonly<
    Record<
      string,
      {
        readonly csv: string;
        readonly filter: string;
        readonly target: string;
        readonly cv: Readonly<Record<string, Errors>>;
      }
    >
  >;
  readonly extrapolation: Readonly<Record<string, { readonly models: Readonly<Record<string, Errors>> }>>;
}

/** The reference's targets: our metric, and how many of its units make one of ours. */
const TARGETS: Readonly<Record<string, readonly [Metric, number]>> = {
  ttft_ms: ['ttft', 1e3],
  decode_time_ms: ['decode', 1e3],
  decode_time_s: ['decode', 1],
  total_time_ms: ['total', 1e3],
  latency_s: ['total', 1],
  total_energy_j: ['energy', 1],
  energy_j: ['energy', 1],
  gpu_energy_j: ['energy', 1],
  subject_avg_power_w: ['power', 1],
  avg_power_w: ['power', 1],
  avg_gpu_power_w: ['power', 1],
};

const read = async (name: string): Promise<Measurements[]> =>
  loadMeasurements(readFileSync(join(folder, name)), { file: name });
const tableOf = (tables: readonly Measurements[], model: string): Measurements => {
  const table = tables.find((t) => t.model === model);
  if (!table) throw new Error(`no ${model} among ${tables.map((t) => t.model).join(', ')}`);
  return table;
};
const where = (table: Measurements, keep: (row: number) => boolean): Measurements =>
  takeMeasurements(table, Int32Array.from({ length: table.length }, (_, row) => row).filter(keep));
const rowsWhere = (rows: MetricRows, keep: (k: number) => boolean): MetricRows =>
  takeMetricRows(rows, Int32Array.from(rows.rows.keys()).filter(keep));
const mape = (measured: Float64Array, predicted: Float64Array): number =>
  (100 * measured.reduce((sum, y, i) => sum + Math.abs(predicted[i] / y - 1), 0)) / measured.length;

/** The share-th order statistic, interpolated. */
const quantile = (values: readonly number[], share: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const at = share * (sorted.length - 1);
  const low = sorted[Math.floor(at)] ?? Number.NaN;
  return low + (at % 1) * ((sorted[Math.ceil(at)] ?? low) - low);
};
const median = (values: readonly number[]): number => quantile(values, 0.5);

const physicsTotals = (questions: readonly Measurements[]): void => {
  say('### Physics on the MMLU questions (Jetson AGX Orin): total latency, MAPE %\n');
  say(
    '| model | out of fold, as the sum of parts | out of fold, direct | rows 0-99 -> 100-149, sum | direct | rest of the rows, sum | targets | met |',
  );
  say('|---|---|---|---|---|---|---|---|');
  for (const [model, outside, next] of [
    ['qwen-1.5b', 0.17, 0.08],
    ['llama-8b', 0.09, 0.075],
  ] as const) {
    const table = tableOf(questions, model);
    const figures = [false, true].map((directTotal) => {
      const options = { regression: 'physics', directTotal } as const;
      const { model: whole } = trainDevice(table, options);
      const { model: early } = trainDevice(
        where(table, (row) => row < 100),
        options,
      );
      const on = (keep: (row: number) => boolean): number =>
        evaluateDevice(early, where(table, keep)).find(({ metric }) => metric === 'total')?.mapePercent ?? Number.NaN;
      return {
        cv: whole.metrics.total?.validation?.mapePercent ?? Number.NaN,
        next: on((row) => row >= 100 && row < 150),
        rest: on((row) => row >= 100),
      };
    });
    const [sum, direct] = figures as [(typeof figures)[number], (typeof figures)[number]];
    const met = figures.every((f) => f.cv <= outside && f.next <= next);
    say(
      `| ${model} | ${sum.cv.toFixed(4)} | ${direct.cv.toFixed(4)} | ${sum.next.toFixed(4)} | ${direct.next.toFixed(4)} | ${sum.rest.toFixed(4)} | ${outside}, ${next} | ${check(met)} |`,
    );
  }
};

const againstReference = async (reference: Reference): Promise<void> => {
  say('\n### Regressors against scikit-learn: out-of-fold errors over the reference (1 = equal)\n');
  say(
    '| data | worst of linear, poly2, poly3: relative difference | forest MAE, RMSE, MAPE | boosting MAE, RMSE, MAPE | within 1e-6 and 10 % |',
  );
  say('|---|---|---|---|---|');
  const files = new Map<string, Measurements[]>();
  for (const [name, expected] of Object.entries(reference.datasets)) {
    const tables = files.get(expected.csv) ?? (await read(expected.csv));
    files.set(expected.csv, tables);
    const table = tableOf(tables, name.split('/')[1] ?? '');
    const [metric, scale] = TARGETS[expected.target] ?? ['total', 1];
    let rows = metricRows(table, metric);
    const { rows: numbers } = rows;
    if (expected.filter.includes('output_tokens>=2')) {
      rows = rowsWhere(rows, (k) => (table.outputTokens?.[numbers[k]] ?? 0) >= 2);
    }
    // The reference was computed with fold = row % 5.
    rows = { ...rows, setting: rows.rows.map((row) => row % 5) };
    const ratios = (regressor: RegressorName, theirs: string, degree = 2): number[] => {
      const { metrics, mapePercent } = validate({ ...rows, predicted: ownOutOfFold(rows, regressor, degree) }, '', 0.9);
      const their = expected.cv[theirs];
      return [(metrics.mae * scale) / their.mae, (metrics.rmse * scale) / their.rmse, mapePercent / their.mape_pct];
    };
    const exact = [ratios('linear', 'linear'), ratios('polynomial', 'poly2'), ratios('polynomial', 'poly3', 3)].flat();
    const difference = Math.max(...exact.map((ratio) => Math.abs(ratio - 1)));
    const forest = ratios('random-forest', 'rf100_seed0');
    const boosting = ratios('gradient-boosting', 'gbrt_seed0');
    // Below the reference is better, not worse.
    const near = [...forest, ...boosting].every((ratio) => ratio <= 1.1);
    const list = (values: readonly number[]): string => values.map((v) => v.toFixed(3)).join(', ');
    say(
      `| ${name} | ${difference.toExponential(1)} | ${list(forest)} | ${list(boosting)} | ${check(difference < 1e-6 && near)} |`,
    );
  }
};

const extrapolation = (questions: readonly Measurements[], reference: Reference): void => {
  say('\n### Trained on outputs up to 1,024 tokens, tested above: total latency, MAPE %\n');
  say(
    '| model | physics | reference | forest | forest rows flagged outside | forest with physics behind it | physics at most 0.6, all flagged |',
  );
  say('|---|---|---|---|---|---|---|');
  for (const model of ['qwen-1.5b', 'llama-8b']) {
    const table = tableOf(questions, model);
    const short = where(table, (row) => (table.outputTokens?.[row] ?? 0) <= 1024);
    const long = where(table, (row) => (table.outputTokens?.[row] ?? 0) > 1024);
    const total = (regression: RegressorName) =>
      evaluateDevice(trainDevice(short, { regression, directTotal: true }).model, long).find(
        ({ metric }) => metric === 'total',
      );
    const physics = total('physics');
    const forest = total('random-forest');
    const rows = metricRows(short, 'total');
    const bare = outOfSample(rows, metricRows(long, 'total'));
    const theirs =
      reference.extrapolation[`mmlu/${model}/total_time_ms`]?.models.physics_total_relLS?.mape_pct ?? Number.NaN;
    const met = (physics?.mapePercent ?? 1) <= 0.6 && forest?.outsideRows === long.length;
    say(
      `| ${model} | ${physics?.mapePercent.toFixed(3)} | ${theirs.toFixed(3)} | ${bare.toFixed(1)} | ${forest?.outsideRows} of ${long.length} | ${forest?.mapePercent.toFixed(3)} | ${check(met)} |`,
    );
  }
};

const outOfSample = (train: MetricRows, test: MetricRows): number => {
  const together = {
    ...train,
    target: Float64Array.of(...train.target, ...test.target),
    tokens: featureTable(
      train.tokens.names,
      train.tokens.columns.map((column, j) => Float64Array.of(...column, ...test.tokens.columns[j])),
    ),
    rows: Int32Array.of(...train.rows, ...test.rows),
    setting: Int32Array.from({ length: train.target.length + test.target.length }, (_, k) =>
      k < train.target.length ? 1 : 0,
    ),
  };
  const predicted = outOfFold(together, 'random-forest', {});
  return mape(test.target, predicted.slice(train.target.length));
};

const calibration = async (questions: readonly Measurements[]): Promise<void> => {
  say(
    '\n### A100 -> Orin, 8B, total latency: MAPE % on the rows not measured, median (90th percentile) of 100 draws\n',
  );
  say(
    '| samples | chosen by leave-one-out | physics prior | physics refit | median ratio | mean ratio | affine | log-ridge | methods chosen | target | met |',
  );
  say('|---|---|---|---|---|---|---|---|---|---|---|');
  const [server] = await read('server_a100_llama3_8b_grid.csv');
  if (!server) return;
  const { model: source } = trainDevice(server, { regression: 'physics', directTotal: true });
  const physics = sourcePhysics(source, 'total');
  if (!physics) return;
  const full = tableOf(questions, 'llama-8b');
  const target: Measurements = { ...full, values: full.values.total ? { total: full.values.total } : {} };
  const all = metricRows(target, 'total');
  const draws = quick ? 20 : 100;
  for (const [k, limit] of [
    [3, 0.6],
    [5, undefined],
    [10, 0.15],
    [20, undefined],
  ] as const) {
    const errors = new Map<string, number[]>();
    const put = (name: string, error: number): void => {
      errors.set(name, [...(errors.get(name) ?? []), error]);
    };
    const chosen = new Map<string, number>();
    for (let seed = 0; seed < draws; seed++) {
      const order = shuffled(target.length, seededRandom(seed, 'calibration'));
      const drawn = new Set(order.slice(0, k));
      const table = where(target, (row) => drawn.has(row));
      const samples = metricRows(table, 'total');
      const rest = rowsWhere(all, (i) => !drawn.has(all.rows[i]));
      const { model, metrics } = calibrate(source, table);
      const method = metrics[0]?.choice.method ?? '';
      chosen.set(method, (chosen.get(method) ?? 0) + 1);
      put('auto', mape(rest.target, model.metrics.total?.predictor?.predict(rest.tokens) ?? rest.target));
      for (const other of CALIBRATION_METHODS) {
        if (k < LEAST_SETTINGS[other]) continue;
        put(other, mape(rest.target, calibrateBy(other, physics, samples).predict(rest.tokens)));
      }
    }
    const figure = (name: string): string => {
      const list = errors.get(name);
      return list ? `${median(list).toFixed(3)} (${quantile(list, 0.9).toFixed(2)})` : '';
    };
    const auto = median(errors.get('auto') ?? []);
    const methods = [...chosen].map(([method, count]) => `${method} ${count}`).join(', ');
    say(
      `| ${k} | ${['auto', 'physics-prior', 'physics-refit', 'median-ratio', 'mean-ratio', 'affine', 'log-ridge'].map(figure).join(' | ')} | ${methods} | ${limit ?? ''} | ${limit === undefined ? '' : check(auto <= limit)} |`,
    );
  }
};

const intervals = (questions: readonly Measurements[]): void => {
  say(
    '\n### 90 % intervals on the MMLU questions, total latency: each fifth by a model of the other four and its radius from their own folds\n',
  );
  say(
    '| model | total as | coverage % | width, % of the prediction | radius per fold, % | 88 to 92 %, under 1 % wide |',
  );
  say('|---|---|---|---|---|---|');
  for (const model of ['qwen-1.5b', 'llama-8b']) {
    const table = tableOf(questions, model);
    for (const directTotal of [false, true]) {
      let covered = 0;
      const widths: number[] = [];
      for (let fold = 0; fold < 5; fold++) {
        const train = where(table, (row) => row % 5 !== fold);
        const { model: trained } = trainDevice(train, { regression: 'physics', directTotal });
        const held = evaluateDevice(
          trained,
          where(table, (row) => row % 5 === fold),
        ).find(({ metric }) => metric === 'total');
        covered += (held?.coverage?.share ?? 0) * (held?.measured.length ?? 0);
        widths.push(200 * (trained.metrics.total?.validation?.interval?.relativeRadius ?? Number.NaN));
      }
      const coverage = (100 * covered) / table.length;
      const width = widths.reduce((a, b) => a + b, 0) / widths.length;
      const met = coverage >= 88 && coverage <= 92 && width < 1;
      say(
        `| ${model} | ${directTotal ? 'direct' : 'sum'} | ${coverage.toFixed(2)} | ${width.toFixed(3)} | ${widths.map((w) => (w / 2).toFixed(3)).join(', ')} | ${check(met)} |`,
      );
    }
  }
};

const faults = async (questions: readonly Measurements[]): Promise<void> => {
  say('\n### Faults in the data, as named\n');
  const prefill = await read('orin_prefill_sweep.csv');
  const decode = await read('orin_decode_sweep.csv');
  const samples = inspectPowerRuns(
    await loadPowerSamples(readFileSync(join(folder, 'orin_prefill_power_samples_1hz.csv'))),
  );
  const found: string[] = [];
  for (const table of [...prefill, ...decode, ...questions]) {
    for (const { code, message } of qualityFindings(table)) {
      found.push(`${table.model}/${code}`);
      say(`- ${table.file}, ${table.model}: **${code}**: ${message}`);
    }
  }
  for (const { code, message } of samples.findings) {
    found.push(`samples/${code}`);
    say(`- power samples: **${code}**: ${message}`);
  }
  for (const wanted of ['llama-8b/stall', 'samples/idle-lead-in', 'llama-8b/rows-without-power']) {
    say(`\n${wanted}: ${check(found.includes(wanted))}`);
  }
};

const roundTrip = (questions: readonly Measurements[]): void => {
  const table = tableOf(questions, 'llama-8b');
  const { model } = trainDevice(table, { regression: 'all', trees: 20 });
  const text = JSON.stringify(deviceModelToJSON(model));
  const back = readDeviceModel(text);
  const predictions = [model, back].map((m) =>
    JSON.stringify(evaluateDevice(m, table).map(({ predicted }) => [...predicted])),
  );
  say(
    `\n### Model file\n\nall regressors of 8B, ${(text.length / 1e6).toFixed(1)} MB; predictions equal to the last bit: ${check(predictions[0] === predictions[1])}`,
  );
  for (const { metric, method, candidates } of Object.values(model.metrics)) {
    if (candidates.length > 0) {
      const list = candidates
        .map(({ regressor, mapePercent }) => `${regressor} ${mapePercent?.toPrecision(3)} %`)
        .join(', ');
      say(`- ${metric}: auto takes ${method}; ${list}`);
    }
  }
};

if (!existsSync(folder)) say(`skipped: no token2metrics data at ${folder}`);
else {
  const reference = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../fixtures/token2metrics/reference.json'), 'utf8'),
  ) as Reference;
  const questions = await read('orin_mmlu_questions.csv');
  physicsTotals(questions);
  await calibration(questions);
  intervals(questions);
  extrapolation(questions, reference);
  await faults(questions);
  roundTrip(questions);
  await againstReference(reference);
}
