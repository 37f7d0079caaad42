/**
 * What a queue folded into the prefills costs the step clock, by the length of the outputs and of the trace: the runs behind fixtures/formats and the scenario `folded`.
 *
 * npm run ts -- scripts/validate/folded-queue.ts [--seeds 20 | --quick]
 */
import { parseArgs } from 'node:util';
import { type Coefficients, runScenario } from '@stepclock/engine-sim';
import type { PhaseTable } from '@stepclock/trace-io';
import { clockOf, foldedPhases } from '../fixtures/formats/estimates.js';
import { FIXTURE_ENGINE, FIXTURE_WORKLOAD, type ReferenceRun, referenceRun } from '../fixtures/formats/run.js';
import { KeptFigures } from './targets/kept-figures.js';

// The data folder that every validation is given is not looked at: these engines are simulated.
const { values } = parseArgs({
  allowPositionals: true,
  options: { seeds: { type: 'string' }, quick: { type: 'boolean', default: false } },
});
const seeds = Array.from({ length: Number(values.seeds ?? (values.quick ? 3 : 20)) }, (_, i) => i + 1);
const SIZES = [120, 1000];

/** A run as somebody sees it, and the truth behind it. */
interface Seen {
  readonly phases: PhaseTable;
  readonly queueInPrefill: 'yes' | 'no';
  readonly coefficients: Coefficients;
}

type Case = (requests: number, seed: number) => Seen;

const { coefficients: FIXTURE_COEFFICIENTS } = FIXTURE_ENGINE;

/** The run behind fixtures/formats with another seed and size, and what else is to differ. */
const fixtureLike =
  (outputTokens: number, engine: Partial<typeof FIXTURE_ENGINE> = {}) =>
  (requests: number, seed: number): ReferenceRun =>
    referenceRun(
      {
        ...FIXTURE_WORKLOAD,
        requests,
        seed,
        output: { kind: 'lognormal', mean: outputTokens, sigma: 0.7, atLeast: 1 },
      },
      { ...FIXTURE_ENGINE, ...engine },
    );

const byClient =
  (run: (requests: number, seed: number) => ReferenceRun): Case =>
  (requests, seed) => {
    const reference = run(requests, seed);
    return { phases: foldedPhases(reference), queueInPrefill: 'yes', coefficients: reference.coefficients };
  };

const CASES: Readonly<Record<string, Case>> = {
  'scenario `folded`: outputs of 150 tokens, 12 requests/s in bursts': (requests, seed) => {
    const { phases, coefficients } = runScenario('folded', { requests, seed });
    return { phases, queueInPrefill: 'yes', coefficients };
  },
  'the run behind fixtures/formats: outputs of 40 tokens, 10 requests/s in bursts': byClient(fixtureLike(40)),
  'the same seen by the engine, queue apart': (requests, seed) => {
    const { run, coefficients } = fixtureLike(40)(requests, seed);
    return { phases: run.phases, queueInPrefill: 'no', coefficients };
  },
  'the same by the client, with outputs of 150 tokens': byClient(fixtureLike(150)),
  'the same by the client, outputs of 40 tokens, beta2 twice as large': byClient(
    fixtureLike(40, { coefficients: { ...FIXTURE_COEFFICIENTS, beta2: 2 * FIXTURE_COEFFICIENTS.beta2 } }),
  ),
};

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2;
};
const percent = (share: number): string => {
  const text = (100 * share).toFixed(2);
  return text === '-0.00' ? '0.00' : text;
};

/** Relative errors of beta0, beta1, beta2. */
const errorsOf = ({ phases, queueInPrefill, coefficients: { beta0, beta1, beta2 } }: Seen): number[] => {
  const found = clockOf(phases, queueInPrefill);
  return [beta0, beta1, beta2].map((truth, i) => found[i] / truth - 1);
};

console.log(
  `Errors in percent over ${seeds.length} seeds. Worst: of the worst coefficient, without sign, median (largest); each coefficient's with its sign: median (smallest to largest).\n`,
);
console.log('| run | requests | worst | beta0 | beta1 | beta2 |\n| --- | ---: | ---: | ---: | ---: | ---: |');
/** Asked of the worst seed, per cent. */
const ASKED: Readonly<Record<number, number>> = { 1000: 0.5 };
const kept = new KeptFigures({ 'the same by the client, with outputs of 150 tokens, 1000': 1.06 });
for (const [name, seen] of Object.entries(CASES)) {
  for (const requests of SIZES) {
    const errors = seeds.map((seed) => errorsOf(seen(requests, seed)));
    const worst = errors.map((e) => Math.max(...e.map(Math.abs)));
    const signed = [0, 1, 2].map((i) => {
      const all = errors.map((e) => e[i]);
      return `${percent(median(all))} (${percent(Math.min(...all))} to ${percent(Math.max(...all))})`;
    });
    console.log(
      `| ${[name, requests, `${percent(median(worst))} (${percent(Math.max(...worst))})`, ...signed].join(' | ')} |`,
    );
    const asked = ASKED[requests];
    if (asked !== undefined) kept.check(`${name}, ${requests}`, 100 * Math.max(...worst), asked);
  }
}
kept.finish(console.log);
