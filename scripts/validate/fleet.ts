/**
 * Fleets of simulated engines, through the step clock: how often slow and drifting engines are found, how often sound ones are named, and how often the
 * pooled intervals hold the truth.
 *
 * npm run validate -- --only fleet [--quick]
 */
import { estimateStepClock } from '@stepclock/beta-estimators';
import { runScenario } from '@stepclock/engine-sim';
import { betasFileOf, type EngineLine, engineLineOf, mergeFleet } from '@stepclock/step-model';

const quick = process.argv.includes('--quick');
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

const TRUE = { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, beta3: 2e-7 } as const;
const LABELS = ['beta0', 'beta1', 'beta2', 'beta3'] as const;
const SLOWER = [0.03, 0.05, 0.05, 0.08, 0.1];
const DRIFTS = [0.05, 0.08, 0.1];
const SOUND = quick ? 24 : 992;
const REQUESTS = quick ? 300 : 500;

const scaled = (factor: number) => ({
  beta0: factor * TRUE.beta0,
  beta1: factor * TRUE.beta1,
  beta2: factor * TRUE.beta2,
  beta3: factor * TRUE.beta3,
});

/** The line of a simulated engine; one that drifts is slower by `drift` in the second half of its requests. */
const lineOf = (engine: string, seed: number, { slower = 0, drift = 0 } = {}): EngineLine => {
  const run = (requests: number, factor: number, of: number) =>
    runScenario('kv', { requests, seed: of, coefficients: scaled(factor), engine: { stepNoise: 0.05 } }).phases;
  const phases = drift === 0 ? run(REQUESTS, 1 + slower, seed) : drifted(run, seed, drift);
  const { algo, betas, terms, intervals, windows, options } = estimateStepClock(phases, { maxNumBatchedTokens: 2048 });
  const rows = { engine, label: null, rows: REQUESTS, used: REQUESTS, excluded: [], startSec: null };
  return engineLineOf(rows, { model: betasFileOf({ algo, betas, terms, intervals, windows, options }) }, '0.0.0');
};

type Phases = ReturnType<typeof runScenario>['phases'];

/** Parts of one log, each slower than the one before, with an idle second between. */
const drifted = (
  run: (requests: number, factor: number, seed: number) => Phases,
  seed: number,
  drift: number,
): Phases => {
  const parts = 5;
  const all = Array.from({ length: parts }, (_, i) =>
    run(REQUESTS / parts, 1 + drift * (i / (parts - 1) - 0.5), parts * seed + i),
  );
  let from = 0;
  let requests = 0;
  const shifts = all.map((phases) => {
    const shift = { sec: from, requests };
    from += 1 + phases.endSec.reduce((a, b) => Math.max(a, b), 0);
    requests += phases.requestIds.length;
    return shift;
  });
  const joined = (of: (phases: Phases, i: number) => Float64Array): Float64Array =>
    Float64Array.from(all.flatMap((phases, i) => Array.from(of(phases, i))));
  return {
    length: all.reduce((sum, { length }) => sum + length, 0),
    kind: Uint8Array.from(all.flatMap(({ kind }) => Array.from(kind))),
    startSec: joined(({ startSec }, i) => startSec.map((t) => t + shifts[i].sec)),
    endSec: joined(({ endSec }, i) => endSec.map((t) => t + shifts[i].sec)),
    prefillTokens: joined(({ prefillTokens }) => prefillTokens),
    decodeTokens: joined(({ decodeTokens }) => decodeTokens),
    request: Uint32Array.from(all.flatMap(({ request }, i) => Array.from(request, (r) => r + shifts[i].requests))),
    requestIds: { length: requests, at: (index) => `r${index}` },
  };
};

const lines = [
  ...Array.from({ length: SOUND }, (_, e) => lineOf(`sound-${e}`, 1000 + e)),
  ...SLOWER.map((slower, e) => lineOf(`slow-${100 * slower}-${e}`, 10 + e, { slower })),
  ...DRIFTS.map((drift, e) => lineOf(`drift-${100 * drift}-${e}`, 20 + e, { drift })),
];
const [{ standingOut, pooled }] = mergeFleet(lines).kinds;
const named = new Set(standingOut.map(({ engine }) => engine));
const found = (kind: string): number => [...named].filter((name) => name.startsWith(kind)).length;

print(
  `One kind: ${SOUND} sound engines of ${REQUESTS} requests, ${SLOWER.length} slower ones, ${DRIFTS.length} that drift\n`,
);
print('| slow found | drifting found | sound ones named | beta0 | beta1 | beta2 | beta3 | in the pooled interval |');
print('| --- | --- | --- | --- | --- | --- | --- | --- |');
const off = LABELS.map((label) => {
  const { value, interval } = pooled.coefficients.find(({ term }) => term.label === label) ?? {};
  if (value === undefined) return { text: '-', holds: 'no' };
  const holds = interval && interval[0] <= TRUE[label] && TRUE[label] <= interval[1];
  return { text: `${(100 * (value / TRUE[label] - 1)).toFixed(3)} %`, holds: holds ? 'yes' : 'no' };
});
const cells = [
  `${found('slow')} of ${SLOWER.length} (${SLOWER.map((s) => `${100 * s} %`).join(', ')})`,
  `${found('drift')} of ${DRIFTS.length} (${DRIFTS.map((s) => `${100 * s} %`).join(', ')})`,
  `${found('sound')} of ${SOUND} (asked below 1 %)`,
  ...off.map(({ text }) => text),
  off.map(({ holds }) => holds).join(' '),
];
print(`| ${cells.join(' | ')} |`);

// Coverage over small fleets: lines are dear, so the sound ones are dealt into fleets.
const SIZE = quick ? 8 : 16;
const fleets = Math.floor(SOUND / SIZE);
const pools = Array.from(
  { length: fleets },
  (_, f) => mergeFleet(lines.slice(f * SIZE, (f + 1) * SIZE)).kinds[0].pooled,
);
const held = LABELS.map((label) => {
  const isHeld = pools.filter((part) => {
    const { interval } = part.coefficients.find(({ term }) => term.label === label) ?? {};
    return interval && interval[0] <= TRUE[label] && TRUE[label] <= interval[1];
  });
  return isHeld.length;
});
print(`\nFleets of ${SIZE} sound engines whose pooled interval holds the truth (asked 90 to 98 %)\n`);
print(`| fleets | ${LABELS.join(' | ')} |`);
print('| --- | --- | --- | --- | --- |');
print(`| ${fleets} | ${held.join(' | ')} |`);
const misses = found('sound') > Math.max(1, SOUND / 100) || found('slow') < SLOWER.length - 1;
process.exitCode = misses ? 1 : 0;
