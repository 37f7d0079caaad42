/**
 * The rate that `capacity` finds against brute force: long simulations with the true coefficients, on a grid of 1 % that is halved twice at its end;
 * then with coefficients estimated from logs of a thousand requests. The two kinds of arrivals run side by side, a process each.
 *
 * npm run ts -- scripts/validate/capacity.ts [--logs 50 | --quick]
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

/** One long run: does every SLO hold? By other arrivals and lengths than those of `capacity`, and by its own sums. */
const holdsLong = (perSec: number, arrivals: Arrivals, limits: object): boolean => {
  const load = drawWorkload({ requests: LONG, arrivals: { ...PATTERNS[arrivals], perSec }, ...LENGTHS, seed: 4711 });
  const { requests } = simulate(load, { ...limits, stepSeconds: (step) => stepSeconds(BETAS, step) });
  const { arrivalSec, firstTokenSec, lastTokenSec, outputTokens } = requests;
  const from = Math.floor(LONG / 20);
  const of = {
    ttft: firstTokenSec.map((first, i) => first - arrivalSec[i]),
    tpot: lastTokenSec.map((last, i) => (last - firstTokenSec[i]) / (outputTokens[i] - 1)),
    latency: lastTokenSec.map((last, i) => last - arrivalSec[i]),
  };
  return SLOS.every(({ metric, statistic, limitSec }: Slo) => {
    const seen = of[metric].slice(from);
    return (
      (statistic === 'mean' ? seen.reduce((a, b) => a + b, 0) / seen.length : quantileOf(seen, statistic)) <= limitSec
    );
  });
};

/** The highest rate that holds, from a first guess. */
const bruteForce = (guess: number, arrivals: Arrivals, limits: object): number => {
  const at = (k: number): number => guess * GRID ** k;
  const holds = (k: number): boolean => holdsLong(at(k), arrivals, limits);
  let k = 0;
  if (holds(0)) while (holds(k + 1)) k++;
  else
    do k--;
    while (!holds(k));
  for (const half of [1 / 2, 1 / 4]) if (holds(k + half)) k += half;
  return at(k + 1 / 8);
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

const verdict = (isGood: boolean): string => (isGood ? 'yes' : 'NO');

/** The rows of one kind of arrivals: of both tables, the second's last. */
const rowsOf = (arrivals: Arrivals): readonly string[] => {
  const shape = loadShapeOfSpec(SPEC, PATTERNS[arrivals]);
  const truths: number[] = [];
  const known = (values.quick ? [undefined] : [undefined, SMALL_CACHE]).map((kvTokens) => {
    const limits = { ...LIMITS, ...(kvTokens && { kvTokens }) };
    const rate = capacity(betasFileOf({ algo: 'steps', betas: BETAS }), shape, SLOS, limits).ratePerSec ?? 0;
    const truth = bruteForce(rate, arrivals, limits);
    truths.push(truth);
    const off = rate / truth - 1;
    const asked = `within 3 % ${verdict(Math.abs(off) <= 0.03)}`;
    return `| ${arrivals} | ${kvTokens ?? 'no limit'} | ${truth.toFixed(2)} | ${percent(off)} | ${asked} |`;
  });
  const [truth] = truths;
  const errors: number[] = [];
  let [inside, width] = [0, 0];
  for (let seed = 1; seed <= logs; seed++) {
    const { phases } = runScenario('kv', { requests: 1000, seed, coefficients: BETAS, engine: { stepNoise: 0.05 } });
    const estimate = estimateStepClock(phases, { maxNumBatchedTokens: LIMITS.maxNumBatchedTokens });
    const found = capacity(betasFileOf(estimate), shape, SLOS, LIMITS, { seed });
    errors.push(Math.abs((found.ratePerSec ?? 0) / truth - 1));
    const [low, high] = found.band?.perSec ?? [0, 0];
    if (low <= truth && truth <= high) inside++;
    width += (high - low) / truth / logs;
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
