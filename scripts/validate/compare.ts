/**
 * `compare` on pairs of simulated logs of a thousand requests: how often one engine is called two, and how often 3 % more in one term are found.
 * Two processes share the pairs.
 *
 * npm run ts -- scripts/validate/compare.ts [--pairs 1000 | --quick]
 */
import { parseArgs } from 'node:util';
import { estimateStepClock } from '@stepclock/beta-estimators';
import { runScenario } from '@stepclock/engine-sim';
import { type BetasFile, betasFileOf, compareModels } from '@stepclock/step-model';
import { linesOfOwnProcess } from './measurements/own-process.js';

const { values } = parseArgs({
  allowPositionals: true,
  options: {
    pairs: { type: 'string' },
    quick: { type: 'boolean', default: false },
    share: { type: 'string' },
  },
});
const pairs = Number(values.pairs ?? (values.quick ? 8 : 1000));
const PROCESSES = 2;
const BETAS = { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, beta3: 2e-7 };
const SLOWER = 1.03;

const modelOf = (seed: number, coefficients: object): BetasFile => {
  const { phases } = runScenario('kv', { requests: 1000, seed, coefficients, engine: { stepNoise: 0.05 } });
  return betasFileOf(estimateStepClock(phases, { maxNumBatchedTokens: 2048 }));
};

const COUNTS = ['alarms', 'found', 'alone', 'among', 'misnamed'] as const;
type Seen = Record<(typeof COUNTS)[number], number>;

const labels = ['beta0', 'beta1', 'beta2', 'beta3'] as const;
/** Every so manieth pair, from one of them on. */
const seenIn = (first: number): Seen => {
  const seen = { alarms: 0, found: 0, alone: 0, among: 0, misnamed: 0 };
  for (let k = first; k < pairs; k += PROCESSES) {
    const a = modelOf(3 * k + 1, BETAS);
    if (compareModels(a, modelOf(3 * k + 2, BETAS)).workloads[0].change.isClear) seen.alarms++;
    // Each process slows all terms in turn.
    const label = labels[Math.floor(k / PROCESSES) % labels.length];
    const slower = modelOf(3 * k + 3, { ...BETAS, [label]: SLOWER * BETAS[label] });
    const { change, cause } = compareModels(a, slower).workloads[0];
    if (change.isClear) seen.found++;
    if (cause === null) continue;
    if (cause.label === label && cause.alternatives.length === 0) seen.alone++;
    else if (cause.label === label || cause.alternatives.includes(label)) seen.among++;
    else seen.misnamed++;
  }
  return seen;
};

const write = (line: string): void => void process.stdout.write(`${line}\n`);

if (values.share !== undefined) {
  const seen = seenIn(Number(values.share));
  for (const name of COUNTS) write(String(seen[name]));
} else {
  const shares = await Promise.all(
    Array.from({ length: PROCESSES }, async (_, k) => (await linesOfOwnProcess('--share', String(k))).map(Number)),
  );
  const [alarms, found, alone, among, misnamed] = COUNTS.map((_, i) => shares.reduce((sum, own) => sum + own[i], 0));
  write(
    '| pairs | one engine, called two | 3 % more in one term: change found | its term named alone | named with another that the logs do not tell from it | another named |',
  );
  write('| --- | --- | --- | --- | --- | --- |');
  write(
    `| ${pairs} | ${alarms} (asked 5 %) | ${found} (asked 90 %) | ${alone} | ${among} | ${misnamed} (named rightly: asked 90 %) |`,
  );
  /** What chance adds to a share of so few pairs. */
  const chance = (share: number): number => 2 * Math.sqrt(pairs * share * (1 - share));
  const isGood =
    alarms <= 0.05 * pairs + chance(0.05) &&
    found >= 0.9 * pairs - chance(0.9) &&
    alone + among >= 0.9 * pairs - chance(0.9);
  process.exitCode = isGood ? 0 : 1;
}
