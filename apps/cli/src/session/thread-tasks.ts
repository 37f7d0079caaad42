import { Worker } from 'node:worker_threads';

/** Sources run through a loader that threads do not inherit: there, one thread does all. */
const BUILT = !import.meta.url.endsWith('.ts');

interface ThreadTasks<Task, Result> {
  /** The threads' program: it is sent tasks one by one and posts one result for each. */
  readonly entry: URL;
  /** What every thread is given once. */
  readonly workerData?: unknown;
  readonly threads: number;
  readonly tasks: readonly Task[];
  readonly onResult: (result: Result, task: Task) => void;
}

/**
 * Works through tasks in threads, each taking the next task when it is done with one.
 *
 * @returns the tasks that are left over: first those whose thread ended early (what is wrong with them shows where they are done again), then those that no
 * thread took
 */
export const inThreads = async <Task, Result>(
  work: ThreadTasks<Task, Result>,
): Promise<{ readonly lost: readonly Task[]; readonly waiting: readonly Task[] }> => {
  const waiting = [...work.tasks];
  const lost: Task[] = [];
  const most = BUILT ? Math.min(work.threads, waiting.length) : 1;
  if (most > 1) await Promise.all(Array.from({ length: most }, () => workThrough(work, waiting, lost)));
  return { lost, waiting };
};

/** One thread, until no task waits. */
const workThrough = <Task, Result>(
  { entry, workerData, onResult }: ThreadTasks<Task, Result>,
  waiting: Task[],
  lost: Task[],
): Promise<void> =>
  new Promise((resolve) => {
    const worker = new Worker(entry, { workerData });
    let running: { readonly task: Task } | undefined;
    const next = (): void => {
      running = waiting.length === 0 ? undefined : { task: waiting.shift() as Task };
      if (running === undefined) void worker.terminate();
      else worker.postMessage(running.task);
    };
    worker.on('message', (result: Result) => {
      if (running !== undefined) onResult(result, running.task);
      next();
    });
    // An error ends the thread, and `exit` follows.
    worker.on('error', () => {});
    worker.on('exit', () => {
      if (running !== undefined) lost.push(running.task);
      resolve();
    });
    next();
  });
