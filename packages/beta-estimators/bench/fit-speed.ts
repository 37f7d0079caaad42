import { estimateBaseline, estimateIterative } from '../src/index.js';
import { CHUNK_SIZE, engineLikePhases } from './engine-like-phases.js';

// Rows a second of fitting alone (phases in memory), at three sizes: linear growth reads as a flat last column.
const median = (run: () => unknown, repeats: number): number => {
  const times = Array.from({ length: repeats }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[repeats >> 1] as number;
};

for (const size of [1e4, 1e5, 1e6]) {
  const phases = engineLikePhases(size);
  const report = (name: string, milliseconds: number): void =>
    console.log(
      `${name.padEnd(22)} ${String(phases.length).padStart(8)} phases ${milliseconds.toFixed(0).padStart(6)} ms ${((phases.length / milliseconds) * 1e-3).toFixed(2).padStart(7)} million rows/s`,
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
