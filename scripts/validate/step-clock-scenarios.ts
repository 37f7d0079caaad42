/**
 * What the step clock finds on simulated engines whose coefficients are known.
 *
 * npm run ts -- scripts/validate/step-clock-scenarios.ts [--seeds 10 | --quick] [--only NAME,NAME] [--model auto]
 */
import { parseArgs } from 'node:util';
import { estimateStepClock, type StepClockEstimate, type StepClockModel } from '@stepclock/beta-estimators';
import {
  type Coefficients,
  runScenario,
  type ScenarioName,
  type ScenarioRun,
  scenarioNames,
} from '@stepclock/engine-sim';
import { nnlsColumns } from '@stepclock/nnls-solver';
import { KeptFigures } from './targets/kept-figures.js';

// The data folder that every validation is given is not looked at: these engines are simulated.
const { values } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string' },
    quick: { type: 'boolean', default: false },
    from: { type: 'string', default: '1' },
    only: { type: 'string' },
    model: { type: 'string' },
    requests: { type: 'string', default: '1000' },
    round: { type: 'string' },
    times: { type: 'string', default: '1' },
  },
});
const seeds = Array.from(
  { length: Number(values.seeds ?? (values.quick ? 1 : 10)) },
  (_, i) => Number(values.from) + i,
);
const names = values.only === undefined ? scenarioNames : (values.only.split(',') as ScenarioName[]);

const EXACT = 1e-4;
/** Asked: where steps do not vary, per cent, of the median seed and of the worst; where they do, over least squares on the true steps; of warnings, without preemption. */
const ASKED = { median: 0.01, worst: 0.1, ratio: 2, warned: 0 } as const;
const kept = new KeptFigures({ 'preempting: worst, largest': 1.06 });
const NAMES = ['beta0', 'beta1', 'beta2', 'beta3'] as const;

/** Weighted least squares on the true step log: what nobody without instrumentation can beat. */
const floorOf = ({ steps }: ScenarioRun, width: number): number[] => {
  const one = new Float64Array(steps.length).fill(1);
  const columns = [one, steps.prefillTokens, steps.decodeTokens, steps.contextTokens].slice(0, width);
  let beta: ArrayLike<number> = [];
  let weights = one;
  for (let round = 0; round < 3; round++) {
    beta = nnlsColumns(columns, steps.durationSec, { weights }).x;
    weights = steps.durationSec.map((_, i) => columns.reduce((s, c, j) => s + (beta[j] ?? 0) * (c[i] ?? 0), 0) ** -2);
  }
  return Array.from(beta);
};

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2;
};
const percent = (share: number): string => (100 * share).toFixed(3);

const errorsOf = (betas: Partial<Coefficients>, truth: Coefficients): number[] =>
  NAMES.filter((name) => (truth[name] ?? 0) > 0).map((name) => Math.abs((betas[name] ?? 0) / (truth[name] ?? 1) - 1));

const covered = (estimate: StepClockEstimate, truth: Coefficients): boolean[] =>
  NAMES.filter((name) => (truth[name] ?? 0) > 0).map((name) => {
    const interval = estimate.intervals?.byLabel[name];
    const value = truth[name] ?? 0;
    return !!interval && interval[0] <= value && value <= interval[1];
  });

console.log(
  `Errors in percent over ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}: the worst coefficient's (median and largest), that of least squares on the true steps (floor), and each coefficient's; covered: the share of 95 % intervals that hold the truth, by coefficient.\n`,
);
const HEAD =
  '| scenario | worst, median | worst, largest | floor | ratio | by coefficient | covered | kv chosen | unconverged | warnings |';
console.log(`${HEAD}\n${HEAD.replaceAll(/[^|]+/g, '---')}`);
for (const name of names) {
  const worst: number[] = [];
  const floors: number[] = [];
  const byCoefficient: number[][] = [];
  const coverage: boolean[][] = [];
  const warnings = new Map<string, number>();
  let kv = 0;
  let unconverged = 0;
  for (const seed of seeds) {
    const run = runScenario(name, {
      seed,
      requests: Number(values.requests),
      ...(values.round !== undefined && { roundToSec: Number(values.round) }),
      ...(values.times !== '1' && {
        coefficients: {
          beta0: 6e-3 * Number(values.times),
          beta1: 20e-6 * Number(values.times),
          beta2: 120e-6 * Number(values.times),
        },
      }),
    });
    const hasContext = (run.coefficients.beta3 ?? 0) > 0;
    const model = (values.model ?? (hasContext ? 'kv' : 'linear')) as StepClockModel;
    const estimate = estimateStepClock(run.phases, { model });
    const errors = errorsOf(estimate.betas, run.coefficients);
    worst.push(Math.max(...errors));
    byCoefficient.push(errors);
    coverage.push(covered(estimate, run.coefficients));
    const width = hasContext ? 4 : 3;
    const [beta0 = 0, beta1 = 0, beta2 = 0, beta3 = 0] = floorOf(run, width);
    floors.push(Math.max(...errorsOf({ beta0, beta1, beta2, beta3 }, run.coefficients)));
    if (estimate.model === 'kv') kv++;
    if (!estimate.converged) unconverged++;
    for (const { code } of estimate.warnings) warnings.set(code, (warnings.get(code) ?? 0) + 1);
  }
  const columns = byCoefficient[0]?.map((_, j) => percent(median(byCoefficient.map((e) => e[j] ?? 0)))) ?? [];
  const shares = coverage[0]?.map((_, j) => ((100 * coverage.filter((c) => c[j]).length) / seeds.length).toFixed(1));
  // Where least squares on the true steps is exact, a ratio to its rounding says nothing.
  const ratio = median(floors) < EXACT ? '-' : (median(worst) / median(floors)).toFixed(2);
  const cells = [
    name,
    percent(median(worst)),
    percent(Math.max(...worst)),
    percent(median(floors)),
    ratio,
    columns.join(', '),
    (shares ?? []).join(', '),
    kv,
    unconverged,
    [...warnings].map(([code, count]) => `${code} x${count}`).join(', '),
  ];
  console.log(`| ${cells.join(' | ')} |`);
  if (ratio === '-') {
    // Of one seed the median is the worst.
    if (!values.quick) kept.check(`${name}: worst, median`, 100 * median(worst), ASKED.median);
    kept.check(`${name}: worst, largest`, 100 * Math.max(...worst), ASKED.worst);
  } else kept.check(`${name}: over the floor`, Number(ratio), ASKED.ratio);
  if (name !== 'preempting') kept.check(`${name}: warnings`, warnings.size, ASKED.warned);
}
kept.finish(console.log);
