import { runSeed, type SeedResult, seedsOf } from '@stepclock/stage-latency-recalibration';
import { inThreads } from '../../session/thread-tasks.js';
import type { SeedWorkerData } from '../../stage-seed-worker.js';

/** Stands beside this module in the built program. */
const ENTRY = new URL('./stage-seed-worker.js', import.meta.url);

/**
 * Runs the seeds of an experiment in threads. Results depend on the seed alone, so any number of threads gives the same bytes. A seed whose thread ends early is
 * run here: what is wrong with it then shows as its own error.
 *
 * @param onSeed told after each seed
 * @param onLost told of a seed whose thread ended early
 */
export const runSeeds = async (
  experiment: SeedWorkerData,
  threads: number,
  onSeed: (done: number, of: number) => void,
  onLost: (seed: number) => void,
): Promise<SeedResult[]> => {
  const { source, target, plan } = experiment;
  const seeds = seedsOf(plan);
  const results: SeedResult[] = [];
  const take = (result: SeedResult): void => {
    results.push(result);
    onSeed(results.length, seeds.length);
  };
  const { lost, waiting } = await inThreads<number, SeedResult>({
    entry: ENTRY,
    workerData: experiment,
    threads,
    tasks: seeds,
    onResult: take,
  });
  lost.forEach(onLost);
  for (const seed of [...lost, ...waiting]) take(runSeed(source, target, plan, seed));
  return results;
};
