import type { PhaseTable } from '@stepclock/trace-io';
import { usageFault } from '../../session/errors.js';
import { significant } from '../../text/quantity.js';

/** Smallest start and largest end of a table's phases, seconds. */
export const spanOf = ({ startSec, endSec }: Pick<PhaseTable, 'startSec' | 'endSec'>): readonly [number, number] => {
  let first = Infinity;
  let last = -Infinity;
  for (let i = 0; i < startSec.length; i++) {
    first = Math.min(first, startSec[i]);
    last = Math.max(last, endSec[i]);
  }
  return [first, last];
};

const WINDOW = /^(\d+(?:\.\d+)?)?:(\d+(?:\.\d+)?)?$/;

/** `START:END` in seconds after the first event, either side open, on the trace's own clock. */
export const windowOf = (text: string, [first, last]: readonly [number, number]): readonly [number, number] => {
  const match = WINDOW.exec(text);
  const from = Number(match?.[1] ?? 0);
  const to = match?.[2] === undefined ? Infinity : Number(match[2]);
  if (match === null || !(from < to)) {
    throw usageFault('--window', 'must be START:END in seconds after the first event, START before END', text);
  }
  if (!(from < last - first)) {
    throw usageFault('--window', `must start within the trace's ${significant(last - first)} s`, text);
  }
  return [first + from, Math.min(first + to, last)];
};
