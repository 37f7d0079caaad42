/**
 * Fits of step logs: real ones against plain least squares, in halves, and their times; simulated ones with stalls and skewed noise against the truth;
 * prediction of the steps to come against non-negative least squares.
 *
 * npm run ts -- scripts/validate/step-logs.ts [DATA_FOLDER] [--quick]
 */
import { medianOf } from '@stepclock/numerics';
import { fitSteps, type StepColumns, type StepsFit } from '@stepclock/step-model';
import { asyncFits } from './step-logs/async-lines.js';
import { leastSquares } from './step-logs/least-squares.js';
import { checkParts } from './step-logs/log-parts.js';
import { oracle } from './step-logs/oracle.js';
import { following, inSample, type Prequential, predictedBy, prequential } from './step-logs/prequential.js';
import { type RealStepLog, realStepLogs } from './step-logs/real-step-logs.js';
import { type SimulatedLog, simulatedLogs } from './step-logs/simulated-step-logs.js';
import { KeptFigures } from './targets/kept-figures.js';

const data = process.argv.slice(2).find((word) => !word.startsWith('--')) ?? '../shared/data';
const print = (line = ''): void => void process.stdout.write(`${line}\n`);
const us = (sec: number | undefined): string => ((sec ?? 0) * 1e6).toPrecision(5);

/** Steps with work and time in them. */
const workOf = ({ steps }: RealStepLog): Uint32Array =>
  Uint32Array.from({ length: steps.length }, (_, i) => i).filter(
    (i) => steps.prefillTokens[i] + steps.decodeTokens[i] > 0 && steps.durationSec[i] > 0,
  );

/** Asked: what is the same up to rounding; and of the steps to come, the error over that of a plain fit. */
const ASKED = { rounding: 1e-9, ofPlain: 0.5 } as const;
const kept = new KeptFigures({});

const LABELS = ['beta0', 'beta1', 'beta2'] as const;

/** Plain least squares of all steps on step, prefill tokens and decodes. */
const plain = (log: RealStepLog): readonly number[] => {
  const rows = workOf(log);
  const taken = (column: Float64Array) => Float64Array.from(rows, (i) => column[i]);
  return leastSquares(
    [new Float64Array(rows.length).fill(1), taken(log.steps.prefillTokens), taken(log.steps.decodeTokens)],
    taken(log.steps.durationSec),
  );
};

const inside = (fit: StepsFit, values: readonly number[]): string =>
  LABELS.map((label, k) => {
    const pair = fit.intervals?.byLabel[label];
    return pair == null ? '-' : pair[0] <= (values[k] ?? 0) && (values[k] ?? 0) <= pair[1] ? 'in' : 'OUT';
  }).join(' ');

const halfTable = (fit: StepsFit): string => {
  const { halves } = fit;
  if (halves === null) return '- | -';
  const share = (sec: number): string => `${((100 * sec) / halves.firstSec).toFixed(2)} %`;
  return `${share(halves.differenceSec)} within ${share(halves.withinSec)} | ${halves.drifted ? 'named' : 'no'}`;
};

const logs = await realStepLogs(data);
if (logs.length === 0) print(`skipped: no step logs at ${data}`);
else {
  print('### Real step logs');
  print();
  print(
    '| log | steps | plain least squares, us | `--weights none` of the same terms off by | default with the same terms, us | plain within its intervals | stalls: steps, share of time | fitted + stalls against measured | halves differ | drift |',
  );
  print('|---|---|---|---|---|---|---|---|---|---|');
  for (const log of logs) {
    const truth = plain(log);
    const terms = ['step', 'prefill_tokens', 'decode_seqs'];
    const none = fitSteps(log.steps, { terms, weights: 'none' });
    const three = fitSteps(log.steps, { terms });
    const chosen = fitSteps(log.steps);
    const worst = Math.max(...LABELS.map((label, k) => Math.abs(none.betas[label] / (truth[k] ?? 0) - 1)));
    const { stalls, measuredSeconds: all, fittedSeconds, stallSeconds } = chosen.diagnostics;
    const met = (100 * (fittedSeconds + stallSeconds - all)) / all;
    // Below zero plain least squares is no cost.
    if (truth.every((value) => value >= 0)) kept.check(`${log.name}: plain least squares`, worst, ASKED.rounding);
    kept.check(`${log.name}: fitted and stalls`, Math.abs(met) / 100, ASKED.rounding);
    print(
      `| ${log.name} | ${chosen.diagnostics.nSteps} | ${truth.map(us).join(', ')} | ${worst.toExponential(1)} | ${LABELS.map((label) => us(three.betas[label])).join(', ')} | ${inside(three, truth)} | ${stalls}, ${((100 * stallSeconds) / all).toFixed(2)} % | ${met.toFixed(4)} % | ${halfTable(chosen)} |`,
    );
  }
  print();
}

if (logs.length > 0) {
  print('### Parts of real step logs: both halves, and every two quarters');
  print();
  print(
    '| log | pairs | difference within its interval | drift named | below half a percent | too short | fitted + stalls against measured, at worst |',
  );
  print('|---|---|---|---|---|---|---|');
  for (const { name, steps } of logs) {
    const { pairs, inside, named, small, silent, unmet } = checkParts(steps);
    print(`| ${name} | ${pairs} | ${inside} | ${named} | ${small} | ${silent} | ${(100 * unmet).toFixed(4)} % |`);
  }
  print();
}

