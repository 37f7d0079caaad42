import { type Axis, type ResolvedAxis, resolveAxis } from '../axis.js';
import { type Column, extentOf, requireColumns, requireRows } from '../column.js';
import { type TimeBin, timeBins } from '../reduce/time-bins.js';
import type { ChartText } from '../spec.js';

/** A signal over time: each value holds from its time on for so long. */
export interface Signal {
  readonly name: string;
  /** Seconds, rising or not. */
  readonly timeSec: Column;
  readonly value: Column;
  readonly durationSec: Column;
}

export interface SignalsInput extends ChartText {
  readonly y: Axis;
  readonly signals: readonly Signal[];
}

/** Stretches of time that signals are averaged over. */
export const STRETCHES = 300;

/** First and last moment of a signal. */
const spanOf = ({ timeSec, durationSec }: Signal): readonly [number, number] => {
  const [first] = extentOf(timeSec);
  let end = first;
  for (let i = 0; i < timeSec.length; i++) end = Math.max(end, timeSec[i] + durationSec[i]);
  return [first, end];
};

/** First and last moment of all signals, seconds, and their axis. */
export const timeOf = (
  signals: readonly Signal[],
): { readonly axis: ResolvedAxis; readonly span: readonly [number, number] } => {
  const span = extentOf(...signals.map(spanOf));
  return { span, axis: resolveAxis({ label: 'Time since the start of the trace', unit: 's' }, span, { padding: 0 }) };
};

/** The means of a signal over up to 300 equal stretches of its time. */
export const stretchesOf = ({ timeSec, value, durationSec }: Signal): TimeBin[] =>
  timeBins(timeSec, value, undefined, STRETCHES, durationSec);

/** @throws Fault `charts/...` for empty, unequal or non-finite columns. */
export const requireSignals = (signals: readonly Signal[]): void => {
  requireRows('signals', signals);
  signals.forEach(({ timeSec, value, durationSec }, s) => {
    requireColumns({
      [`signals[${s}].timeSec`]: timeSec,
      [`signals[${s}].value`]: value,
      [`signals[${s}].durationSec`]: durationSec,
    });
  });
};
