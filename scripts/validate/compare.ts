/**
 * `compare` on pairs of simulated logs of a thousand requests: how often one engine is called two, and how often 3 % more in one term are found.
 *
 * npm run ts -- scripts/validate/compare.ts [--pairs 100 | --quick]
 */
import { parseArgs } from 'node:util';
import { estimateStepClock } from '@stepclock/beta-estimators';
import { runScenario } from '@stepclock/engine-sim';
import { type BetasFile, betasFileOf, compareModels } from '@stepclock/step-model';

const { values } = parseArgs({
  allowPositionals: true,
  options: { pairs: { type: 'string' }, quick: { type: 'boolean', default: false } },
});
const pairs = Number(values.pairs ?? (values.quick ? 8 : 100));
const BETAS = { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, beta3: 2e-7 };
const SLOWER = 1.03;

const modelOf = (seed: number, coefficients: object): BetasFile => {
  const { phases } = runScenario('kv', { requests: 1000, seed, coefficients, engine: { stepNoise: 0.05 } });
  return betasFileOf(estimateStepClock(phases, { maxNumBatchedTokens: 2048 }));
};

const write = (line: string): void => void process.stdout.write(`${line}\n`);
const seen = { alarms: 0, found: 0, alone: 0, among: 0, misnamed: 0 };
const labels = ['beta0', 'beta1', 'beta2', 'beta3'] as const;
for (let k = 0; k < pairs; k++) {
  const a = modelOf(3 * k + 1, BETAS);
  if (compareModels(a, modelOf(3 * k + 2, BETAS)).workloads[0].change.isClear) seen.alarms++;
  const label = labels[k % labels.length];
  const slower = modelOf(3 * k + 3, { ...BETAS, [label]: SLOWER * BETAS[label] });
  const { change, cause } = compareModels(a, slower).workloads[0];
  if (change.isClear) seen.found++;
  if (cause === null) continue;
  if (cause.label === label && cause.alternatives.length === 0) seen.alone++;
  else if (cause.label === label || cause.alternatives.includes(label)) seen.among++;
  else seen.misnamed++;
}
write(
  '| pairs | one engine, called two | 3 % more in one term: change found | its term named alone | named with another that the logs do not tell from it | another named |',
);
write('| --- | --- | --- | --- | --- | --- |');
write(
  `| ${pairs} | ${seen.alarms} (asked 5 %) | ${seen.found} (asked 90 %) | ${seen.alone} | ${seen.among} | ${seen.misnamed} (named rightly: asked 90 %) |`,
);
/** What chance adds to a share of so few pairs. */
const chance = (share: number): number => 2 * Math.sqrt(pairs * share * (1 - share));
const isGood =
  seen.alarms <= 0.05 * pairs + chance(0.05) &&
  seen.found >= 0.9 * pairs - chance(0.9) &&
  seen.alone + seen.among >= 0.9 * pairs - chance(0.9);
process.exitCode = isGood ? 0 : 1;
