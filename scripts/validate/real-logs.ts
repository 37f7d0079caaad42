// The step clock on real logs, from phase times alone: against measured step times, true step logs, known costs, and itself on halves.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { estimateStepClock, type StepClockEstimate } from '@stepclock/beta-estimators';
import { isFault } from '@stepclock/faults';
import { BASE_TERMS, type Betas, fitRows, rowsOf, stepSeconds } from '@stepclock/step-cost';
import { betasFileOf, predictStepTime } from '@stepclock/step-model';
import { readTrace, type Trace } from '@stepclock/trace-io';
import { COLUMN_MAPS } from './measurements/column-maps.js';
import { regressionOf, type TrueSteps, textOf, trueStepsOf } from './token-clock/true-steps.js';

const data = process.argv[2] ?? '../shared/data';
const parts = process.argv.slice(3).filter((word) => !word.startsWith('-'));
const wanted = (part: string): boolean => parts.length === 0 || parts.includes(part);
const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const table = (...head: readonly string[]): void => {
  print(`\n| ${head.join(' | ')} |`);
  print(`|${head.map(() => '---').join('|')}|`);
};
const row = (...cells: readonly (string | number)[]): boolean => print(`| ${cells.join(' | ')} |`);
const percent = (share: number): string => (Number.isFinite(share) ? `${(100 * share).toFixed(2)} %` : '-');
const LABELS = ['beta0', 'beta1', 'beta2', 'beta3'] as const;
const shown = (betas: ArrayLike<number>): string =>
  `${(1e3 * betas[0]).toFixed(3)} ms, ${(1e6 * betas[1]).toFixed(1)} us, ${(1e6 * betas[2]).toFixed(1)} us, ${(1e9 * betas[3]).toFixed(0)} ns`;
const inOrder = (betas: Betas): number[] => LABELS.map((label) => betas[label] ?? 0);

const readLog = async (path: string, map?: Readonly<Record<string, string>>, meta?: string): Promise<Trace> => {
  const bytes = readFileSync(path);
  const plain = path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  return await readTrace(new Blob([new Uint8Array(plain)]).stream(), {
    fileName: path,
    ...(map && { map }),
    ...(meta !== undefined && existsSync(meta) && { metaJson: readFileSync(meta, 'utf8') }),
  });
};

interface Result {
  readonly estimate: StepClockEstimate;
  readonly cpuSec: number;
}

const estimated = (trace: Trace, window?: readonly [number, number]): Result | string => {
  if (trace.phases === undefined) return 'no phases';
  const { settings, queueInPrefill } = trace.facts;
  const start = process.cpuUsage();
  try {
    const estimate = estimateStepClock(trace.phases, {
      ...(queueInPrefill && { queueInPrefill }),
      ...(settings.maxNumBatchedTokens && { maxNumBatchedTokens: settings.maxNumBatchedTokens }),
      ...(window && { window }),
    });
    const { user, system } = process.cpuUsage(start);
    return { estimate, cpuSec: (user + system) / 1e6 };
  } catch (fault) {
    if (isFault(fault)) return fault.message;
    throw fault;
  }
};

const intervalOf = ({ intervals }: StepClockEstimate, label: string): string => {
  const pair = intervals?.byLabel[label];
  return pair ? pair.map((end) => (1e6 * end).toFixed(1)).join(' to ') : '-';
};
const codes = ({ warnings, verdict }: StepClockEstimate): string =>
  [`${verdict.grade} ${percent(verdict.heldOutError ?? Number.NaN)}`, ...warnings.map(({ code }) => code)].join(', ');

interface MeasuredBatch {
  readonly n: number;
  readonly context: number;
  readonly mean: number;
  readonly rows: number;
}

const h100 = async (): Promise<void> => {
  const folder = join(data, 'vllm-h100');
  if (!existsSync(folder)) return void print(`skipped: no ${folder}`);
  const measured = JSON.parse(readFileSync(join(folder, 'step-time-by-batch.json'), 'utf8')) as Record<
    string,
    MeasuredBatch[]
  >;
  print('\nvLLM on H100: predicted decode steps against the measured mean of each batch');
  table(
    'log',
    'batches',
    'within 2 %',
    'within 1 %',
    'worst',
    'covered',
    'beta1 us',
    'coefficients',
    'r2',
    'windows',
    'CPU s',
    'warnings',
  );
  for (const [name, batches] of Object.entries(measured)) {
    const path = join(folder, `${name}.csv.gz`);
    const result = estimated(await readLog(path, COLUMN_MAPS.h100, path.replace('.gz', '.meta.json')));
    if (typeof result === 'string') {
      row(name, result);
      continue;
    }
    const { estimate, cpuSec } = result;
    const file = betasFileOf({ ...estimate });
    const predicted = batches.map(({ n, context }) =>
      predictStepTime(file, { prefillTokens: 0, decodeSeqs: n, contextTokens: context }),
    );
    const errors = predicted.map(({ durationSec }, i) => durationSec / batches[i].mean - 1);
    const size = errors.map(Math.abs);
    const worst = size.indexOf(Math.max(...size));
    const covered = predicted.filter(
      ({ intervalSec }, i) => intervalSec && intervalSec[0] <= batches[i].mean && batches[i].mean <= intervalSec[1],
    ).length;
    row(
      name,
      batches.length,
      size.filter((e) => e <= 0.02).length,
      size.filter((e) => e <= 0.01).length,
      `${percent(errors[worst])} at ${batches[worst].n}`,
      covered,
      `${(1e6 * estimate.betas.beta1).toFixed(1)} (${intervalOf(estimate, 'beta1')})`,
      shown(inOrder(estimate.betas)),
      estimate.diagnostics.r2?.toFixed(4) ?? '-',
      estimate.windows.length,
      cpuSec.toFixed(2),
      codes(estimate),
    );
  }
};

