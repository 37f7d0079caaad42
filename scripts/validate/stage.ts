// Transfer and guardrail on measured two-GPU data: npm run ts -- scripts/validate/stage.ts [DATA] [--quick] [SET...]
// Sets a1, a2, a3 and the reference are described in docs/accuracy.md. Target of auto: the reference's cross-validated choice, or at most one standard
// error above it; of affine, global-affine and fine-tuned: within two standard errors of the reference. 10 seeds and 40 guardrail splits; --quick: 2 and 4,
// at N = 25 alone. --transfer or --guardrail alone runs that half.
import { spawn } from 'node:child_process';
import { seededRandom, shuffled } from '@stepclock/numerics';
import {
  crossFit,
  guardrailFigures,
  jackknifeBounds,
  marginBounds,
  measuredTotals,
  recalibrate,
  runExperiment,
  type StageTable,
  TOTAL,
  takeConfigurations,
  takeSamples,
  trainEstimator,
  transferInput,
  transferPoints,
  transferSamples,
} from '@stepclock/stage-latency-recalibration';
import {
  A1,
  A2,
  A3,
  data,
  hasMeasurements,
  type MeasuredSet,
  names,
  quick,
  say,
  sourceAndTarget,
} from './stage-sets/measured-sets.js';
import { overDraws, worstOf } from './targets/over-draws.js';

const words = process.argv.slice(2);
const SEEDS = quick ? 2 : 10;
const SPLITS = quick ? 4 : 40;
const SAMPLES = quick ? [25] : [10, 25, 50, 100];
const halves = (['--transfer', '--guardrail'] as const).filter((half) => words.includes(half));
const wanted = (half: '--transfer' | '--guardrail'): boolean => halves.length === 0 || halves.includes(half);

interface ReferenceSet extends MeasuredSet {
  /** Target of auto by number of samples: the mean total MAPE of the reference's cross-validated choice, and its standard deviation over seeds. */
  readonly autoTarget: Readonly<Record<number, readonly [mape: number, sd: number]>>;
  /** The same figures of the classical methods: affine and global-affine on the reference's best source model (a1: mlp, else poly2log), fine-tuned. */
  readonly reference: Readonly<Record<string, Readonly<Record<number, readonly [mape: number, sd: number]>>>>;
}

const SETS: readonly ReferenceSet[] = [
  {
    ...A1,
    autoTarget: { 10: [6.9, 2.13], 25: [5.7, 1.79], 50: [4.5, 1.11] },
    reference: {
      affine: { 10: [9.33, 3.64], 25: [8.46, 2.41], 50: [7.05, 1.03] },
      'global-affine': { 10: [10.86, 3.39], 25: [10.06, 1.95], 50: [9.03, 1.16] },
      'fine-tuned': { 10: [11.45, 3.34], 25: [9.2, 2.05], 50: [6.67, 2.34] },
    },
  },
  {
    ...A2,
    autoTarget: { 10: [10.2, 4.68], 25: [7.1, 2.51], 50: [5.4, 1.27], 100: [4.8, 1.23] },
    reference: {
      affine: { 10: [11.76, 3.88], 25: [11.11, 3.04], 50: [10.94, 2.85], 100: [11.83, 3.48] },
      'global-affine': { 10: [11.71, 3.24], 25: [11.56, 3.73], 50: [10.44, 1.86], 100: [10.33, 2.1] },
      'fine-tuned': { 10: [15.87, 3.56], 25: [8.91, 1.87], 50: [6.82, 1.18], 100: [5.32, 0.79] },
    },
  },
  {
    ...A3,
    autoTarget: { 10: [0.95, 0.32], 25: [0.72, 0.08], 50: [0.56, 0.051], 100: [0.5, 0.057] },
    reference: {
      affine: { 10: [0.79, 0.06], 25: [0.75, 0.04], 50: [0.74, 0.05], 100: [0.72, 0.05] },
      'global-affine': { 10: [3.07, 0.27], 25: [2.9, 0.07], 50: [2.87, 0.15], 100: [2.85, 0.14] },
      'fine-tuned': { 10: [7.02, 1.21], 25: [4.34, 1.32], 50: [2.48, 0.51], 100: [1.47, 0.38] },
    },
  },
];

