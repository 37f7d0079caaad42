/**
 * `tune` on a simulated engine against brute force: a search of every setting of the grid over ten thousand requests of its own.
 *
 * npm run ts -- scripts/validate/tune.ts [--quick]
 */
import { parseArgs } from 'node:util';
import { betasFileOf, capacity, loadShapeOfSpec, parseSlos, tune } from '@stepclock/step-model';

const { values } = parseArgs({ allowPositionals: true, options: { quick: { type: 'boolean', default: false } } });
const BETAS = { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, beta3: 1e-7 };
const GRID = {
  maxNumSeqs: values.quick ? [32, 128] : [8, 16, 32, 64, 128, 256, 512],
  maxNumBatchedTokens: values.quick ? [512, 2048] : [512, 1024, 2048, 4096, 8192, 16384],
};
const CASES = [
  { slos: 'tpot:p95:30ms ttft:p95:500ms', spec: 'prompt=600:0.8,output=150:0.7', kvTokens: undefined },
  { slos: 'ttft:p95:1s tpot:p95:60ms', spec: 'prompt=2000:0.5,output=100:0.5', kvTokens: 60_000 },
  { slos: 'e2e:p95:8s', spec: 'prompt=300:0.8,output=300:0.6', kvTokens: 40_000 },
].slice(0, values.quick ? 1 : undefined);
const ASKED = { share: 0.97, steps: 0.1 };

const model = betasFileOf({ algo: 'steps', betas: BETAS });
const write = (line: string): void => void process.stdout.write(`${line}\n`);
const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
write(
  '| SLO | KV cache | best of the whole grid | found by `tune`, its rate by brute force | share of the best | steps of brute force | asked |',
);
write('| --- | --- | --- | --- | --- | --- | --- |');
let misses = 0;
for (const { slos: text, spec, kvTokens } of CASES) {
  const slos = parseSlos(text);
  const shape = loadShapeOfSpec(spec);
  const limits = kvTokens === undefined ? {} : { kvTokens };
  const found = tune(model, shape, slos, limits, { grid: GRID });
  // Other arrivals and lengths than those that were tuned on.
  const other = loadShapeOfSpec(spec, undefined, 4711);
  let best = { rate: 0, name: '' };
  let own = 0;
  let steps = 0;
  for (const maxNumSeqs of GRID.maxNumSeqs) {
    for (const maxNumBatchedTokens of GRID.maxNumBatchedTokens.filter((budget) => budget >= maxNumSeqs)) {
      const setting = { ...limits, maxNumSeqs, maxNumBatchedTokens };
      const { ratePerSec } = capacity(model, other, slos, setting, { draws: 0 });
      const rate = ratePerSec ?? 0;
      if (rate > best.rate) best = { rate, name: `${maxNumSeqs}, ${maxNumBatchedTokens}` };
      const chosen = found.best[0]?.setting;
      if (chosen?.maxNumSeqs === maxNumSeqs && chosen.maxNumBatchedTokens === maxNumBatchedTokens) own = rate;
    }
  }
  steps = found.steps.ofWholeGrid;
  const good = own >= ASKED.share * best.rate && (values.quick || found.steps.simulated <= ASKED.steps * steps);
  if (!good) misses++;
  const { setting } = found.best[0] ?? {};
  write(
    `| ${text} | ${kvTokens ?? 'no limit'} | ${best.name}: ${best.rate.toFixed(2)}/s | ${setting?.maxNumSeqs}, ${setting?.maxNumBatchedTokens}: ${own.toFixed(2)}/s | ${percent(own / best.rate)} | ${percent(found.steps.simulated / steps)} | 97 %, 10 % ${good ? 'yes' : 'NO'} |`,
  );
}
process.exitCode = misses > 0 ? 1 : 0;
