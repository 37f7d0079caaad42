/**
 * The rate that `capacity` finds against brute force: long simulations with the true coefficients on a grid of 1 %; then with coefficients estimated
 * from logs of a thousand requests.
 *
 * npm run ts -- scripts/validate/capacity.ts [--logs 50 | --quick]
 */
import { parseArgs } from 'node:util';
import { estimateStepClock } from '@stepclock/beta-estimators';
import { drawWorkload, runScenario, simulate } from '@stepclock/engine-sim';
import { quantileOf } from '@stepclock/numerics';
import { stepSeconds } from '@stepclock/step-cost';
import { betasFileOf, capacity, loadShapeOfSpec, parseSlos, type Slo } from '@stepclock/step-model';

const { values } = parseArgs({
  allowPositionals: true,
  options: { logs: { type: 'string' }, quick: { type: 'boolean', default: false } },
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
const CASES = (values.quick ? (['poisson'] as const) : (['poisson', 'bursty'] as const)).flatMap((arrivals) =>
  (values.quick ? [undefined] : [undefined, 100_000]).map((kvTokens) => ({
    arrivals,
    limits: { ...LIMITS, ...(kvTokens && { kvTokens }) },
  })),
);

/** One long run: does every SLO hold? By other arrivals and lengths than those of `capacity`, and by its own sums. */
const holdsLong = (perSec: number, arrivals: keyof typeof PATTERNS, limits: object): boolean => {
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

/** The highest rate of the grid that holds, from a first guess. */
const bruteForce = (guess: number, arrivals: keyof typeof PATTERNS, limits: object): number => {
  const at = (k: number): number => guess * GRID ** k;
  let k = 0;
  if (holdsLong(at(0), arrivals, limits)) while (holdsLong(at(k + 1), arrivals, limits)) k++;
  else
    do k--;
    while (!holdsLong(at(k), arrivals, limits));
  return at(k);
};

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const write = (line: string): void => void process.stdout.write(`${line}\n`);

write('| arrivals | KV cache, tokens | brute force, requests/s | true coefficients | asked |');
write('| --- | --- | --- | --- | --- |');
const truth = new Map<object, number>();
let misses = 0;
for (const one of CASES) {
  const model = betasFileOf({ algo: 'steps', betas: BETAS });
  const shape = loadShapeOfSpec(SPEC, PATTERNS[one.arrivals]);
  const rate = capacity(model, shape, SLOS, one.limits).ratePerSec ?? 0;
  const true_ = bruteForce(rate, one.arrivals, one.limits);
  truth.set(one, true_);
  const kv = 'kvTokens' in one.limits ? String(one.limits.kvTokens) : 'no limit';
  const off = rate / true_ - 1;
  if (Math.abs(off) > 0.03) misses++;
  write(
    `| ${one.arrivals} | ${kv} | ${true_.toFixed(2)} | ${percent(off)} | within 3 % ${Math.abs(off) <= 0.03 ? 'yes' : 'NO'} |`,
  );
}

write(`\n| arrivals | logs of 1,000 requests | worst error | rate in its band | asked |`);
write('| --- | --- | --- | --- | --- |');
for (const one of CASES.filter(({ limits }) => !('kvTokens' in limits))) {
  const shape = loadShapeOfSpec(SPEC, PATTERNS[one.arrivals]);
  const exact = capacity(betasFileOf({ algo: 'steps', betas: BETAS }), shape, SLOS, one.limits).ratePerSec ?? 0;
  let worst = 0;
  let inside = 0;
  for (let seed = 1; seed <= logs; seed++) {
    const { phases } = runScenario('kv', { requests: 1000, seed, coefficients: BETAS, engine: { stepNoise: 0.05 } });
    const estimate = estimateStepClock(phases, { maxNumBatchedTokens: LIMITS.maxNumBatchedTokens });
    const found = capacity(betasFileOf(estimate), shape, SLOS, one.limits, { draws: 20, seed });
    worst = Math.max(worst, Math.abs((found.ratePerSec ?? 0) / exact - 1));
    const [low, high] = found.band?.perSec ?? [0, 0];
    if (low <= exact && exact <= high) inside++;
  }
  const good = worst <= 0.05 && (logs < FEWEST_LOGS || inside >= LEVEL_ASKED * logs);
  if (!good) misses++;
  write(
    `| ${one.arrivals} | ${logs} | ${percent(worst)} | ${inside} of ${logs} | within 5 %, 90 % in the band ${good ? 'yes' : 'NO'} |`,
  );
}
process.exitCode = misses > 0 ? 1 : 0;
