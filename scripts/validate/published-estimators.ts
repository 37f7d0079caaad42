// The published estimators (docs/theory.md) beside the step clock, on simulated engines whose coefficients are known; then the iterative
// one on the bundled trace over chunk sizes.
import { createReadStream, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { estimateBaseline, estimateIterative, estimateStepClock } from '@stepclock/beta-estimators';
import { runScenario, type ScenarioName, scenarios } from '@stepclock/engine-sim';
import type { Betas } from '@stepclock/step-cost';
import { readTrace } from '@stepclock/trace-io';

const seeds = process.argv.includes('--quick') ? [1] : [1, 2, 3];
const names: readonly ScenarioName[] = [
  'chunk-64-medium',
  'chunk-512-medium',
  'budget-2048-medium',
  'budget-2048-bursty',
  'budget-1024-medium',
  'budget-512-heavy',
];

const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
const r2 = (value: number | null): string => value?.toFixed(4) ?? '-';
const rounds = ({ converged, iterations }: { readonly converged: boolean; readonly iterations: number }): string =>
  `${converged ? 'yes' : 'NO'}, ${iterations} rounds`;

say('error of beta0, beta1, beta2 in percent, the r2 that the estimator reports, and whether iterative converged\n');
say('| scenario | seed | baseline | r2 | iterative | r2 | iterative converged | step clock |');
say('|---|---|---|---|---|---|---|---|');
for (const name of names) {
  const scenario: { engine: { chunkSize?: number; maxNumBatchedTokens?: number } } = scenarios[name];
  const chunkSize = scenario.engine.chunkSize ?? scenario.engine.maxNumBatchedTokens ?? 2048;
  for (const seed of seeds) {
    const { phases, coefficients } = runScenario(name, { seed });
    const shown = ({ betas }: { readonly betas: Betas }): string =>
      (['beta0', 'beta1', 'beta2'] as const).map((b) => (100 * (betas[b] / coefficients[b] - 1)).toFixed(1)).join(', ');
    const baseline = estimateBaseline(phases, { chunkSize });
    const iterative = estimateIterative(phases, { chunkSize });
    const clock = estimateStepClock(phases, { model: 'linear' });
    say(
      `| ${name} | ${seed} | ${shown(baseline)} | ${r2(baseline.diagnostics.r2)} | ${shown(iterative)} | ${r2(iterative.diagnostics.final_r2)} | ${rounds(iterative)} | ${shown(clock)} |`,
    );
  }
}

const bundled = join(import.meta.dirname, '../../fixtures/traces/shared-budget-300');
const { phases } = await readTrace(createReadStream(join(bundled, 'requests.jsonl')), {
  metaJson: readFileSync(join(bundled, 'meta.json'), 'utf8'),
});
if (phases === undefined) throw new Error('the bundled trace holds no phases');
const us = (sec: number): string => (1e6 * sec).toPrecision(4);
say(
  '\n### The bundled trace by chunk size: us, where the truth is 8000 a step, 30 a prefill token, 60 a decode token\n',
);
say('| estimator | C | us/step | us/prefill token | us/decode token | r2 | converged |');
say('|---|---|---|---|---|---|---|');
const budget = 2048;
const plain = estimateBaseline(phases, { chunkSize: budget });
const shownBetas = ({ beta0, beta1, beta2 }: Betas): string => [beta0, beta1, beta2].map(us).join(' | ');
say(`| baseline | ${budget} | ${shownBetas(plain.betas)} | ${r2(plain.diagnostics.r2)} | one fit |`);
for (const chunkSize of [256, 512, 1024, budget]) {
  const fit = estimateIterative(phases, { chunkSize });
  say(
    `| iterative | ${chunkSize} | ${shownBetas(fit.betas)} | ${r2(fit.diagnostics.final_r2)} | ${rounds(fit)}, last move ${us(fit.history.deltaBetaL2.at(-1) ?? 0)} us |`,
  );
}
const clock = estimateStepClock(phases, { maxNumBatchedTokens: budget });
say(`| step clock | none | ${shownBetas(clock.betas)} | - | ${rounds(clock)} |`);
