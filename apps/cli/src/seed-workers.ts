import { Worker } from 'node:worker_threads';
import { runSeed, type SeedResult, seedsOf } from '@stepclock/stage-latency-recalibration';
import type { SeedWorkerData } from './stage-seed-worker.js';

/** Stands beside this module in the built program. */
const ENTRY = new URL('./stage-seed-worker.js', import.meta.url);
/** Sources run through a loader that threads do not inherit: there, one thread does all. */
const BUILT = !import.meta.url.endsWith('.ts');

/**
 * Runs the seeds of an experiment in threads, each taking the next seed when it is done with one. Results depend on the seed alone, so any number of
 * threads gives the same bytes. A seed whose thread ends early is run here: what is wrong with it then shows as its own error.
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
  const here: number[] = [];
  const take = (result: SeedResult): void => {
    results.push(result);
    onSeed(results.length, seeds.length);
  };
  const waiting = [...seeds];
  const most = BUILT ? Math.min(threads, seeds.length) : 1;
  if (most > 1) {
    await Promise.all(Array.from({ length: most }, () => workThrough(experiment, waiting, take, here)));
  }
  here.forEach(onLost);
  for (const seed of [...here, ...waiting]) take(runSeed(source, target, plan, seed));
  return results;
};

/** One thread, until no seed waits. */
const workThrough = (
  workerData: SeedWorkerData,
  waiting: number[],
  take: (result: SeedResult) => void,
  lost: number[],
): Promise<void> =>
  new Promise((resolve) => {
    const worker = new Worker(ENTRY, { workerData });
    let running: number | undefined;
    const next = (): void => {
      running = waiting.shift();
      if (running === undefined) void worker.terminate();
      else worker.postMessage(running);
    };
    worker.on('message', (result: SeedResult) => {
      running = undefined;
      take(result);
      next();
    });
    // An error ends the thread, and `exit` follows.
    worker.on('error', () => {});
    worker.on('exit', () => {
      if (running !== undefined) lost.push(running);
      resolve();
    });
    next();
  });
