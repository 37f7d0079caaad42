import { estimateBaseline, estimateIterative, estimateStepClock } from '@stepclock/beta-estimators';
import { runScenario } from '@stepclock/engine-sim';
import { nnls } from '@stepclock/nnls-solver';
import { fullPressures, timeGrid } from '@stepclock/overlap-pressure';
import { readTrace } from '@stepclock/trace-io';

/** What Node and a browser's worker must compute alike, to the last digit, as JSON: it keeps every digit of a number. */
export const estimates = async (log: string): Promise<string> => {
  const { phases } = runScenario('budget-2048-medium', { requests: 300, seed: 9 });
  const read = await readTrace(new Blob([log]).stream(), { fileName: 'requests.jsonl' });
  if (read.phases === undefined) throw new Error('the log holds no phases');
  const clock = estimateStepClock(phases, { model: 'linear' });
  const pressures = fullPressures(phases, timeGrid(phases.startSec, phases.endSec), 512);
  return JSON.stringify({
    clock: [clock.betas, clock.intervals, clock.diagnostics, clock.history, clock.warnings],
    baseline: estimateBaseline(phases, { chunkSize: 512 }),
    iterative: estimateIterative(phases, { chunkSize: 512 }),
    log: [read.facts.format, read.phases.length, estimateStepClock(read.phases).betas],
    pressures: [pressures.prefill.join(), pressures.decode.join()],
    nnls: nnls([[1, 1 / 3], [1 / 7, 1], [0.1, 0.2]], [1, 2, 3]), // biome-ignore format: a small matrix
  });
};
