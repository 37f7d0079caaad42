import { Fault } from '@stepclock/faults';

/** Stamps are whole seconds: so long a stretch times its rows within a tenth. */
const STRETCH_SEC = 10;
const FEWEST_STRETCHES = 3;
const MOST_STRETCHES = 1000;
/** Batches of a row are known at its ends only. */
const OFF = 1.25;

/** Holds the time that an engine's rows make by the decode steps between two lines against the stamps of the lines. */
export class IntervalCheck {
  #since = Number.NaN;
  #sum = 0;
  readonly #shares: number[] = [];

  /** @param durationSec of the row that a line ends; NaN where it ends none */
  take(stampSec: number, durationSec: number): void {
    if (Number.isNaN(durationSec) || Number.isNaN(this.#since)) this.#begin(stampSec);
    else {
      this.#sum += durationSec;
      if (!(stampSec - this.#since >= STRETCH_SEC)) return;
      if (this.#shares.length < MOST_STRETCHES) this.#shares.push(this.#sum / (stampSec - this.#since));
      this.#begin(stampSec);
    }
  }

  #begin(stampSec: number): void {
    this.#since = stampSec;
    this.#sum = 0;
  }

  /** @throws Fault `trace-io/bad-interval` where another number of steps lies between two lines */
  check(file: string, line: number, interval: number): void {
    if (this.#shares.length < FEWEST_STRETCHES) return;
    const share = this.#shares.sort((a, b) => a - b)[this.#shares.length >> 1] ?? 1;
    if (share < OFF && share > 1 / OFF) return;
    throw new Fault('trace-io/bad-interval', {
      what: 'decode steps from line to line',
      file,
      line,
      value: interval,
      rule: `must be as many as the server makes: by the lines' stamps they are about ${Math.round(interval / share)}`,
      hint: 'the line of the start of the server names them (decode_log_interval=...); put one like it before the others',
    });
  }
}