/** Linear between order statistics, as numpy has it. */
const quantile = (values: Float64Array, p: number): number => {
  const sorted = values.slice().sort();
  const position = p * (sorted.length - 1);
  const low = sorted[Math.floor(position)];
  return low + (sorted[Math.ceil(position)] - low) * (position - Math.floor(position));
};

/** The table that a user's experiment would give: the source's forms chosen by cross-validation, every method on the same seeds. */
const transferTable = (set: ReferenceSet, source: StageTable, target: StageTable): void => {
  const result = runExperiment(source, target, {
    seeds: SEEDS,
    samples: SAMPLES,
    methods: ['auto', 'affine', 'global-affine', 'fine-tuned'],
    budgets: [1],
  });
  say(`\n### ${set.name}: total MAPE (%), mean of ${SEEDS} seeds ± standard error, ${set.source} to ${set.target}\n`);
  say('| method | N | ours | target or reference | bound | difference | |\n|---|---|---|---|---|---|---|');
  for (const { method, stage, samples, mapePercent } of transferPoints(result)) {
    const known = (method === 'auto' ? set.autoTarget : set.reference[method])?.[samples];
    if (stage !== TOTAL || known === undefined) continue;
    const [want, sd] = known;
    const error = sd / Math.sqrt(10);
    const slack = (method === 'auto' ? 1 : 2) * error;
    const { mean, standardError } = mapePercent;
    // Both are means over draws: what two means differ by has the standard error of both.
    const apart = Math.round((10 * (mean - want)) / Math.hypot(error, standardError)) / 10;
    const [low, high] = [want - slack, want + slack];
    const bound = method === 'auto' ? `at most ${high.toFixed(2)}` : `${low.toFixed(2)} to ${high.toFixed(2)}`;
    const verdict =
      mean > high ? `MISSED by ${(mean - high).toFixed(2)}` : method !== 'auto' && mean < low ? 'better' : 'met';
    say(
      `| ${method} | ${samples} | ${mean.toFixed(2)} ± ${standardError.toFixed(2)} | ${want} ± ${error.toFixed(2)} | ${bound} | ${(apart || 0).toFixed(1)} se | ${verdict} |`,
    );
  }
};

/** Configurations by how a rule judged them. */
type Counts = Readonly<
  Record<'covered' | 'all' | 'falseRejects' | 'valid' | 'falseAccepts' | 'violating' | 'accepted', number>
>;

const sumOf = (counts: readonly Counts[]): Counts => {
  const sum = (of: (one: Counts) => number): number => counts.reduce((total, one) => total + of(one), 0);
  return {
    covered: sum(({ covered }) => covered),
    all: sum(({ all }) => all),
    falseRejects: sum(({ falseRejects }) => falseRejects),
    valid: sum(({ valid }) => valid),
    falseAccepts: sum(({ falseAccepts }) => falseAccepts),
    violating: sum(({ violating }) => violating),
    accepted: sum(({ accepted }) => accepted),
  };
};
const coverageOf = ({ covered, all }: Counts): number => (100 * covered) / all;
const rejectsOf = ({ falseRejects, valid }: Counts): number => (100 * falseRejects) / valid;

const BUDGETS = [0.35, 0.5, 0.7, 0.85, 1];

