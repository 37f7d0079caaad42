/**
 * `tune` on simulated engines against brute force: every setting of the grid searched by doubling and halving, over ten thousand requests of its own.
 * The steps of both are counted as they are simulated. The last case lays out eight GPUs: engines of one, two and four, side by side.
 *
 * npm run ts -- scripts/validate/tune.ts [--quick] [--case 1|2|3|4]
 */
import { parseArgs } from 'node:util';
import { type EngineLimits, simulate } from '@stepclock/engine-sim';
import { quantileOf } from '@stepclock/numerics';
import { stepSeconds } from '@stepclock/step-cost';
import { betasFileOf, loadShapeOfSpec, parseSlos, type Slo, tune, tuneGpus } from '@stepclock/step-model';

const { values } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, case: { type: 'string' } },
});
const GRID = {
  maxNumSeqs: values.quick ? [32, 128] : [8, 16, 32, 64, 128, 256, 512],
  maxNumBatchedTokens: values.quick ? [512, 2048] : [512, 1024, 2048, 4096, 8192, 16384],
};
const ENGINE = { tensorParallelSize: 1, betas: { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, beta3: 1e-7 } };
/** What more GPUs take off a step, and leave to its cache. */
const ENGINES = [
  { tensorParallelSize: 1, betas: { beta0: 0.012, beta1: 6e-5, beta2: 1.6e-4, beta3: 1.6e-7 }, kvTokens: 30_000 },
  { tensorParallelSize: 2, betas: { beta0: 0.008, beta1: 3.3e-5, beta2: 1.1e-4, beta3: 0.9e-7 }, kvTokens: 90_000 },
  { tensorParallelSize: 4, betas: { beta0: 0.006, beta1: 2e-5, beta2: 0.9e-4, beta3: 0.5e-7 }, kvTokens: 210_000 },
];
const CASES = [
  { slos: 'tpot:p95:30ms ttft:p95:500ms', spec: 'prompt=600:0.8,output=150:0.7', engines: [ENGINE] },
  {
    slos: 'ttft:p95:1s tpot:p95:60ms',
    spec: 'prompt=2000:0.5,output=100:0.5',
    engines: [{ ...ENGINE, kvTokens: 60_000 }],
  },
  { slos: 'e2e:p95:8s', spec: 'prompt=300:0.8,output=300:0.6', engines: [{ ...ENGINE, kvTokens: 40_000 }] },
  { slos: 'tpot:p95:30ms ttft:p95:500ms', spec: 'prompt=600:0.8,output=150:0.7', engines: ENGINES, gpus: 8 },
].filter((_, i) => (values.case === undefined ? !values.quick || i === 0 : i === Number(values.case) - 1));
const ASKED = { share: 0.97, steps: 0.1 };

/** Requests of a search, and how near its ends come. */
const REQUESTS = 10_000;
const TOLERANCE = 1.005;

interface Load {
  readonly arrivals: Float64Array;
  readonly promptTokens: Float64Array;
  readonly outputTokens: Float64Array;
}

/** Searches the highest rate of a setting within the SLOs; 0 below a rate at which requests are alone. */
const searched = (
  load: Load,
  slos: readonly Slo[],
  betas: typeof ENGINE.betas,
  limits: EngineLimits,
): { rate: number; steps: number } => {
  let steps = 0;
  const holds = (perSec: number): boolean => {
    const workload = {
      length: REQUESTS,
      arrivalSec: load.arrivals.map((at) => at / perSec),
      promptTokens: load.promptTokens,
      outputTokens: load.outputTokens,
    };
    const run = simulate(workload, { ...limits, stepSeconds: (step) => stepSeconds(betas, step) });
    steps += run.steps.length;
    const { firstTokenSec: first, lastTokenSec: last } = run.requests;
    const of = {
      ttft: first.map((sec, i) => sec - workload.arrivalSec[i]),
      tpot: first.map((sec, i) => (last[i] - sec) / (load.outputTokens[i] - 1)),
      latency: last.map((sec, i) => sec - workload.arrivalSec[i]),
    };
    const counted = [0.1 * REQUESTS, 0.95 * REQUESTS] as const;
    return slos.every(({ metric, statistic, limitSec }) => {
      const seen = of[metric].subarray(...counted);
      return (
        (statistic === 'mean' ? seen.reduce((a, b) => a + b, 0) / seen.length : quantileOf(seen, statistic)) <= limitSec
      );
    });
  };
  let low = 8;
  let high = low;
  if (holds(low)) for (high = 2 * low; holds(high); high *= 2) low = high;
  else
    do {
      high = low;
      low /= 2;
      if (low < 0.05) return { rate: 0, steps };
    } while (!holds(low));
  while (high / low > TOLERANCE) {
    const middle = Math.sqrt(low * high);
    if (holds(middle)) low = middle;
    else high = middle;
  }
  return { rate: low, steps };
};

