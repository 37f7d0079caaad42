// The token clock on real benchmark files: against the engine's own step log where there is one, by itself where there is none.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { estimateTokenClock, type TokenClockEstimate, type TokenClockOptions } from '@stepclock/beta-estimators';
import { isFault } from '@stepclock/faults';
import { streamedRun } from '@stepclock/made-data';
import { fitSteps, matchStepLogs } from '@stepclock/step-model';
import { readTrace, type TokenTable } from '@stepclock/trace-io';
import { regressionOf, trueStepsOf } from './token-clock/true-steps.js';

const data = process.argv[2] ?? '../shared/data';
const quick = process.argv.includes('--quick');
const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const table = (head: readonly string[]): void => {
  print('');
  print(`| ${head.join(' | ')} |`);
  print(`|${head.map(() => '---').join('|')}|`);
};
const row = (...cells: readonly (string | number)[]): boolean => print(`| ${cells.join(' | ')} |`);

const LABELS = ['beta0', 'beta1', 'beta2', 'beta3'] as const;
const betasOf = (estimate: TokenClockEstimate): number[] => LABELS.map((label) => estimate.betas[label]);
const seconds = (betas: ArrayLike<number>, held: readonly number[]): number =>
  held.reduce((sum, x, t) => sum + x * betas[t], 0);
const percent = (value: number): string => (Number.isFinite(value) ? `${(100 * value).toFixed(2)} %` : '-');
const error = (value: number, truth: number): string => (truth === 0 ? '-' : percent(value / truth - 1));
const ms = (sec: number): string => (1000 * sec).toFixed(3);
const shown = (betas: ArrayLike<number>): string =>
  `${ms(betas[0])} ms, ${(1e6 * betas[1]).toFixed(2)} us, ${(1e6 * betas[2]).toFixed(1)} us, ${(1e9 * betas[3]).toFixed(0)} ns`;
const covered = ({ intervals }: TokenClockEstimate, truth: ArrayLike<number>): string =>
  LABELS.map((label, t) => {
    const pair = intervals?.byLabel[label];
    return pair === undefined || pair === null ? '-' : truth[t] >= pair[0] && truth[t] <= pair[1] ? 'yes' : 'no';
  }).join(' ');

const tokensOf = async (path: string): Promise<TokenTable> => {
  const bytes = readFileSync(path);
  const plain = path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
  const { tokens } = await readTrace(new Blob([new Uint8Array(plain)]).stream(), { fileName: path });
  if (tokens === undefined) throw new Error(`${path}: no token times`);
  return tokens;
};

/** The estimate, or the reason why there is none. */
const tried = (tokens: TokenTable, options: TokenClockOptions): TokenClockEstimate | string => {
  try {
    return estimateTokenClock(tokens, options);
  } catch (fault) {
    if (isFault(fault)) return fault.message;
    throw fault;
  }
};

const againstStepLog = async (
  name: string,
  path: string,
  log: string,
  tokenBudget: number,
  known?: readonly number[],
  warmUpSteps = 0,
): Promise<void> => {
  const truth = await trueStepsOf(log, warmUpSteps);
  const { coefficients, mean } = regressionOf(truth);
  const reference = known ?? coefficients;
  const estimate = tried(await tokensOf(path), { tokenBudget });
  if (typeof estimate === 'string') {
    row(name, estimate);
    return;
  }
  const betas = betasOf(estimate);
  const match = matchStepLogs(estimate.steps, { ...truth, decodeSeqs: truth.decodeTokens });
  const context = mean[3] / mean[2];
  row(
    name,
    `${estimate.clock.steps + estimate.clock.hiddenSteps} / ${truth.endSec.length}`,
    `${match.extra} / ${match.missed}`,
    [match.boundaryP50Sec, match.boundaryP95Sec, match.periodP50Sec].map((sec) => ms(sec ?? Number.NaN)).join(', '),
    ...LABELS.map((_, t) => error(betas[t], reference[t])),
    covered(estimate, reference),
    error(seconds(betas, mean), seconds(reference, mean)),
    [1, 4, 8]
      .map((n) => error(seconds(betas, [1, 0, n, n * context]), seconds(reference, [1, 0, n, n * context])))
      .join(', '),
    estimate.clock.stepsPerRow,
    estimate.clock.promptOffsetTokens?.toFixed(0) ?? '-',
    estimate.warnings.map(({ code }) => code).join(', '),
  );
};

const HEAD = [
  'run',
  'steps / true',
  'extra / missed',
  'ends off (median, 95 %), periods off, ms',
  ...LABELS,
  'in interval',
  'mean step',
  'decodes at 1, 4, 8',
  'steps a row',
  'prompt offset',
  'warnings',
];
const A = [8e-3, 30e-6, 60e-6, 90e-9];
const B = [12e-3, 45e-6, 110e-6, 60e-9];
const C = [6e-3, 20e-6, 150e-6, 120e-9];

