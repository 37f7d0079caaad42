/**
 * The rate that `capacity` finds against brute force: long simulations with the true coefficients, on a grid of 1 % that is halved twice at its end;
 * then with coefficients estimated from logs of a thousand requests. The two kinds of arrivals run side by side, a process each.
 *
 * npm run ts -- scripts/validate/capacity.ts [--logs 50 | --quick] [--small-cache: the logs too under a KV cache that ends the rate]
 */
import { parseArgs } from 'node:util';
import { estimateStepClock } from '@stepclock/beta-estimators';
import { drawWorkload, runScenario, simulate } from '@stepclock/engine-sim';
import { quantileOf } from '@stepclock/numerics';
import { stepSeconds } from '@stepclock/step-cost';
import { betasFileOf, capacity, loadShapeOfSpec, parseSlos, type Slo } from '@stepclock/step-model';
import { linesOfOwnProcess } from './measurements/own-process.js';

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    logs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    arrivals: { type: 'string' },
    'small-cache': { type: 'boolean', default: false },
  },
});
const logs = Number(values.logs ?? (values.quick ? 1 : 50));
const LONG = values.quick ? 50_000 : 400_000;
/** Of fewer logs no share can be told. */
const FEWEST_LOGS = 20;
const GRID = 1.01;
const LEVEL_ASKED = 0.9;

const BETAS = { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, beta3: 1e-7 };
const SPEC = 'prompt=600:0.8,output=150:0.7';
const LENGTHS = {
  prompt: { kind: 'lognormal', mean: 600, sigma: 0.8 },
  output: { kind: 'lognormal', mean: 150, sigma: 0.7 },
} as const;
const LIMITS = { maxNumBatchedTokens: 2048, maxNumSeqs: 256 };
const SLOS = parseSlos('tpot:p95:30ms ttft:p99:2s');
const PATTERNS = { poisson: { kind: 'poisson' }, bursty: { kind: 'gamma', shape: 0.125 } } as const;
type Arrivals = keyof typeof PATTERNS;
/** So small a cache ends the rate by preemptions. */
const SMALL_CACHE = 40_000;

/** Bursts leave one load open: several are drawn, each by itself, and their requests are judged as one. */
const LOADS = { poisson: 1, bursty: values.quick ? 1 : 4 } as const;

/** By how much a rate is too much, as a logarithm: of all loads together, and of each. */
interface Excess {
  readonly pooled: number;
  readonly each: readonly number[];
}

/** Long runs, of other arrivals and lengths than those of `capacity`, judged by sums of their own. */
const excessAt = (perSec: number, arrivals: Arrivals, limits: object): Excess => {
  const loads = Array.from({ length: LOADS[arrivals] }, (_, i) => {
    const load = drawWorkload({
      requests: LONG,
      arrivals: { ...PATTERNS[arrivals], perSec },
      ...LENGTHS,
      seed: 4711 + i,
    });
    const { requests } = simulate(load, { ...limits, stepSeconds: (step) => stepSeconds(BETAS, step) });
    const { arrivalSec, firstTokenSec, lastTokenSec, outputTokens } = requests;
    const from = Math.floor(LONG / 20);
    return {
      ttft: firstTokenSec.map((first, at) => first - arrivalSec[at]).subarray(from),
      tpot: lastTokenSec.map((last, at) => (last - firstTokenSec[at]) / (outputTokens[at] - 1)).subarray(from),
      latency: lastTokenSec.map((last, at) => last - arrivalSec[at]).subarray(from),
    };
  });
  const excessOf = (some: typeof loads): number =>
    Math.max(
      ...SLOS.map(({ metric, statistic, limitSec }: Slo) => {
        const size = LONG - Math.floor(LONG / 20);
        const seen = new Float64Array(size * some.length);
        for (const [k, load] of some.entries()) seen.set(load[metric], k * size);
        const value =
          statistic === 'mean' ? seen.reduce((a, b) => a + b, 0) / seen.length : quantileOf(seen, statistic);
        return Math.log(value / limitSec);
      }),
    );
  return { pooled: excessOf(loads), each: loads.map((load) => excessOf([load])) };
};

