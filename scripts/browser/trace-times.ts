/** An event of Chrome's tracing; times in microseconds. */
interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  /** Time of its thread's own clock: what the thread had of a core by then. */
  readonly tts?: number;
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Categories that hold tasks, messages between threads and the page's own marks, each with its thread's time. */
export const CATEGORIES = ['toplevel', '__metadata', 'devtools.timeline', 'blink.user_timing'];

/** Wall time and time of a core, seconds. */
export interface Spent {
  readonly wallSec: number;
  readonly coreSec: number;
}

const TASK = 'ThreadControllerImpl::RunTask';
const isBrowsing = (name: string | undefined): boolean => name === 'CrRendererMain';

/** What a recording of Chrome's tells of one page. */
export class TraceTimes {
  readonly #events: readonly TraceEvent[];
  readonly #names = new Map<string, string>();

  constructor(recording: Buffer) {
    this.#events = (JSON.parse(recording.toString('utf8')) as { traceEvents: readonly TraceEvent[] }).traceEvents;
    for (const { ph, name, pid, tid, args } of this.#events) {
      if (ph === 'M' && name === 'thread_name') this.#names.set(`${pid}/${tid}`, args?.name ?? '');
    }
  }

  #of({ pid, tid }: TraceEvent): string | undefined {
    return this.#names.get(`${pid}/${tid}`);
  }

  /** The page's own tasks that took longest, by the wall and by the core. */
  longestTask(): Spent {
    let [wall, core] = [0, 0];
    for (const event of this.#events) {
      if (event.ph !== 'X' || event.name !== TASK || !isBrowsing(this.#of(event))) continue;
      wall = Math.max(wall, event.dur ?? 0);
      core = Math.max(core, event.tdur ?? 0);
    }
    return { wallSec: wall / 1e6, coreSec: core / 1e6 };
  }

  /** Time that the page's own thread had of a core in all, seconds. */
  pageSec(): number {
    let core = 0;
    for (const event of this.#events) {
      if (event.ph === 'X' && event.name === TASK && isBrowsing(this.#of(event))) core += event.tdur ?? 0;
    }
    return core / 1e6;
  }

  /** From one mark of the page to another; of the core, what its workers had. Null where a mark is missing. */
  workersUntil(from: string, to: string): Spent | null {
    const at = (mark: string): number | undefined => this.#events.find(({ name, ts }) => name === mark && ts > 0)?.ts;
    const [start, end] = [at(from), at(to)];
    if (start === undefined || end === undefined) return null;
    const first = new Map<string, number>();
    const last = new Map<string, number>();
    for (const event of this.#events) {
      // A message stands in the middle of a long task: with its thread's time it says how far the task was.
      if (event.tts === undefined || event.ts < start || event.ts > end) continue;
      if (!this.#of(event)?.startsWith('DedicatedWorker')) continue;
      const thread = `${event.pid}/${event.tid}`;
      first.set(thread, Math.min(first.get(thread) ?? Number.POSITIVE_INFINITY, event.tts));
      last.set(thread, Math.max(last.get(thread) ?? 0, event.tts));
    }
    const core = [...last].reduce((sum, [thread, tts]) => sum + tts - (first.get(thread) ?? tts), 0);
    return { wallSec: (end - start) / 1e6, coreSec: core / 1e6 };
  }
}
