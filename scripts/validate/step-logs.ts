/**
 * Fits of step logs: real ones against plain least squares, in halves, and their times; simulated ones with stalls and skewed noise against the truth;
 * prediction of the steps to come against non-negative least squares.
 *
 * npm run ts -- scripts/validate/step-logs.ts [DATA_FOLDER] [--quick]
 */
import { fitSteps, type StepsFit } from '@stepclock/step-model';
import { leastSquares } from './step-logs/least-squares.js';
import { type RealStepLog, realStepLogs } from './step-logs/real-step-logs.js';

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
