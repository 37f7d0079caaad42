import type { PhaseTable } from '@stepclock/trace-io';
import type { EstimateWarning } from '../../estimate.js';
import type { OddRow } from '../trace/odd-rows.js';
import type { Standstill } from '../trace/standstills.js';

/** An odd row as a reader finds it in the file. */
export interface NamedRow extends Omit<OddRow, 'row'> {
  readonly request: string;
  /** Line of the file; null where nothing tells. */
  readonly line: number | null;
}

/** What was left out of a trace before its clock was fitted. */
export interface Oddities {
  readonly oddRows: readonly NamedRow[];
  readonly standstills: readonly Standstill[];
}

/** Names rows by request and line. @param phases the table that the rows are of */
export const namedRows = (rows: readonly OddRow[], phases: PhaseTable): readonly NamedRow[] =>
  rows.map(({ row, ...odd }) => ({
    ...odd,
    request: phases.requestIds.at(phases.request[row]),
    line: phases.lineOf?.(row) ?? null,
  }));

/** So many are named one by one. */
const LISTED = 3;

const listed = <T>(items: readonly T[], text: (item: T) => string): string =>
  items.slice(0, LISTED).map(text).join('; ') + (items.length > LISTED ? `; and ${items.length - LISTED} more` : '');

const seconds = (sec: number): string => `${sec.toPrecision(3)} s`;

const rowText = ({ request, line, kind, seconds: took, expectedSec }: NamedRow): string => {
  const which = `request ${request}${line === null ? '' : ` (line ${line})`}`;
  return kind === 'decode'
    ? `${which} decoded for ${seconds(took)}, where the steps that other requests show make it ${seconds(expectedSec)}`
    : `${which} has its first token ${seconds(took)} after its start, all others within ${seconds(expectedSec)}`;
};

/** Rows that cannot be right and moments at which nothing moved: named, and left out. */
export const oddityWarnings = ({ oddRows, standstills }: Oddities): EstimateWarning[] => [
  ...(oddRows.length === 0
    ? []
    : [
        {
          code: 'odd-rows',
          message: `left out, for a time in the row is wrong or the request waited long after it had begun: ${listed(oddRows, rowText)}`,
        },
      ]),
  ...(standstills.length === 0
    ? []
    : [
        {
          code: 'standstill',
          message: `taken out, for the clock was set forward or the engine stood still: ${listed(standstills, ({ atSec, seconds: length, decodes }) => `${seconds(length)} from ${atSec} s of the log's clock on, with ${decodes} decodes under way`)}`,
        },
      ]),
];
