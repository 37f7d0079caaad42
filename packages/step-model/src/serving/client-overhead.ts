import { meanOf, medianOf, robustSd } from '@stepclock/numerics';
import { blockRegression } from './block-regression.js';

/** What lies between a client and the engine, outside of every step. */
export interface ClientOverhead {
  /** A request. */
  readonly seconds: number;
  /** A prompt token. */
  readonly secondsPerPromptToken: number;
  /** Standard error of the mean overhead, s, where it was measured. */
  readonly errorSec?: number;
}

/** An overhead with what `seconds` may be off by. */
export interface MeasuredOverhead extends ClientOverhead {
  /** Standard error of the mean overhead, s, by contiguous blocks of requests. */
  readonly errorSec: number;
}

/** Fewer requests tell nothing. */
const ENOUGH_REQUESTS = 20;
/** Errors of the mean above which an overhead, or its part a prompt token, is there. */
const CLEAR = 3;
/** Robust standard deviations: a request further off waited in a queue, which is none of the client's time. */
const FAR = 6;

/** The rows that lie near the middle of all. */
export const nearRows = (values: Float64Array, atLeast: number): Uint32Array => {
  const finite = values.filter((x) => !Number.isNaN(x));
  if (finite.length === 0) return new Uint32Array(0);
  const middle = medianOf(finite);
  const width = Math.max(atLeast, FAR * robustSd(finite, middle));
  return Uint32Array.from(values.keys()).filter((i) => Math.abs(values[i] - middle) <= width);
};

/**
 * What first tokens reach a client later than a replay of the engine alone says: a constant, and a part a prompt token where that is clear.
 *
 * @param lateSec measured - replayed time to first token, in the order of arrival; NaN where one is not known
 * @param stepSec of a mean step: less than two of them are the phase of an arrival within a step
 * @returns undefined where none is clear
 */
export const measuredOverhead = (
  lateSec: Float64Array,
  promptTokens: Float64Array,
  stepSec: number,
): MeasuredOverhead | undefined => {
  const rows = nearRows(lateSec, 2 * stepSec);
  if (rows.length < ENOUGH_REQUESTS) return undefined;
  const late = Float64Array.from(rows, (i) => lateSec[i]);
  const prompts = Float64Array.from(rows, (i) => promptTokens[i]);
  const constant = blockRegression(late, [new Float64Array(rows.length).fill(1)]);
  if (constant === undefined) return undefined;
  const [seconds] = constant.coefficients;
  const [errorSec] = constant.errors;
  if (!(seconds > CLEAR * errorSec && seconds > 0)) return undefined;
  const line = blockRegression(late, [new Float64Array(rows.length).fill(1), prompts]);
  const [start = -1, perToken = 0] = line?.coefficients ?? [];
  const isClear = line !== undefined && perToken > CLEAR * line.errors[1] && start >= 0;
  return isClear
    ? { seconds: start, secondsPerPromptToken: perToken, errorSec }
    : { seconds: meanOf(late), secondsPerPromptToken: 0, errorSec };
};
