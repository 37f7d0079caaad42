import type { StepTable } from '../../tables/step-table.js';

/** The steps that a log is written of: those of a simulation tell all of it. */
export interface WrittenSteps extends Pick<StepTable, 'length' | 'durationSec' | 'prefillTokens' | 'decodeTokens'> {
  readonly startSec: Float64Array;
  readonly contextTokens: Float64Array;
  readonly prefillRequests: Float64Array;
  readonly prefillContext: Float64Array;
  /** Index of the engine; absent when there is one. */
  readonly instance?: Uint32Array;
}

/** Where the zero of simulated clocks lies in logs with dates: 2026-01-02 00:00:00 UTC, epoch seconds. */
const EPOCH_SEC = 1767312000;

/** When step i ended, epoch seconds. */
export const endSecOf = ({ startSec, durationSec }: WrittenSteps, i: number): number =>
  EPOCH_SEC + startSec[i] + durationSec[i];

/** `YYYY-MM-DD hh:mm:ss` of epoch seconds. */
export const dateText = (sec: number): string =>
  new Date(Math.floor(sec) * 1000).toISOString().slice(0, 19).replace('T', ' ');

export const engineOf = ({ instance }: WrittenSteps, i: number): number => instance?.[i] ?? 0;