if (!existsSync(join(data, 'vllm-cpu'))) print(`skipped: no token times at ${data}`);
else {
  print("Against the engine's own step log: a real vLLM on a CPU");
  table(HEAD);
  for (const run of ['steady', 'ramp', 'prefix-cache', 'stream-interval-4']) {
    const folder = join(data, 'vllm-cpu', run);
    await againstStepLog(run, join(folder, 'bench.json.gz'), join(folder, 'steps.csv.gz'), 512);
  }
  print("\nClients of today on an engine of known cost (sglang: the server's prompts are 11 % longer than the file's)");
  table(HEAD);
  // sglang.bench_serving and evalscope send one request ahead, of 32 and 120 tokens, which is not in their files.
  const clients: readonly (readonly [string, string, readonly number[], number?])[] = [
    ['vllm-conc16', 'detailed.json.gz', B],
    ['aiperf-chat-poisson4', 'profile_export.jsonl.gz', A],
    ['aiperf-chat-conc1', 'profile_export.jsonl.gz', C],
    ['inferperf-const6', 'per_request_lifecycle_metrics.json.gz', C],
    ['inferperf-stages248', 'per_request_lifecycle_metrics.json.gz', A],
    ['sglang-rate8', 'result.jsonl.gz', A, 32],
    ['evalscope-rate6', 'benchmark_data.db.gz', A, 120],
  ];
  for (const [run, file, known, warmUpSteps] of clients) {
    const folder = join(data, 'clients', run);
    await againstStepLog(run, join(folder, file), join(folder, 'true-steps.csv.gz'), 2048, known, warmUpSteps);
  }
  print('\nReal GPUs, nothing told');
  table(['file', 'requests', 'steps', 'coefficients', 'row residual', 'chunks late (median, 90 %), ms', 'warnings']);
  for (const file of [
    'gpu-8b-2qps',
    'gpu-8b-4096x256-c16',
    'rtx5070ti-qwen0.5b-c4',
    'rtx5070ti-qwen0.5b-c8',
    'h100-8b-c16-no-starts',
    'l40s-8b-c16-no-starts',
    '2xh100-70b-c16-no-starts',
    '8xh100-405b-16qps-no-starts',
  ]) {
    const estimate = tried(await tokensOf(join(data, 'token-times', `${file}.json.gz`)), {});
    if (typeof estimate === 'string') {
      row(file, estimate);
      continue;
    }
    const { clock, warnings } = estimate;
    row(
      file,
      clock.requests,
      clock.steps + clock.hiddenSteps,
      shown(betasOf(estimate)),
      percent(clock.rowResidual),
      `${ms(clock.spreadP50Sec ?? 0)}, ${ms(clock.spreadP90Sec ?? 0)}`,
      warnings.map(({ code }) => code).join(', '),
    );
  }
}

print('\nSimulated engines of known cost (6 ms, 20 us, 120 us, 100 ns), budget 2,048; worst of the seeds');
table(['client and engine', 'steps found', ...LABELS, 'worst by the true step log', 'covered at 95 %']);
const TRUE = [6e-3, 20e-6, 120e-6, 1e-7];
const seeds = quick ? 3 : 12;
for (const [name, perSec, jitterSec, stepNoise] of [
  ['no noise, 1/s', 1, 0, 0],
  ['no noise, 8/s', 8, 0, 0],
  ['jitter 1 ms, steps 2 %, 3/s', 3, 1e-3, 0.02],
  ['jitter 1 ms, steps 2 %, 8/s', 8, 1e-3, 0.02],
] as const) {
  const worst = [0, 0, 0, 0];
  let worstOfSteps = 0;
  let found = 0;
  let all = 0;
  let inside = 0;
  let asked = 0;
  for (let seed = 0; seed < seeds; seed++) {
    const { simulation, tokens } = streamedRun(
      { perSec, requests: 500, engine: { maxNumBatchedTokens: 2048, stepNoise }, client: { jitterSec } },
      seed,
    );
    const estimate = estimateTokenClock(tokens, { tokenBudget: 2048 });
    found += estimate.clock.steps + estimate.clock.hiddenSteps;
    all += simulation.steps.length;
    const betas = betasOf(estimate);
    const ofSteps = fitSteps(simulation.steps, { model: 'kv' }).betas;
    for (let t = 0; t < 4; t++) {
      worst[t] = Math.max(worst[t], Math.abs(betas[t] / TRUE[t] - 1));
      worstOfSteps = Math.max(worstOfSteps, Math.abs(ofSteps[LABELS[t]] / TRUE[t] - 1));
      const pair = estimate.intervals?.byLabel[LABELS[t]];
      if (pair === undefined || pair === null) continue;
      asked++;
      if (TRUE[t] >= pair[0] * (1 - 1e-9) && TRUE[t] <= pair[1] * (1 + 1e-9)) inside++;
    }
  }
  row(
    name,
    `${found} / ${all}`,
    ...worst.map((w) => w.toExponential(1)),
    worstOfSteps.toExponential(1),
    `${inside} of ${asked}`,
  );
}
