import type { TidyTable } from '@stepclock/trace-io';
import { stageFault } from '../stage-fault.js';

/**
 * The published per-sample JSON, `{ per_sample_results: [ { actual_vision_tokens, top_k, T_LLM_prefill, ... } ] }`, as a tidy table; fields that
 * hold objects are passed over, and so are those of the file beside the list.
 *
 * @throws Fault `stage/bad-json`
 */
export const perSampleTable = (value: unknown, file = '<input>'): TidyTable => {
  const list =
    typeof value === 'object' && value !== null && 'per_sample_results' in value ? value.per_sample_results : value;
  if (!Array.isArray(list) || list.length === 0) {
    throw stageFault('stage/bad-json', {
      what: 'per_sample_results',
      rule: 'must be a list of at least one sample',
      value: 'nothing',
      file,
    });
  }
  const records = list.map((sample: unknown, i): Record<string, unknown> => {
    if (typeof sample !== 'object' || sample === null || Array.isArray(sample)) {
      throw stageFault('stage/bad-json', {
        what: `per_sample_results[${i}]`,
        rule: 'must be an object',
        value: sample,
        file,
      });
    }
    return sample as Record<string, unknown>;
  });
  const flat = (cell: unknown): boolean => cell === null || typeof cell !== 'object';
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))].filter((name) =>
    records.every((record) => flat(Object.hasOwn(record, name) ? record[name] : null)),
  );
  return {
    file,
    length: records.length,
    names,
    cell: (row, column) => {
      const name = names[column];
      const record = records[row];
      const cell = name !== undefined && record !== undefined && Object.hasOwn(record, name) ? record[name] : null;
      return cell === null || cell === undefined ? '' : String(cell);
    },
    // The place in the list stands for the line that a list has not got.
    line: (row) => row + 1,
  };
};
