// Makes the figures of docs/theory.md from simulated engines with known coefficients:
//   npm run docs:figures
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { estimateBaseline, estimateIterative, estimateStepClock, stepClockDetails } from '@stepclock/beta-estimators';
import { barSpec, convergenceSpec, observedPredictedSpec, renderSvg, type Spec } from '@stepclock/charts';
import { runScenario } from '@stepclock/engine-sim';

const out = join(import.meta.dirname, '../../docs/figures');
mkdirSync(out, { recursive: true });
const draw = async (name: string, spec: Spec): Promise<void> => {
  writeFileSync(join(out, `${name}.svg`), await renderSvg(spec));
  process.stdout.write(`docs/figures/${name}.svg\n`);
};

const { phases, coefficients } = runScenario('budget-2048-medium', { requests: 400, seed: 1 });
const truth = [coefficients.beta0, coefficients.beta1, coefficients.beta2] as const;
const clock = estimateStepClock(phases, { model: 'linear' });

const estimates = [
  { series: 'step clock', betas: clock.betas },
  { series: 'iterative', betas: estimateIterative(phases, { chunkSize: 2048 }).betas },
  { series: 'baseline', betas: estimateBaseline(phases, { chunkSize: 2048 }).betas },
];
const names = ['per step', 'per prefill token', 'per decode token'] as const;
await draw(
  'estimators',
  barSpec({
    title: 'What three estimators make of one trace',
    subtitle: 'estimate over truth; an engine whose prefills share 2048 tokens a step, 400 requests',
    value: { label: 'Estimate over truth', unit: '', scale: 'linear' },
    bars: estimates.flatMap(({ series, betas }) =>
      [betas.beta0, betas.beta1, betas.beta2].map((beta, j) => ({
        group: names[j] ?? '',
        series,
        value: beta / truth[j],
      })),
    ),
    reference: { value: 1, label: 'the truth' },
  }),
);

const { segments, clusters } = stepClockDetails(phases, clock.options);
const free = Array.from(segments.steps.keys()).filter((j) => Number.isFinite(segments.expectedSteps[j]));
await draw(
  'correction',
  observedPredictedSpec({
    title: 'The correction: steps of a segment, before and after the counts',
    quantity: { label: 'Steps', unit: '' },
    series: [
      {
        name: 'segments',
        observed: free.map((j) => segments.steps[j]),
        predicted: free.map((j) => segments.expectedSteps[j]),
      },
    ],
  }),
);
await draw(
  'clusters',
  observedPredictedSpec({
    title: 'The regression: one row a cluster',
    quantity: { label: 'Duration', unit: 's' },
    series: [{ name: 'clusters', observed: clusters.observedSec, predicted: clusters.predictedSec }],
  }),
);

const rounds = clock.history.deltaBetaL2;
await draw(
  'convergence',
  convergenceSpec({
    title: 'Rounds: how far the coefficients move',
    label: 'Change of the coefficients',
    unit: 's',
    series: [{ name: 'step clock', change: rounds }],
  }),
);
for (const { series, betas } of estimates) {
  const { beta0, beta1, beta2 } = betas;
  process.stdout.write(`${series}: ${[beta0, beta1, beta2].map((b) => b.toPrecision(5)).join(' ')}\n`);
}
process.stdout.write(`truth: ${truth.join(' ')}; rounds ${clock.iterations}; clusters ${clusters.steps.length}\n`);
