import { estimateBaseline, estimateIterative, estimateStepClock } from '../src/index.js';
import { CHUNK_SIZE, engineLikePhases } from './engine-like-phases.js';

// Rows a second of fitting alone (phases in memory), at three sizes: linear growth reads as a flat column. CPU seconds (user and
// system), which other load on the machine changes less than the time on the wall; the largest resident size so far.
const cpuSeconds = (run: () => unknown): number => {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
};
const median = (run: () => unknown, repeats: number): number =>
  Array.from({ length: repeats }, () => cpuSeconds(run)).sort((a, b) => a - b)[repeats >> 1];

for (const size of [1e4, 1e5, 1e6]) {
  const phases = engineLikePhases(size);
  const report = (name: string, seconds: number): void => {
    const rate = (phases.length / seconds / 1e6).toFixed(2);
    const peakMB = (process.resourceUsage().maxRSS / 1024).toFixed(0);
    console.log(
      `${name.padEnd(22)} ${String(phases.length).padStart(8)} phases ${seconds.toFixed(3).padStart(8)} s CPU ${rate.padStart(6)} million rows/s ${peakMB.padStart(6)} MB peak`,
    );
  };
  report(
    'step clock',
    median(() => estimateStepClock(phases), 3),
  );
  report(
    'baseline',
    median(() => estimateBaseline(phases, { chunkSize: CHUNK_SIZE }), 5),
  );
  const rounds = estimateIterative(phases, { chunkSize: CHUNK_SIZE }).iterations;
  report(
    `iterative, ${rounds} rounds`,
    median(() => estimateIterative(phases, { chunkSize: CHUNK_SIZE }), 3),
  );
}