/** Coverage and false rejects at 90 % over random splits, with auto as the point model. */
const guardrailTable = (set: ReferenceSet, source: StageTable, target: StageTable): void => {
  say(`\n### ${set.name}: guardrail at 90 %, ${SPLITS} splits, budgets ${BUDGETS.join(', ')} of the 95th percentile\n`);
  say(
    '| rule | N | coverage % (88 to 95) | false rejects % (at most 3) | false accepts % | violations among accepted % | |\n|---|---|---|---|---|---|---|',
  );
  const counts = SAMPLES.filter((n) => n >= 25 && n <= target.length - (target.length < 200 ? 20 : 100));
  /** By rule and number of samples, the counts of each split. */
  const splits = new Map<string, Counts[]>();
  for (let split = 0; split < SPLITS; split++) {
    const order = shuffled(target.length, seededRandom(split, 'validate'));
    const test = takeConfigurations(target, order.slice(0, target.length < 200 ? 20 : 100));
    const rest = order.slice(test.length);
    const training = target.length < 200 ? source : takeConfigurations(source, rest.slice(0, 150));
    const { estimator } = trainEstimator(training, { families: ['log-polynomial', 'gaussian-process'], seed: split });
    const pool = transferSamples(
      estimator,
      takeConfigurations(
        target,
        Array.from(shuffled(rest.length, seededRandom(split, 'samples')), (i) => rest[i]).slice(0, 100),
      ),
    );
    const input = transferInput(estimator, test);
    const truth = measuredTotals(test);
    const reference = quantile(truth, 0.95);
    for (const n of counts) {
      const samples = takeSamples(
        pool,
        Uint32Array.from({ length: n }, (_, i) => i),
      );
      const model = recalibrate('auto', samples, { seed: split });
      const rules = {
        'jackknife+': jackknifeBounds(model, crossFit(model, samples), 0.9),
        'margin 1.1': marginBounds(model, 1.1),
      };
      for (const [rule, bounder] of Object.entries(rules)) {
        const { upperMs } = bounder.bounds(input);
        const counted = BUDGETS.map((budget): Counts => {
          const f = guardrailFigures(truth, upperMs, budget * reference);
          const valid = truth.filter((ms) => ms <= budget * reference).length;
          const share = (percent: number | null): number => (percent ?? 0) / 100;
          return {
            covered: share(f.coveragePercent) * truth.length,
            all: truth.length,
            falseRejects: share(f.falseRejectPercent) * valid,
            valid,
            falseAccepts: share(f.falseAcceptPercent) * (truth.length - valid),
            violating: truth.length - valid,
            accepted: share(f.acceptedPercent) * truth.length,
          };
        });
        const key = `${rule} | ${n}`;
        splits.set(key, [...(splits.get(key) ?? []), sumOf(counted)]);
      }
    }
  }
  for (const [key, each] of [...splits].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))) {
    const c = sumOf(each);
    const [coverage, rejects] = [coverageOf(c), rejectsOf(c)];
    const judged = worstOf([
      overDraws(coverage, each.map(coverageOf), { low: 88, high: 95 }, quick),
      overDraws(rejects, each.map(rejectsOf), { high: 3 }, quick),
    ]);
    // A margin is a rule of thumb: it promises nothing.
    const verdict = key.startsWith('margin') ? '' : { yes: 'met', NO: 'MISSED', open: 'open' }[judged];
    if (verdict === 'MISSED') process.exitCode = 1;
    const figures = [coverage, rejects, (100 * c.falseAccepts) / c.violating, (100 * c.falseAccepts) / c.accepted];
    say(`| ${key} | ${figures.map((value) => value.toFixed(2)).join(' | ')} | ${verdict} |`);
  }
};

const measure = async (set: ReferenceSet): Promise<void> => {
  const [source, target] = await sourceAndTarget(set);
  if (wanted('--transfer')) transferTable(set, source, target);
  if (wanted('--guardrail')) guardrailTable(set, source, target);
};

/** A set in a process of its own: the three take minutes each, and know nothing of one another. */
const measureApart = ({ name }: ReferenceSet): Promise<string> =>
  new Promise((done) => {
    const flags = words.filter((word) => word.startsWith('--'));
    const argv = [...process.execArgv, import.meta.filename, data, name, ...flags];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
    });
    child.on('close', (code) => {
      if (code !== 0) process.exitCode = 1;
      done(text);
    });
  });

const sets = SETS.filter(({ name }) => names.length === 0 || names.includes(name));
if (hasMeasurements()) {
  // All are started at once; what they print comes in their order.
  if (sets.length > 1) for (const text of sets.map(measureApart)) process.stdout.write(await text);
  else for (const set of sets) await measure(set);
}