/** The highest rate that holds, from a first guess, and the standard error by the scatter of the loads, as a share; NaN of one load. */
const bruteForce = (guess: number, arrivals: Arrivals, limits: object): { rate: number; error: number } => {
  const tried = new Map<number, Excess>();
  const at = (k: number): number => guess * GRID ** k;
  const holds = (k: number): boolean => {
    const excess = excessAt(at(k), arrivals, limits);
    tried.set(k, excess);
    return excess.pooled <= 0;
  };
  let k = 0;
  if (holds(0)) while (holds(k + 1)) k++;
  else
    do k--;
    while (!holds(k));
  const [low, high] = [tried.get(k), tried.get(k + 1)];
  for (const half of [1 / 2, 1 / 4]) if (holds(k + half)) k += half;
  const each = low?.each ?? [];
  const slope = ((high?.pooled ?? 0) - (low?.pooled ?? 0)) / Math.log(GRID);
  const mean = each.reduce((a, b) => a + b, 0) / each.length;
  const scatter = Math.sqrt(each.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (each.length - 1));
  return { rate: at(k + 1 / 8), error: scatter / slope / Math.sqrt(each.length) };
};

/** What is known so far. */
const log = (line: string): void => void process.stderr.write(`${line}\n`);

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const verdict = (isGood: boolean): string => (isGood ? 'yes' : 'NO');

/** The rows of one kind of arrivals: of both tables, the second's last. */
const rowsOf = (arrivals: Arrivals): readonly string[] => {
  const shape = loadShapeOfSpec(SPEC, PATTERNS[arrivals]);
  const truths: number[] = [];
  const both = values.quick ? [undefined] : [undefined, SMALL_CACHE];
  const caches = values['small-cache'] ? [SMALL_CACHE] : both;
  const allLimits = caches.map((kvTokens) => ({ ...LIMITS, ...(kvTokens && { kvTokens }) }));
  const known = caches.map((kvTokens, i) => {
    const limits = allLimits[i];
    const rate = capacity(betasFileOf({ algo: 'steps', betas: BETAS }), shape, SLOS, limits).ratePerSec ?? 0;
    const { rate: truth, error } = bruteForce(rate, arrivals, limits);
    truths.push(truth);
    const off = rate / truth - 1;
    const asked = `within 3 % ${verdict(Math.abs(off) <= 0.03)}`;
    const own = Number.isNaN(error) ? '' : ` +- ${percent(error)}`;
    const row = `| ${arrivals} | ${kvTokens ?? 'no limit'} | ${truth.toFixed(2)}${own} | ${percent(off)} | ${asked} |`;
    log(row);
    return row;
  });
  const [truth] = truths;
  const errors: number[] = [];
  let [inside, width] = [0, 0];
  for (let seed = 1; seed <= logs; seed++) {
    const { phases } = runScenario('kv', { requests: 1000, seed, coefficients: BETAS, engine: { stepNoise: 0.05 } });
    const estimate = estimateStepClock(phases, { maxNumBatchedTokens: LIMITS.maxNumBatchedTokens });
    // A load of its own for each: else one draw of it would be in all bands, or in none.
    const load = loadShapeOfSpec(SPEC, PATTERNS[arrivals], seed);
    const found = capacity(betasFileOf(estimate), load, SLOS, allLimits[0], { seed });
    errors.push(Math.abs((found.ratePerSec ?? 0) / truth - 1));
    const [low, high] = found.band?.perSec ?? [0, 0];
    if (low <= truth && truth <= high) inside++;
    width += (high - low) / truth / logs;
    log(
      `${arrivals}, log ${seed}: ${found.ratePerSec?.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}], ${inside} in the band`,
    );
  }
  const worst = Math.max(...errors);
  const isGood = worst <= 0.05 && (logs < FEWEST_LOGS || inside >= LEVEL_ASKED * logs);
  const found = [logs, percent(quantileOf(errors, 0.5)), percent(worst), percent(width), inside].join(' | ');
  return [...known, `| ${arrivals} | ${found} | within 5 %, 90 % in the band ${verdict(isGood)} |`];
};

const write = (line: string): void => void process.stdout.write(`${line}\n`);

const { arrivals: only } = values;
if (only === 'poisson' || only === 'bursty') for (const row of rowsOf(only)) write(row);
else {
  const kinds = values.quick ? (['poisson'] as const) : (['poisson', 'bursty'] as const);
  const rows = await Promise.all(kinds.map((kind) => linesOfOwnProcess('--arrivals', kind)));
  write('| arrivals | KV cache, tokens | brute force, requests/s | true coefficients | asked |');
  write('| --- | --- | --- | --- | --- |');
  for (const row of rows.flatMap((own) => own.slice(0, -1))) write(row);
  write(
    '\n| arrivals | logs of 1,000 requests | median error | worst | width of the band | rate in its band | asked |',
  );
  write('| --- | --- | --- | --- | --- | --- | --- |');
  for (const row of rows.flatMap((own) => own.slice(-1))) write(row);
  process.exitCode = rows.flat().some((row) => row.includes(' NO ')) ? 1 : 0;
}
