import { Fault } from '@stepclock/faults';
import { FARTHEST_SEC, WITHIN_CLOCK } from '../bounds/clock-range.js';
import type { TokenTable } from './token-table.js';

/** A request as a client saw it: when it was sent, and when each chunk arrived. */
export interface TokenRow {
  /** NaN where the file does not tell: chunk times count from it. */
  readonly sentSec: number;
  readonly promptTokens: number;
  readonly cachedTokens?: number;
  readonly outputTokens: number;
  readonly instance?: string;
}

const FIRST_CHUNKS = 4096;

/** Collects requests with the times of their chunks; the chunk times of all lie in one column that doubles when it is full. */
export class TokenColumns {
  #chunkSec = new Float64Array(FIRST_CHUNKS);
  #chunks = 0;
  readonly #offsets: number[] = [0];
  readonly #rows: TokenRow[] = [];

  get length(): number {
    return this.#rows.length;
  }

  /**
   * Takes a request that showed at least one chunk and has a prompt; any other is none.
   *
   * @param chunkSec arrival of each chunk, ascending; ties are fine
   * @throws Fault `trace-io/bad-time` where a chunk comes before the one before it, or before the request was sent, or no clock shows its time; nothing is taken then
   */
  add(row: TokenRow, chunkSec: ArrayLike<number>, place: { readonly file: string; readonly line: number }): void {
    if (chunkSec.length === 0 || !(row.promptTokens > 0) || !(row.outputTokens > 0)) return;
    this.#reserve(chunkSec.length);
    const fault = (what: string, value: number, rule: string) =>
      new Fault('trace-io/bad-time', { what, ...place, value, rule });
    let before = Number.isNaN(row.sentSec) ? 0 : row.sentSec;
    if (!(Math.abs(before) <= FARTHEST_SEC)) throw fault('sent', before, `must be ${WITHIN_CLOCK}`);
    for (let i = 0; i < chunkSec.length; i++) {
      const sec = chunkSec[i];
      if (!(sec >= before - ROUNDING_SEC)) {
        const rule = 'must not come before the chunk before it, nor before its request was sent';
        throw fault(`chunk ${i + 1}`, sec, rule);
      }
      if (!(sec <= FARTHEST_SEC)) throw fault(`chunk ${i + 1}`, sec, `must be ${WITHIN_CLOCK}`);
      before = Math.max(before, sec);
      this.#chunkSec[this.#chunks + i] = before;
    }
    this.#chunks += chunkSec.length;
    this.#offsets.push(this.#chunks);
    this.#rows.push(row);
  }

  table(durationSec?: number): TokenTable | undefined {
    const rows = this.#rows;
    // One chunk a request is no stream.
    if (!(this.#chunks > rows.length)) return undefined;
    const starts = rows.some(({ sentSec }) => Number.isNaN(sentSec)) ? 'unknown' : 'given';
    const names = [...new Set(rows.map(({ instance }) => instance))];
    return {
      requestCount: rows.length,
      sentSec: Float64Array.from(rows, ({ sentSec }) => (starts === 'given' ? sentSec : 0)),
      promptTokens: Float64Array.from(rows, ({ promptTokens }) => promptTokens),
      outputTokens: Float64Array.from(rows, ({ outputTokens }) => outputTokens),
      ...(rows.some(({ cachedTokens }) => cachedTokens !== undefined) && {
        cachedTokens: Float64Array.from(rows, ({ cachedTokens }) => cachedTokens ?? 0),
      }),
      chunkOffsets: Uint32Array.from(this.#offsets),
      chunkSec: this.#chunkSec.slice(0, this.#chunks),
      ...(names.length > 1 && { instance: Uint32Array.from(rows, ({ instance }) => names.indexOf(instance)) }),
      ...(durationSec !== undefined && { durationSec }),
      starts,
    };
  }

  #reserve(more: number): void {
    if (this.#chunks + more <= this.#chunkSec.length) return;
    const larger = new Float64Array(Math.max(2 * this.#chunkSec.length, this.#chunks + more));
    larger.set(this.#chunkSec);
    this.#chunkSec = larger;
  }
}

/** Sums of gaps may be off by so much, s. */
const ROUNDING_SEC = 1e-6;
