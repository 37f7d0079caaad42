/**
 * Time of a replay, the tries that tell the scheduler's rules included, and of the hold-out prediction, by the number of
 * requests. Medians of five runs, user + system time of the process.
 */
import { runScenario } from '@stepclock/engine-sim';
import { predictDecodes, replay } from '../src/index.js';

const cpuSec = (work: () => unknown): number => {
  const runs = Array.from({ length: 5 }, () => {
    const before = process.cpuUsage();
    work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6;
  });
  return runs.sort((a, b) => a - b)[2];
};

for (const requests of [1_000, 4_000, 16_000, 64_000]) {
  const run = runScenario('preempting', { requests });
  const settings = { maxNumBatchedTokens: 2048, kvTokens: 12_000 };
  const replaySec = cpuSec(() => replay(run.requests, run.coefficients, settings));
  const predictSec = cpuSec(() => predictDecodes(run.phases, run.coefficients));
  console.log(
    `${String(requests).padStart(6)} requests: replay ${replaySec.toFixed(2)} s, decode predictions ${predictSec.toFixed(2)} s`,
  );
}
