// Bands of a replay: fits a window of a log, serves the others with coefficients drawn from the fit's covariance, and counts the measured means that lie in the 95 % bands.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { drawWorkload, simulate } from '@stepclock/engine-sim';
import { METRIC_NAMES, replay, replayBands } from '@stepclock/step-model';
import { requestsJsonlChunks } from '@stepclock/trace-io';
import { COLUMN_MAPS } from './measurements/column-maps.js';
import {
  type FittedLog,
  fitted,
  type ServedLog,
  servedLog,
  servedLogOf,
  type Window,
  within,
} from './replays/served-log.js';

const data = process.argv[2] ?? '../shared/data';
const isQuick = process.argv.includes('--quick');
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

const DRAWS = 30;
/** Served before the window, and not counted, so that the engine is not empty at first. */
const WARM_UP_SEC = 20;
const ASKED = { real: 0.85, simulated: 0.93 } as const;

interface Tally {
  inside: number;
  cases: number;
  /** Half widths of the bands over the replayed means. */
  readonly widths: number[];
}
const tally = (): Tally => ({ inside: 0, cases: 0, widths: [] });

/** Serves a window with the fit of another; counts the means of TTFT, TPOT and latency in their bands. */
const count = (log: ServedLog, { model, betas, serving, promptOffsetTokens }: FittedLog, served: Window, to: Tally) => {
  const { rules, overhead } = serving;
  const options = { promptOffsetTokens, ...log.engine, ...(overhead && { overhead }), countFromSec: served[0] };
  const part = within(log.requests, [served[0] - WARM_UP_SEC, served[1]]);
  const done = replay(part, betas, { ...log.limits, ...rules }, options);
  const bands = replayBands(part, model, done, DRAWS, options);
  for (const metric of METRIC_NAMES) {
    const { measured, replayed } = done.metrics[metric].mean;
    const band = bands?.metrics[metric].mean;
    if (measured === null || replayed === null) continue;
    to.cases++;
    if (band == null) continue;
    if (band[0] <= measured && measured <= band[1]) to.inside++;
    to.widths.push((band[1] - band[0]) / 2 / replayed);
  }
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const middle = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1];
const row = (name: string, { inside, cases, widths }: Tally): boolean =>
  print(`| ${name} | ${inside} of ${cases} | ${percent(inside / cases)} | +-${percent(middle(widths))} |`);
const add = (tallies: readonly Tally[]): Tally => ({
  inside: tallies.reduce((sum, { inside }) => sum + inside, 0),
  cases: tallies.reduce((sum, { cases }) => sum + cases, 0),
  widths: tallies.flatMap(({ widths }) => widths),
});

const spanOf = ({ trace }: ServedLog): Window => {
  const { startSec, endSec } = trace.phases;
  return [startSec.reduce((a, b) => Math.min(a, b), Infinity), endSec.reduce((a, b) => Math.max(a, b), -Infinity)];
};

print('| log | measured means in the 95 % band | share | half width, median |\n|---|---|---|---|');

const STAGES = [
  [20, 320],
  [320, 620],
  [640, 910],
  [910, 1180],
] as const;
const real: Tally[] = [];
const h100 = join(data, 'vllm-h100');
const names = existsSync(h100) ? readdirSync(h100).filter((name) => name.endsWith('.csv.gz')) : [];
for (const name of names) {
  const path = join(h100, name);
  const log = await servedLog(path, path.replace('.gz', '.meta.json'), COLUMN_MAPS.h100);
  const [first] = spanOf(log);
  const windows = STAGES.map(([from, to]): Window => [first + from, first + to]);
  const models = windows.map((window) => fitted(log, window));
  const [same, other] = [tally(), tally()];
  for (const [i, model] of models.entries())
    for (const [j, window] of windows.entries())
      if (i !== j) count(log, model, window, i >> 1 === j >> 1 ? same : other);
  row(`${name.replace('.csv.gz', '')}, the same load`, same);
  row(`${name.replace('.csv.gz', '')}, the load of the other ten minutes`, other);
  real.push(same, other);
}
const engines = join(data, 'vllm-requests');
for (const name of existsSync(engines) ? readdirSync(engines).sort() : []) {
  const log = await servedLog(join(engines, name, 'requests.jsonl'), join(engines, name, 'meta.json'));
  const [from, to] = spanOf(log);
  const half = (from + to) / 2;
  const halves = tally();
  // All requests of these logs arrive in their first part: the whole of them is served.
  for (const window of [
    [from, half],
    [half, to],
  ] as const)
    count(log, fitted(log, window), [from, to], halves);
  row(`${name}, all of it by a fit of each half`, halves);
  real.push(halves);
}

/** A simulated engine's log of a known cost and 2 % of noise, seen by itself or by a client. */
const simulatedLog = async (seed: number, perSec: number, isClient: boolean): Promise<ServedLog> => {
  const limits = { maxNumBatchedTokens: 2048, maxNumSeqs: 128, asyncScheduling: false };
  const workload = drawWorkload({
    requests: 600,
    arrivals: { kind: 'poisson', perSec },
    prompt: { kind: 'lognormal', mean: 400, sigma: 0.7 },
    output: { kind: 'lognormal', mean: 80, sigma: 0.6 },
    seed,
  });
  const coefficients = { beta0: 6e-3, beta1: 20e-6, beta2: 120e-6, beta3: 1e-7 };
  const run = simulate(workload, { ...limits, coefficients, stepNoise: 0.02 }, { seed, queueInPrefill: isClient });
  return servedLogOf([...requestsJsonlChunks(run.requests)], {
    metaJson: { max_num_batched_tokens: 2048, max_num_seqs: 128, async_scheduling: false },
  });
};

const simulated: Tally[] = [];
for (const [title, isClient] of [
  ['simulated, its own log', false],
  ['simulated, seen by a client', true],
] as const)
  for (const perSec of [4, 12]) {
    const halves = tally();
    for (let seed = 1; seed <= (isQuick ? 4 : 20); seed++) {
      const log = await simulatedLog(seed, perSec, isClient);
      const [from, to] = spanOf(log);
      const half = (from + to) / 2;
      count(log, fitted(log, [from, half]), [half, to], halves);
      count(log, fitted(log, [half, to]), [from, half], halves);
    }
    row(`${title}, ${perSec} requests/s, by halves`, halves);
    simulated.push(halves);
  }

for (const [name, tallies] of Object.entries({ real, simulated })) {
  const { inside, cases } = add(tallies);
  if (cases === 0) continue;
  const asked = ASKED[name as keyof typeof ASKED];
  const holds = inside >= asked * cases;
  print(
    `\n${name}: ${percent(inside / cases)} of ${cases}; at least ${percent(asked)} are asked for: ${holds ? 'yes' : 'missed'}`,
  );
  if (!holds) process.exitCode = 1;
}
