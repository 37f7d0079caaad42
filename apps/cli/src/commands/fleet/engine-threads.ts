import { Worker } from 'node:worker_threads';
import type { EngineLine } from '@stepclock/step-model';
import { type GroupedColumns, groupOfColumns } from '@stepclock/trace-io';
import { lineOf } from './line-of-group.js';

/** What a thread of `fleet` is given once; then it is sent the rows of one engine after another. */
export interface FleetWorkerData {
  readonly file: string;
  readonly maxNumBatchedTokens: number | undefined;
  readonly version: string;
}

export interface FleetTask {
  readonly id: number;
  readonly group: GroupedColumns;
}

interface FleetAnswer {
  readonly id: number;
  readonly line: EngineLine;
}

/** Stands beside this module in the built program; sources run in one thread, without their loader in others. */
const ENTRY = new URL('./fleet-worker.js', import.meta.url);
const BUILT = !import.meta.url.endsWith('.ts');

/** Engines in the making for each thread: one that it works on, one that waits. */
const AHEAD = 2;

/** Threads that make lines of groups. */
class EngineThreads {
  readonly #waiting = new Map<number, { resolve: (line: EngineLine) => void; reject: (error: unknown) => void }>();
  readonly #workers: readonly Worker[];
  readonly #load: number[];
  #next = 0;

  constructor(threads: number, workerData: FleetWorkerData) {
    this.#workers = Array.from({ length: threads }, () => new Worker(ENTRY, { workerData }));
    this.#load = this.#workers.map(() => 0);
    for (const [w, worker] of this.#workers.entries()) {
      worker.on('message', ({ id, line }: FleetAnswer) => {
        this.#load[w]--;
        this.#waiting.get(id)?.resolve(line);
        this.#waiting.delete(id);
      });
      worker.on('error', (error) => this.#fail(error));
    }
  }

  /** A thread that ends takes the run with it: no engine may be missing. */
  #fail(error: unknown): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  line(group: GroupedColumns): Promise<EngineLine> {
    const id = this.#next++;
    const least = this.#load.indexOf(Math.min(...this.#load));
    this.#load[least]++;
    const answer = new Promise<EngineLine>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
    const moved = Object.values(group.columns).flatMap((values) =>
      values instanceof Float64Array && values.buffer instanceof ArrayBuffer ? [values.buffer] : [],
    );
    this.#workers[least].postMessage({ id, group } satisfies FleetTask, moved);
    return answer;
  }

  async end(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** The lines of groups, in their order, made in threads. Memory: two groups a thread. */
export async function* linesOfGroups(
  groups: AsyncIterable<GroupedColumns>,
  threads: number,
  data: FleetWorkerData,
): AsyncGenerator<EngineLine> {
  if (threads === 1 || !BUILT) {
    for await (const group of groups) {
      yield lineOf(groupOfColumns(group, data.file), data.maxNumBatchedTokens, data.version);
    }
    return;
  }
  const pool = new EngineThreads(threads, data);
  try {
    const made: Promise<EngineLine>[] = [];
    for await (const group of groups) {
      const line = pool.line(group);
      // It is awaited in its turn; until then a failure is not one that nobody looks at.
      line.catch(() => {});
      made.push(line);
      while (made.length >= AHEAD * threads) yield await (made.shift() as Promise<EngineLine>);
    }
    for (const line of made) yield await line;
  } finally {
    await pool.end();
  }
}
