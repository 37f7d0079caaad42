// The published estimators beside the step clock, on simulated engines whose coefficients are known.
import { estimateBaseline, estimateIterative, estimateStepClock } from '@stepclock/beta-estimators';
import { runScenario, type ScenarioName, scenarios } from '@stepclock/engine-sim';

const seeds = process.argv.includes('--quick') ? [1] : [1, 2, 3];
const names: readonly ScenarioName[] = [
  'chunk-64-medium',
  'chunk-512-medium',
  'budget-2048-medium',
  'budget-2048-bursty',
  'budget-1024-medium',
  'budget-512-heavy',
];

interface LinearBetas {
  readonly beta0: number;
  readonly beta1: number;
  readonly beta2: number;
}

process.stdout.write('error of beta0, beta1, beta2 in percent, and the r2 that the estimator reports\n\n');
process.stdout.write(
  '| scenario | seed | baseline | r2 | iterative | r2 | step clock |\n|---|---|---|---|---|---|---|\n',
);
for (const name of names) {
  const scenario: { engine: { chunkSize?: number; maxNumBatchedTokens?: number } } = scenarios[name];
  const chunkSize = scenario.engine.chunkSize ?? scenario.engine.maxNumBatchedTokens ?? 2048;
  for (const seed of seeds) {
    const { phases, coefficients } = runScenario(name, { seed });
    const shown = ({ betas }: { readonly betas: LinearBetas }): string =>
      (['beta0', 'beta1', 'beta2'] as const).map((b) => (100 * (betas[b] / coefficients[b] - 1)).toFixed(1)).join(', ');
    const baseline = estimateBaseline(phases, { chunkSize });
    const iterative = estimateIterative(phases, { chunkSize });
    const clock = estimateStepClock(phases, { model: 'linear' });
    const r2 = (value: number | null): string => value?.toFixed(4) ?? '-';
    process.stdout.write(
      `| ${name} | ${seed} | ${shown(baseline)} | ${r2(baseline.diagnostics.r2)} | ${shown(iterative)} | ${r2(iterative.diagnostics.final_r2)} | ${shown(clock)} |\n`,
    );
  }
}
