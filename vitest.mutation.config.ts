import { type PoolOptions, type PoolWorker, ThreadsPoolWorker, type WorkerRequest } from 'vitest/node';
import { forPackage } from './vitest.shared.js';

type Listener = (message: unknown) => void;

let thread: ThreadsPoolWorker | undefined;

/**
 * A worker that outlives the run of one mutant: the next run finds its modules imported and compiled, where a new thread would
 * spend a second on that. It takes its thread up and puts it down where others start and end one.
 */
class KeptThread implements PoolWorker {
  readonly name = 'kept-thread';
  private readonly isNew: boolean;
  private readonly thread: ThreadsPoolWorker;
  private readonly listeners: [event: string, listener: Listener][] = [];
  private config: unknown;

  constructor(options: PoolOptions) {
    this.isNew = thread === undefined;
    thread ??= new ThreadsPoolWorker(options);
    this.thread = thread;
  }

  async start(): Promise<void> {
    if (!this.isNew) return;
    await this.thread.start();
    this.thread.on('exit', () => {
      thread = undefined;
    });
  }

  async stop(): Promise<void> {
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
    if (type === 'run') Object.assign((message as { context: object }).context, { config: this.config });
    if (type === 'start' && !this.isNew) this.answer('started');
    else if (type === 'stop') this.answer('stopped');
    else this.thread.send(message);
  }

  deserialize(data: unknown): unknown {
    return data;
  }

  private answer(type: 'started' | 'stopped'): void {
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
  test: { isolate: false, setupFiles: ['./vitest.mutation.setup.ts'] },
});
