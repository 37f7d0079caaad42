import type { NameColumn } from '../names/name-column.js';
import type { PhaseTable } from './phase-table.js';
import { columnsOfTable, type TableColumns, tableOfColumns } from './table-columns.js';

interface PackedNames {
  /** UTF-8, one name after another. */
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

/** A phase table as nothing but typed arrays, for `postMessage`: a table's names are functions, which no thread can send. */
export interface PackedPhases extends Omit<TableColumns, 'requestIds' | 'instanceIds'> {
  readonly requestIds: PackedNames;
  readonly instanceIds?: PackedNames;
}

/**
 * A phase table for another thread.
 *
 * @returns the packed table, and its memory: named as the message's transfer list, it is handed over instead of copied, and the table given is empty from then on
 * @example
 * const { packed, memory } = packPhases(phases);
 * parentPort.postMessage(packed, memory); // there: unpackPhases(packed)
 */
export const packPhases = (phases: PhaseTable): { readonly packed: PackedPhases; readonly memory: ArrayBuffer[] } => {
  const { requestIds, instanceIds, ...columns } = columnsOfTable(phases);
  const packed: PackedPhases = {
    ...columns,
    requestIds: packNames(requestIds),
    ...(instanceIds && { instanceIds: packNames(instanceIds) }),
  };
  const { requestIds: requests, instanceIds: instances, ...own } = packed;
  const arrays = [...Object.values(own), ...Object.values(requests), ...Object.values(instances ?? {})];
  // A shared memory is shared whatever is done; any other is handed over once.
  const memory = new Set(arrays.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : [])));
  return { packed, memory: [...memory] };
};

/** The table that was packed. */
export const unpackPhases = ({ requestIds, instanceIds, ...columns }: PackedPhases): PhaseTable =>
  tableOfColumns({
    ...columns,
    requestIds: unpackNames(requestIds),
    ...(instanceIds && { instanceIds: unpackNames(instanceIds) }),
  });

/** UTF-8 takes at most three bytes for each of a string's units. */
const MOST_BYTES_A_UNIT = 3;

const packNames = (names: NameColumn): PackedNames => {
  const encoder = new TextEncoder();
  const ends = new Uint32Array(names.length);
  let bytes = new Uint8Array(16 * names.length);
  let end = 0;
  for (let i = 0; i < names.length; i++) {
    const name = names.at(i);
    const needed = end + MOST_BYTES_A_UNIT * name.length;
    if (needed > bytes.length) {
      const longer = new Uint8Array(2 * needed);
      longer.set(bytes);
      bytes = longer;
    }
    end += encoder.encodeInto(name, bytes.subarray(end)).written;
    ends[i] = end;
  }
  return { bytes: bytes.subarray(0, end), ends };
};

const unpackNames = ({ bytes, ends }: PackedNames): NameColumn => {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  return {
    length: ends.length,
    at: (index) => {
      if (!(Number.isInteger(index) && index >= 0 && index < ends.length)) {
        throw new RangeError(`name index: an integer from 0 to ${ends.length - 1}; got ${index}`);
      }
      return decoder.decode(bytes.subarray(index === 0 ? 0 : ends[index - 1], ends[index]));
    },
  };
};
