/**
 * Fits of step logs: real ones against plain least squares, in halves, and their times; simulated ones with stalls and skewed noise against the truth;
 * prediction of the steps to come against non-negative least squares.
 *
 * npm run ts -- scripts/validate/step-logs.ts [DATA_FOLDER] [--quick]
 */
import { medianOf } from '@stepclock/numerics';
import { stepSeconds } from '@stepclock/step-cost';
import { fitSteps, type StepsFit } from '@stepclock/step-model';
import { leastSquares } from './step-logs/least-squares.js';
import { prequential } from './step-logs/prequential.js';
import { type RealStepLog, realStepLogs } from './step-logs/real-step-logs.js';
import { type SimulatedLog, simulatedLogs } from './step-logs/simulated-step-logs.js';

const data = process.argv.slice(2).find((word) => !word.startsWith('--')) ?? '../shared/data';
const print = (line = ''): void => void process.stdout.write(`${line}\n`);
const us = (sec: number | undefined): string => ((sec ?? 0) * 1e6).toPrecision(5);

/** Steps with work and time in them. */
const workOf = ({ steps }: RealStepLog): Uint32Array =>
  Uint32Array.from({ length: steps.length }, (_, i) => i).filter(
    (i) => steps.prefillTokens[i] + steps.decodeTokens[i] > 0 && steps.durationSec[i] > 0,
  );

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
    print(
      `| ${log.name} | ${chosen.diagnostics.nSteps} | ${truth.map(us).join(', ')} | ${worst.toExponential(1)} | ${LABELS.map((label) => us(three.betas[label])).join(', ')} | ${inside(three, truth)} | ${stalls}, ${((100 * stallSeconds) / all).toFixed(2)} % | ${met.toFixed(4)} % | ${halfTable(chosen)} |`,
    );
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
const simulated = simulatedLogs(process.argv.includes('--quick') ? 400 : 2000);
print('### Simulated step logs: skewed noise, and 2 % of the steps take twenty times as long');
print();
print(
  '| engine, noise | steps | stalls found | coefficients off by | mixed steps predicted within (median) | additive line |',
);
print('|---|---|---|---|---|---|');
for (const log of simulated) {
  const { steps, truth } = log;
  const fit = fitSteps(steps, { terms: Object.keys(truth) });
  const auto = fitSteps(steps);
  const off = Object.entries(truth).map(([label, value]) => `${label} ${percent((fit.betas[label] ?? 0) / value - 1)}`);
  const line = leastSquares(
    [new Float64Array(steps.length).fill(1), steps.prefillTokens, steps.decodeTokens],
    steps.durationSec,
  );
  const ours = mixedError((i) => {
    const step = {
      prefillTokens: steps.prefillTokens[i],
      decodeSeqs: steps.decodeTokens[i],
      contextTokens: steps.contextTokens?.[i] ?? 0,
      prefillRequests: steps.prefillRequests?.[i] ?? 0,
      prefillContext: steps.prefillContext?.[i] ?? 0,
    };
    return stepSeconds(auto.betas, step);
  }, log);
  const additive = mixedError(
    (i) => (line[0] ?? 0) + (line[1] ?? 0) * steps.prefillTokens[i] + (line[2] ?? 0) * steps.decodeTokens[i],
    log,
  );
  print(
    `| ${log.name} | ${steps.length} | ${percent(fit.diagnostics.stalls / steps.length)} | ${off.join(', ')} | ${percent(ours)} | ${percent(additive)} |`,
  );
}
print();
print('### The steps to come: fits on the past predict each tenth of a log');
print();
print(
  '| log | median error | non-negative least squares on (prefill tokens, decode context) | the same with a constant | factor |',
);
print('|---|---|---|---|---|');
for (const { name, steps } of [...logs, ...simulated]) {
  const { ours, plain, constant } = prequential(steps);
  print(`| ${name} | ${percent(ours)} | ${percent(plain)} | ${percent(constant)} | ${(plain / ours).toFixed(1)} |`);
}
print();
