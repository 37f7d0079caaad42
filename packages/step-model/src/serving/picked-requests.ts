import { OPTIONAL_REQUEST_COLUMNS, type RequestTable } from '@stepclock/trace-io';

/** Some rows of a table, in the order given. */
export const pickedRequests = (requests: RequestTable, rows: Uint32Array): RequestTable => {
  const picked = (column: Float64Array): Float64Array => Float64Array.from(rows, (i) => column[i]);
  const { requestIds, instance } = requests;
  return {
    ...requests,
    length: rows.length,
    requestIds: { length: rows.length, at: (k) => requestIds.at(rows[k]) },
    promptTokens: picked(requests.promptTokens),
    outputTokens: picked(requests.outputTokens),
    ...Object.fromEntries(
      OPTIONAL_REQUEST_COLUMNS.flatMap((name) => {
        const column = requests[name];
        return column === undefined ? [] : [[name, picked(column)]];
      }),
    ),
    ...(instance && { instance: Uint32Array.from(rows, (i) => instance[i]) }),
  };
};

/** The rows in the order of their arrival, those that arrive in one moment as they stand; without an arrival last. */
export const rowsByArrival = ({ length, arrivalSec }: Pick<RequestTable, 'length' | 'arrivalSec'>): Uint32Array => {
  const rows = Uint32Array.from({ length }, (_, i) => i);
  if (arrivalSec === undefined) return rows;
  const at = (i: number): number => (Number.isNaN(arrivalSec[i]) ? Infinity : arrivalSec[i]);
  return rows.sort((a, b) => (at(a) === at(b) ? a - b : at(a) - at(b)));
};
