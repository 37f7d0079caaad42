import { parentPort, workerData } from 'node:worker_threads';
import { type ExperimentPlan, runSeed, type StageTable } from '@stepclock/stage-latency-recalibration';

/** What a thread of `stage experiment` is given once; then it is sent numbers of seeds. */
export interface SeedWorkerData {
  readonly source: StageTable;
  readonly target: StageTable;
  readonly plan: ExperimentPlan;
}

const { source, target, plan } = workerData as SeedWorkerData;

parentPort?.on('message', (seed: number) => parentPort?.postMessage(runSeed(source, target, plan, seed)));
