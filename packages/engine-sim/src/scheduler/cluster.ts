import type { ResolvedEngine } from '../engine-options.js';
import { Engine, type EngineLoad, type EngineRun, type ServedColumns, servedColumns } from './engine.js';

/** Clients that wait for their answers: each sends its next request when it has its last token. */
export interface ClosedLoop {
  readonly clients: number;
  /** From a client's last token to the arrival of its next request, s, by the request that arrives. */
  readonly turnaroundSec: Float64Array;
}

/** What engines side by side did with one load. */
export interface ClusterRun extends ServedColumns {
  /** When each request arrived; under a closed loop the engines decide that. */
  readonly arrivalSec: Float64Array;
  /** The engine that served it. */
  readonly rank: Uint32Array;
  readonly engines: readonly EngineRun[];
}

/** Arrivals that are known, earliest first, ties in the order in which they came to be known. */
class Arrivals {
  private readonly pending: { readonly request: number; readonly sec: number }[] = [];

  get next(): { readonly request: number; readonly sec: number } | undefined {
    return this.pending[0];
  }

  add(request: number, sec: number): void {
    let at = this.pending.length;
    while (at > 0 && this.pending[at - 1].sec > sec) at--;
    this.pending.splice(at, 0, { request, sec });
  }

  take(): void {
    this.pending.shift();
  }
}

/**
 * Serves a load with one engine or several behind a router, open (requests arrive when the load says) or closed.
 *
 * @param load in the order of arrival; a closed loop takes the times of its first requests, one a client, and the order of all
 * @param noiseOf an engine's factors of its steps' durations
 */
export const serveTogether = (
  load: EngineLoad,
  settings: ResolvedEngine,
  noiseOf: (rank: number) => () => number,
  closed?: ClosedLoop,
): ClusterRun => {
  const n = load.arrivalSec.length;
  const columns = servedColumns(n);
  const engines = Array.from(
    { length: settings.dataParallel },
    (_, k) => new Engine(load, settings, noiseOf(k), columns),
  );
  const arrivalSec = load.arrivalSec.slice();
  const rank = new Uint32Array(n);
  const arrivals = new Arrivals();
  /** Open: every request's arrival is known, one after another. Closed: those of the clients' first requests. */
  let asked = closed === undefined ? n : Math.min(n, closed.clients);
  let known = 0;
  let routed = 0;
  let unfinished = n;
  const nextArrival = () => {
    if (arrivals.next === undefined && known < asked) arrivals.add(known, load.arrivalSec[known++]);
    return arrivals.next;
  };
  const done = (_: number, endSec: number): void => {
    unfinished--;
    if (closed === undefined || asked === n) return;
    // The first requests stand in no queue of completions: their times are known before any end.
    while (known < asked) arrivals.add(known, load.arrivalSec[known++]);
    arrivals.add(asked, endSec + closed.turnaroundSec[asked]);
    known = ++asked;
  };
  const chosen = (): number => {
    if (settings.router === 'round-robin') return routed % engines.length;
    return engines.reduce((least, engine, k) => (engine.outstanding < engines[least].outstanding ? k : least), 0);
  };
  while (unfinished > 0) {
    const engine = engines.length === 1 ? engines[0] : engines.reduce((a, b) => (b.nextSec < a.nextSec ? b : a));
    const arrival = nextArrival();
    if (arrival !== undefined && arrival.sec <= engine.takesInUntilSec) {
      const to = chosen();
      arrivals.take();
      routed++;
      rank[arrival.request] = to;
      arrivalSec[arrival.request] = arrival.sec;
      engines[to].expect(arrival.request, arrival.sec);
    } else engine.advance(done);
  }
  return { ...columns, arrivalSec, rank, engines: engines.map((engine) => engine.run()) };
};
