import type { PhaseTable } from './phase-table.js';

/** A table of phases on a clock that it shares with others. */
interface TimedPart {
  readonly phases: PhaseTable;
  readonly shiftSec: number;
}

interface Span {
  readonly startSec: number;
  readonly endSec: number;
  readonly longestSec: number;
}

/** When a table begins and ends, and how long its longest request takes. */
const spanOf = ({ phases, shiftSec }: TimedPart): Span => {
  const { length, request, requestIds } = phases;
  const first = new Float64Array(requestIds.length).fill(Infinity);
  const last = new Float64Array(requestIds.length).fill(-Infinity);
  let startSec = Infinity;
  let endSec = -Infinity;
  for (let i = 0; i < length; i++) {
    const of = request[i];
    first[of] = Math.min(first[of], phases.startSec[i]);
    last[of] = Math.max(last[of], phases.endSec[i]);
    startSec = Math.min(startSec, phases.startSec[i]);
    endSec = Math.max(endSec, phases.endSec[i]);
  }
  const longestSec = first.reduce((most, sec, i) => Math.max(most, last[i] - sec), 0);
  return { startSec: startSec + shiftSec, endSec: endSec + shiftSec, longestSec };
};

/**
 * Whether tables are one log of one engine that was cut into files: one after another in time, where neighbours overlap by no more than the
 * longest request, since requests are written when they end.
 *
 * @param parts in any order; tables with instances of their own are no parts of one log
 */
export const isRotatedLog = (parts: readonly TimedPart[]): boolean => {
  if (parts.length < 2 || parts.some(({ phases }) => phases.instance !== undefined)) return false;
  const spans = parts.map(spanOf).sort((a, b) => a.startSec - b.startSec);
  const longestSec = Math.max(...spans.map((span) => span.longestSec));
  return spans.every(
    (span, i) => i === 0 || (spans[i - 1].endSec - span.startSec < longestSec && span.endSec > spans[i - 1].endSec),
  );
};

/** Share of the phases of one table that are equal, to the last digit, to one of another. */
export const samePhasesShare = (a: PhaseTable, b: PhaseTable): number => {
  const keyOf = ({ kind, startSec, endSec }: PhaseTable, i: number): string => `${kind[i]} ${startSec[i]} ${endSec[i]}`;
  const seen = new Set(Array.from({ length: a.length }, (_, i) => keyOf(a, i)));
  let same = 0;
  for (let i = 0; i < b.length; i++) if (seen.has(keyOf(b, i))) same++;
  return b.length === 0 ? 0 : same / b.length;
};
