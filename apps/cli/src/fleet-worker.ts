import { parentPort, workerData } from 'node:worker_threads';
import { groupOfColumns } from '@stepclock/trace-io';
import type { FleetTask, FleetWorkerData } from './commands/fleet/engine-threads.js';
import { lineOf } from './commands/fleet/line-of-group.js';

const { file, maxNumBatchedTokens, version } = workerData as FleetWorkerData;

parentPort?.on('message', ({ id, group }: FleetTask) => {
  parentPort?.postMessage({ id, line: lineOf(groupOfColumns(group, file), maxNumBatchedTokens, version) });
});