/** What the steps hold of each base term: a cost that is no line is compared over them all, not at their mean. */
type StepColumns = readonly ArrayLike<number>[];

/** The line of a log whose truth is known by coefficient. */
const against = (name: string, result: Result | string, truth: readonly number[], held?: StepColumns): void => {
  if (typeof result === 'string') return void row(name, result);
  const { estimate, cpuSec } = result;
  const betas = inOrder(estimate.betas);
  const allOff = (columns: StepColumns): number => {
    let [fitted, meant] = [0, 0];
    for (let i = 0; i < columns[0].length; i++) {
      const [, prefillTokens, decodeSeqs, contextTokens] = columns.map((column) => column[i]);
      fitted += stepSeconds(estimate.betas, { prefillTokens, decodeSeqs, contextTokens });
      meant += truth.reduce((sum, b, t) => sum + b * columns[t][i], 0);
    }
    return fitted / meant - 1;
  };
  const covers = LABELS.map((label, t) => {
    const pair = estimate.intervals?.byLabel[label];
    return !pair ? '-' : pair[0] <= truth[t] && truth[t] <= pair[1] ? 'yes' : 'no';
  });
  row(
    name,
    shown(truth),
    ...LABELS.map((_, t) => (truth[t] === 0 ? '-' : percent(betas[t] / truth[t] - 1))),
    covers.join(' '),
    held === undefined ? '-' : percent(allOff(held)),
    cpuSec.toFixed(2),
    codes(estimate),
  );
};
const HEAD = ['log', 'truth', ...LABELS, 'covered', 'all steps', 'CPU s', 'warnings'];

const a40 = async (): Promise<void> => {
  const folder = join(data, 'vllm-a40');
  if (!existsSync(folder)) return void print(`skipped: no ${folder}`);
  print('\nvLLM on A40, request logs against least squares over the periods of its step log');
  table(...HEAD);
  const ending = '.requests.jsonl.gz';
  const logs = readdirSync(folder).filter((file) => file.endsWith(ending));
  for (const run of logs.sort().map((file) => file.slice(0, -ending.length))) {
    const steps = textOf(join(folder, `${run}.steps.jsonl.gz`))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number>);
    const requests = textOf(join(folder, `${run}.requests.jsonl.gz`))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, number>);
    const result = estimated(await readLog(join(folder, `${run}.requests.jsonl.gz`), COLUMN_MAPS.a40));
    const { coefficients, held } = fitOfPeriods(steps, requests);
    against(run, result, coefficients, held);
  }
};

/** Least squares over the periods of a step log whose steps follow each other; the context from the requests. */
const fitOfPeriods = (steps: readonly Record<string, number>[], requests: readonly Record<string, number>[]) => {
  const busy = steps.flatMap((step, k) =>
    k > 0 && step.ts - steps[k - 1].ts < 1.5 * (step.exec_s + step.sched_s) + 0.005 ? [k] : [],
  );
  const contextAt = (ts: number): number =>
    requests.reduce((sum, r) => {
      if (!(ts > r.first && ts <= r.last + 1e-4)) return sum;
      return sum + r.prompt_tokens + ((ts - r.first) / (r.last - r.first)) * r.output_tokens;
    }, 0);
  const of = (read: (step: Record<string, number>) => number): Float64Array =>
    Float64Array.from(busy, (k) => read(steps[k]));
  const rows = rowsOf(
    {
      length: busy.length,
      steps: new Float64Array(busy.length).fill(1),
      prefillTokens: of((s) => s.n_ctx_toks),
      decodeSeqs: of((s) => s.n_gen_reqs),
      contextTokens: of((s) => contextAt(s.ts)),
    },
    Float64Array.from(busy, (k) => steps[k].ts - steps[k - 1].ts),
    BASE_TERMS,
  );
  const { coefficients } = fitRows(rows);
  return { coefficients: Array.from(coefficients), held: rows.sums };
};