/** Median relative distance of predictions from true step times, of steps with prefill beside decodes. */
const mixedError = (predict: (i: number) => number, { steps, trueSec }: SimulatedLog): number => {
  const off: number[] = [];
  for (let i = 0; i < steps.length; i++) {
    if (steps.prefillTokens[i] > 0 && steps.decodeTokens[i] > 0) off.push(Math.abs(predict(i) / trueSec[i] - 1));
  }
  return medianOf(off);
};

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const isQuick = process.argv.includes('--quick');

print('### Simulated step logs: skewed noise, and 2 % of the steps take twenty times as long');
print();
print(
  'Coefficients of long logs; in brackets those of an oracle, least squares that is told the stalls and the true times:',
);
print();
print('| engine, noise | steps | stalls found | coefficients off by (oracle) |');
print('|---|---|---|---|');
for (const log of simulatedLogs(isQuick ? 20_000 : 1_000_000)) {
  const { steps, truth, name } = log;
  const fit = fitSteps(steps, { terms: Object.keys(truth), allSteps: true });
  const best = oracle(log);
  const off = Object.entries(truth).map(([label, value]) => {
    const [ours, oracles] = [fit.betas[label], best[label]].map((b) => percent((b ?? 0) / value - 1));
    return `${label} ${ours} (${oracles})`;
  });
  print(`| ${name} | ${steps.length} | ${percent(fit.diagnostics.stalls / steps.length)} | ${off.join(', ')} |`);
}
print();

const seeds = isQuick ? [11, 12] : [11, 12, 13, 14, 15, 16, 17, 18, 19, 20];
print(`Logs of 20,000 steps, ${seeds.length} seeds, terms chosen by the log; the worst seed:`);
print();
print(
  '| engine, noise | steps of one | terms beyond the base, seeds that found them | mixed steps within (median) | additive line |',
);
print('|---|---|---|---|---|');
const drawn = seeds.map((seed) => simulatedLogs(20_000, seed));
for (const [e, { name, steps: one }] of drawn[0]?.entries() ?? []) {
  const errors = drawn.map((ofSeed) => {
    const log = ofSeed[e];
    const { steps } = log;
    const fit = fitSteps(steps);
    const line = leastSquares(
      [new Float64Array(steps.length).fill(1), steps.prefillTokens, steps.decodeTokens],
      steps.durationSec,
    );
    const [base = 0, perPrefill = 0, perDecode = 0] = line;
    return {
      families: new Set(fit.terms.flatMap(({ role, name }) => (role === 'base' ? [] : [name.replace(/_\d+$/, '_*')]))),
      ours: mixedError(predictedBy(fit.betas, steps), log),
      additive: mixedError((i) => base + perPrefill * steps.prefillTokens[i] + perDecode * steps.decodeTokens[i], log),
    };
  });
  const families = [...new Set(errors.flatMap((error) => [...error.families]))].map(
    (family) => `${family} ${errors.filter((error) => error.families.has(family)).length}`,
  );
  const worst = Math.max(...errors.map(({ ours }) => ours));
  const additive = Math.min(...errors.map(({ additive: least }) => least));
  print(`| ${name} | ${one.length} | ${families.join(', ') || '-'} | ${percent(worst)} | ${percent(additive)} |`);
}
print();

/** Without noise ours is exact. */
const timesText = (times: number): string => (times < 1000 ? times.toFixed(1) : '> 1000');

print('### Async lines: the coefficient farthest off, of three engines, by the resolution of stamps');
print();
print('| what a line tells | 1 s | 10 ms | 1 ms | exact | no stamps |');
print('|---|---|---|---|---|---|');
for (const { wait, of } of asyncFits([1, 0.01, 1e-3, 0, null])) print(`| ${wait} | ${of.join(' | ')} |`);
print();

const toCome = [...logs, ...simulatedLogs(20_000)];
const compared = (of: (steps: StepColumns) => Prequential, more?: (steps: StepColumns) => number): void => {
  const last = more === undefined ? '' : ' one fit of all of it, of its own steps |';
  print(
    `| log | median error | non-negative least squares on (prefill tokens, decode context) | factor | the same with a constant |${last}`,
  );
  print(`|---|---|---|---|---|${more === undefined ? '' : '---|'}`);
  for (const { name, steps } of toCome) {
    const { ours, plain, constant } = of(steps);
    kept.check(`${name}: over the plain fit`, ours / plain, ASKED.ofPlain);
    const floor = more === undefined ? '' : ` ${percent(more(steps))} |`;
    print(
      `| ${name} | ${percent(ours)} | ${percent(plain)} | ${timesText(plain / ours)} | ${percent(constant)} |${floor}`,
    );
  }
  print();
};
print('### The steps to come: `--follow --window 100` predicts each window by the fit before it at its `level`');
print();
compared(following);
print('### The same by one fit of all before each tenth of a log');
print();
compared(prequential, inSample);
kept.finish(print);
