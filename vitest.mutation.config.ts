import { type PoolOptions, type PoolWorker, ThreadsPoolWorker, type WorkerRequest } from 'vitest/node';
import { forPackage } from './vitest.shared.js';

type Listener = (message: unknown) => void;

let thread: ThreadsPoolWorker | undefined;

/** CPU time of the first run, which counts coverage in a cold thread: a mutant that ends takes less, and twice as much is endless. */
let firstRunSec = Number.POSITIVE_INFINITY;

const cpuSec = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/**
 * A worker that outlives the run of one mutant: the next run finds its modules imported and compiled, where a new thread would
 * spend a second on that. It takes its thread up and puts it down where others start and end one. A mutant that does not end costs
 * its thread, not the process with all that is transformed; the limit is one of CPU time, so that a busy machine changes no score.
 */
class KeptThread implements PoolWorker {
  readonly name = 'kept-thread';
  private readonly isNew: boolean;
  private readonly thread: ThreadsPoolWorker;
  private readonly listeners: [event: string, listener: Listener][] = [];
  private config: unknown;
  private watch: NodeJS.Timeout | undefined;

  constructor(private readonly options: PoolOptions) {
    this.isNew = thread === undefined;
    thread ??= new ThreadsPoolWorker(options);
    this.thread = thread;
  }

  async start(): Promise<void> {
    if (this.isNew) await this.thread.start();
  }

  async stop(): Promise<void> {
    clearInterval(this.watch);
    for (const [event, listener] of this.listeners) this.thread.off(event, listener);
  }

  on(event: string, listener: Listener): void {
    this.listeners.push([event, listener]);
    this.thread.on(event, listener);
  }

  off(event: string, listener: Listener): void {
    this.thread.off(event, listener);
  }

  send(message: WorkerRequest): void {
    const type = 'type' in message ? message.type : undefined;
    if (type === 'start') this.config = (message as { context: { config: unknown } }).context.config;
    // A kept thread still has the configuration of its first run, with that run's filter of tests.
    if (type === 'run') {
      const { context } = message as { context: { providedContext: { mode?: string } } };
      Object.assign(context, { config: this.config });
      this.limit(context.providedContext.mode === 'dry-run');
    }
    if (type === 'start' && !this.isNew) this.answer('started');
    else if (type === 'stop') this.answer('stopped');
    else this.thread.send(message);
  }

  deserialize(data: unknown): unknown {
    return data;
  }

  private limit(isFirstRun: boolean): void {
    const startSec = cpuSec();
    clearInterval(this.watch);
    if (isFirstRun) {
      this.thread.on('message', (message: { type?: string }) => {
        if (message.type === 'testfileFinished') firstRunSec = Math.min(firstRunSec, cpuSec() - startSec);
      });
      return;
    }
    this.watch = setInterval(() => {
      if (cpuSec() - startSec <= 2 * firstRunSec) return;
      clearInterval(this.watch);
      void thread?.stop();
      thread = undefined;
      // What Stryker takes for an endless loop: more passes than it allows.
      for (const file of this.options.project.vitest.state.getFiles()) Object.assign(file.meta, { hitCount: 1e300 });
      this.answer('testfileFinished');
    }, 100);
  }

  private answer(type: 'started' | 'stopped' | 'testfileFinished'): void {
    setImmediate(() => {
      for (const [event, listener] of [...this.listeners]) {
        if (event === 'message') listener({ __vitest_worker_response__: true, type });
      }
    });
  }
}

/**
 * How Stryker runs a package's tests: once a mutant, in one thread for all of them, and with properties that neither shrink a
 * failure nor draw another seed for the next mutant.
 */
export default forPackage({
  plugins: [
    {
      name: 'kept-thread',
      // Stryker asks for a pool of threads; only here can it be given another.
      configureVitest({ project }) {
        Object.assign(project.config, {
          pool: 'kept-thread',
          poolRunner: { name: 'kept-thread', createPoolWorker: (options: PoolOptions) => new KeptThread(options) },
        });
      },
    },
  ],
  test: { setupFiles: ['./vitest.mutation.setup.ts'] },
});