const llamaCpp = async (): Promise<void> => {
  const folder = join(data, 'llama-cpp');
  if (!existsSync(folder)) return void print(`skipped: no ${folder}`);
  print('\nllama.cpp, request logs and the times of requests in its own log against the regression of its step log');
  table(...HEAD);
  for (const run of ['bursty', 'light']) {
    const steps = await readLog(join(folder, run, 'steps.csv'));
    if (steps.steps === undefined) throw new Error('no steps');
    const { steps: log } = steps;
    const rows = rowsOf(
      {
        length: log.length,
        steps: new Float64Array(log.length).fill(1),
        prefillTokens: log.prefillTokens,
        decodeSeqs: log.decodeTokens,
        contextTokens: log.contextTokens,
      },
      log.durationSec,
      BASE_TERMS,
    );
    const coefficients = Array.from(fitRows(rows).coefficients);
    for (const file of ['requests.jsonl', 'server.log.gz']) {
      const result = estimated(await readLog(join(folder, run, file), undefined, join(folder, run, 'meta.json')));
      against(`${run}/${file}`, result, coefficients, rows.sums);
    }
  }
};

const A = [8e-3, 30e-6, 60e-6, 90e-9];
const B = [12e-3, 45e-6, 110e-6, 60e-9];
const C = [6e-3, 20e-6, 150e-6, 120e-9];
const CLIENTS: readonly (readonly [string, string, readonly number[]])[] = [
  ['inferperf-stages248', 'per_request_lifecycle_metrics.json.gz', A],
  ['inferperf-const6', 'per_request_lifecycle_metrics.json.gz', C],
  ['aiperf-chat-poisson4', 'profile_export.jsonl.gz', A],
  ['aiperf-chat-conc1', 'profile_export.jsonl.gz', C],
  ['guidellm-concurrent16', 'benchmarks.json.gz', B],
  ['guidellm-sweep', 'benchmarks.json.gz', C],
  ['vllm-conc16', 'detailed.json.gz', B],
  ['sglang-rate8', 'result.jsonl.gz', A],
  ['evalscope-rate6', 'benchmark_data.db.gz', A],
  ['vllm-rate4-nodetail', 'plain.json', A],
];

const clients = async (): Promise<void> => {
  const folder = join(data, 'clients');
  if (!existsSync(folder)) return void print(`skipped: no ${folder}`);
  print('\nClients on a server of known cost, from phase times');
  table(...HEAD);
  for (const [run, file, truth] of CLIENTS) {
    try {
      const trace = await readLog(join(folder, run, file), undefined, join(folder, run, 'true-meta.json'));
      const steps = await trueStepsOf(join(folder, run, 'true-steps.csv.gz'));
      against(run, estimated(trace), truth, columnsOf(steps));
    } catch (fault) {
      row(run, fault instanceof Error ? fault.message.slice(0, 120) : 'fault');
    }
  }
};

const columnsOf = ({ startSec, prefillTokens, decodeTokens, contextTokens }: TrueSteps): StepColumns => [
  startSec.map(() => 1),
  prefillTokens,
  decodeTokens,
  contextTokens,
];

const vllmCpu = async (): Promise<void> => {
  const folder = join(data, 'vllm-cpu');
  if (!existsSync(folder)) return void print(`skipped: no ${folder}`);
  print('\nvLLM on a CPU, OpenTelemetry against the regression of its step log');
  table(...HEAD);
  for (const run of ['steady', 'ramp', 'prefix-cache', 'stream-interval-4']) {
    const steps = await trueStepsOf(join(folder, run, 'steps.csv.gz'));
    const { coefficients } = regressionOf(steps);
    const trace = await readLog(join(folder, run, 'otlp.jsonl.gz'), undefined, join(folder, run, 'meta.json'));
    against(run, estimated(trace), Array.from(coefficients), columnsOf(steps));
  }
};

const halves = async (): Promise<void> => {
  const folder = join(data, 'vllm-requests');
  if (!existsSync(folder)) return void print(`skipped: no ${folder}`);
  print('\nHalves of a log: coefficients with 95 % intervals, us');
  table('log', 'part', ...LABELS, 'CPU s', 'warnings');
  for (const log of ['rtx4090_llama-3.1-8b', 'rtxpro6000_llama-3.1-8b']) {
    const trace = await readLog(join(folder, log, 'requests.jsonl'), undefined, join(folder, log, 'meta.json'));
    const { phases } = trace;
    if (phases === undefined) continue;
    const from = phases.startSec.reduce((a, b) => Math.min(a, b), Infinity);
    const to = phases.endSec.reduce((a, b) => Math.max(a, b), -Infinity);
    const middle = (from + to) / 2;
    for (const [part, window] of [
      ['all', undefined],
      ['first', [from, middle]],
      ['second', [middle, to]],
    ] as const) {
      const result = estimated(trace, window);
      if (typeof result === 'string') {
        row(log, part, result);
        continue;
      }
      const { estimate, cpuSec } = result;
      row(
        log,
        part,
        ...LABELS.map((label) => `${(1e6 * (estimate.betas[label] ?? 0)).toFixed(2)} (${intervalOf(estimate, label)})`),
        cpuSec.toFixed(2),
        codes(estimate),
      );
    }
  }
};

if (wanted('h100')) await h100();
if (wanted('a40')) await a40();
if (wanted('llama-cpp')) await llamaCpp();
if (wanted('clients')) await clients();
if (wanted('vllm-cpu')) await vllmCpu();
if (wanted('halves')) await halves();
