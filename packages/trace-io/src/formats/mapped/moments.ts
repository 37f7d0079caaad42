import { decimalNumber } from '../../bytes/decimal-number.js';
import { nanosecondsOfDate, secondsBetween } from '../../json/nanoseconds.js';

const NANOSECONDS = 1_000_000_000n;

/** Moments of one file's clock: numbers in its unit, or dates, which count from the first one's whole second so that they stay exact. */
export class Moments {
  #origin: bigint | undefined;

  constructor(private readonly unitsPerSec: number) {}

  /** Seconds; NaN for a text that is neither a number nor a date. */
  secOf(value: string | number): number {
    const number = typeof value === 'number' ? value : decimalNumber(value);
    if (!Number.isNaN(number) || typeof value === 'number') return number / this.unitsPerSec;
    const nanoseconds = nanosecondsOfDate(value);
    if (nanoseconds === undefined) return Number.NaN;
    this.#origin ??= (nanoseconds / NANOSECONDS) * NANOSECONDS;
    return secondsBetween(this.#origin, nanoseconds);
  }

  /** Where the seconds count from, s since the epoch; absent where moments are numbers. */
  get originSec(): number | undefined {
    return this.#origin === undefined ? undefined : Number(this.#origin / NANOSECONDS);
  }
}
