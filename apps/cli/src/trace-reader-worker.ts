import { parentPort } from 'node:worker_threads';
import { type Exclusion, type PackedPhases, packPhases, type ServedFacts } from '@stepclock/trace-io';
import { readTraceFile } from './files/trace-input.js';
import type { TraceArgs } from './options/trace-options.js';
import { processIo } from './session/io.js';

/** A file that a thread is to read. */
export interface ReadTask {
  readonly path: string;
  readonly args: TraceArgs;
  readonly maxBytes: number;
}

/** A file that was read. Undefined where it has no phases or is no trace: what is wrong with it shows where it is read again. */
export type ReadResult =
  | {
      readonly facts: ServedFacts;
      readonly exclusions: readonly Exclusion[];
      readonly requests: number | null;
      readonly phases: PackedPhases;
      readonly name: string;
      readonly sha256: string;
      /** What the log would have been told. */
      readonly infos: readonly string[];
    }
  | undefined;

const io = processIo();

const read = async ({ path, args, maxBytes }: ReadTask): Promise<void> => {
  const infos: string[] = [];
  const log = { error: () => {}, warn: () => {}, info: (text: string) => void infos.push(text), debug: () => {} };
  const input = await readTraceFile(path, args, { io, log, maxBytes }).catch(() => undefined);
  if (input?.trace.kind !== 'phases') {
    parentPort?.postMessage(undefined satisfies ReadResult);
    return;
  }
  const { trace, requests, name, sha256 } = input;
  const { packed, memory } = packPhases(input.trace.phases);
  const { facts, exclusions } = trace;
  const result: ReadResult = { facts, exclusions, requests, phases: packed, name, sha256, infos };
  parentPort?.postMessage(result, memory);
};

parentPort?.on('message', (task: ReadTask) => void read(task));
