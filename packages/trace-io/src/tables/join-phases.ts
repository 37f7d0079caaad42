import type { NameColumn } from '../names/name-column.js';
import type { PhaseTable } from './phase-table.js';
import { type Counts, columnsOfTable, countsFor, tableOfColumns } from './table-columns.js';

/** Names of several columns one after another. */
const joinedNames = (columns: readonly NameColumn[]): NameColumn => {
  const ends: number[] = [];
  let length = 0;
  for (const column of columns) {
    length += column.length;
    ends.push(length);
  }
  return {
    length,
    at: (index) => {
      const which = ends.findIndex((end) => index < end);
      const column = columns[which];
      if (column === undefined) throw new RangeError(`name: index must be below ${length}; got ${index}`);
      return column.at(index - (ends[which] - column.length));
    },
  };
};

const largestOf = (counts: Counts): number => {
  let most = 0;
  for (const count of counts) most = Math.max(most, count);
  return most;
};

/** A table to join with others. */
interface JoinedPart {
  /** Of its engine, such as its file's. */
  readonly name: string;
  readonly phases: PhaseTable;
  /** What its times lag behind those of the first table, s: where each counts from a moment of its own. */
  readonly shiftSec?: number;
}

/**
 * Several tables as one: each an engine of its own (an instance), or as many engines as it had already; or, as `one-log`, all of them of
 * one engine, whatever instances they had. Requests of different tables stay apart whatever their names.
 *
 * @param parts at least one
 * @throws RangeError when there is none
 */
export const joinPhases = (parts: readonly JoinedPart[], as: 'engines' | 'one-log' = 'engines'): PhaseTable => {
  const [first] = parts;
  if (first === undefined) throw new RangeError('parts: must have at least one table; got none');
  if (parts.length === 1) return first.phases;
  const length = parts.reduce((sum, { phases }) => sum + phases.length, 0);
  const tokens = parts.map(({ phases }) => columnsOfTable(phases).tokens);
  const largest = tokens.reduce((most, column) => Math.max(most, largestOf(column)), 0);
  const joined = {
    kind: new Uint8Array(length),
    startSec: new Float64Array(length),
    endSec: new Float64Array(length),
    tokens: countsFor(largest, length),
    request: new Uint32Array(length),
    instance: new Uint32Array(length),
  };
  const steps = parts.some(({ phases }) => phases.steps) ? new Float64Array(length).fill(Number.NaN) : undefined;
  const cachedTokens = parts.some(({ phases }) => phases.cachedTokens) ? new Float64Array(length) : undefined;
  const cut = parts.some(({ phases }) => phases.cut) ? new Uint8Array(length) : undefined;
  const instanceNames: NameColumn[] = [];
  let row = 0;
  let requests = 0;
  let instances = 0;
  for (const [p, { name, phases, shiftSec = 0 }] of parts.entries()) {
    joined.kind.set(phases.kind, row);
    joined.startSec.set(shiftSec === 0 ? phases.startSec : phases.startSec.map((sec) => sec + shiftSec), row);
    joined.endSec.set(shiftSec === 0 ? phases.endSec : phases.endSec.map((sec) => sec + shiftSec), row);
    joined.tokens.set(tokens[p], row);
    if (phases.steps) steps?.set(phases.steps, row);
    if (phases.cachedTokens) cachedTokens?.set(phases.cachedTokens, row);
    if (phases.cut) cut?.set(phases.cut, row);
    for (let i = 0; i < phases.length; i++) {
      joined.request[row + i] = requests + phases.request[i];
      joined.instance[row + i] = instances + (phases.instance?.[i] ?? 0);
    }
    const own = phases.instanceIds;
    instanceNames.push(own ? { length: own.length, at: (i) => `${name}:${own.at(i)}` } : { length: 1, at: () => name });
    row += phases.length;
    requests += phases.requestIds.length;
    instances += own?.length ?? 1;
  }
  const { instance, ...columns } = joined;
  return tableOfColumns({
    ...columns,
    ...(steps && { steps }),
    ...(cachedTokens && { cachedTokens }),
    ...(cut && { cut }),
    requestIds: joinedNames(parts.map(({ phases }) => phases.requestIds)),
    ...(as === 'engines' && { instance, instanceIds: joinedNames(instanceNames) }),
  });
};