const write = (line: string): void => void process.stdout.write(`${line}\n`);
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
/** `2 x 4 GPUs: 128, 512`, or the setting alone. */
const nameOf = (gpus: number | undefined, tensor: number | undefined, seqs: number, budget: number): string =>
  `${gpus === undefined || tensor === undefined ? '' : `${Math.floor(gpus / tensor)} x ${tensor} GPUs: `}${seqs}, ${budget}`;

write(
  '| SLO | KV cache | best of the whole grid | found by `tune`, its rate by brute force | share of the best | steps of brute force | asked |',
);
write('| --- | --- | --- | --- | --- | --- | --- |');
let misses = 0;
for (const { slos: text, spec, engines, gpus } of CASES) {
  const slos = parseSlos(text);
  const shape = loadShapeOfSpec(spec);
  const given = engines.map(({ betas, tensorParallelSize, ...limits }) => ({
    model: betasFileOf({ algo: 'steps', betas }),
    tensorParallelSize,
    limits,
  }));
  const [{ model, limits: own }] = given;
  const found =
    gpus === undefined
      ? tune(model, shape, slos, own, { grid: GRID })
      : tuneGpus(gpus, given, shape, slos, { grid: GRID });
  const { maxNumSeqs: seqs = 0, maxNumBatchedTokens: budget = 0, tensorParallelSize } = found.best[0]?.setting ?? {};
  const chosen = nameOf(gpus, tensorParallelSize, seqs, budget);
  // Other arrivals and lengths than those that were tuned on.
  const drawn = loadShapeOfSpec(spec, undefined, 4711);
  const other: Load = {
    arrivals: drawn.arrivals.slice(0, REQUESTS),
    promptTokens: drawn.promptTokens.slice(0, REQUESTS),
    outputTokens: drawn.outputTokens.slice(0, REQUESTS),
  };
  const rates = new Map<string, number>();
  let steps = 0;
  for (const { betas, tensorParallelSize: tensor, ...limits } of engines) {
    const dataParallel = gpus === undefined ? 1 : Math.floor(gpus / tensor);
    for (const maxNumSeqs of GRID.maxNumSeqs) {
      for (const maxNumBatchedTokens of GRID.maxNumBatchedTokens.filter((tokens) => tokens >= maxNumSeqs)) {
        const setting = { ...limits, maxNumSeqs, maxNumBatchedTokens, dataParallel };
        const { rate, steps: ofSetting } = searched(other, slos, betas, setting);
        steps += ofSetting;
        rates.set(nameOf(gpus, tensor, maxNumSeqs, maxNumBatchedTokens), rate);
      }
    }
  }
  const [best, most] = [...rates].reduce((a, b) => (b[1] > a[1] ? b : a));
  const ofChosen = rates.get(chosen) ?? 0;
  const good = ofChosen >= ASKED.share * most && (values.quick || found.steps.simulated <= ASKED.steps * steps);
  if (!good) misses++;
  const caches = engines.map(({ kvTokens }: { kvTokens?: number }) => kvTokens ?? 'no limit').join(', ');
  write(
    `| ${text} | ${caches} | ${best}: ${most.toFixed(2)}/s | ${chosen}: ${ofChosen.toFixed(2)}/s | ${percent(ofChosen / most)} | ${percent(found.steps.simulated / steps)} | 97 %, 10 % ${good ? 'yes' : 'NO'} |`,
  );
}
process.exitCode = misses > 0 ? 1 : 0;
