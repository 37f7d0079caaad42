import type { TidyTable } from '@stepclock/trace-io';
import { stageFault } from '../stage-fault.js';
import { DECODE_SUMS, KNOWN_STAGES, TOTALS, VISION_TOTAL } from './column-names.js';

type Sample = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Sample =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isFlat = (cell: unknown): boolean => cell === null || typeof cell !== 'object';

/** Times that stand beside a list are means over it, and no times of its samples. */
const TIMES = new Set([...Object.values(KNOWN_STAGES).flat(), ...VISION_TOTAL, ...TOTALS, ...DECODE_SUMS]);

/** What a file says of all its samples: its flat fields, and those of objects in it (`config`, `knobs`), but no times. */
const commonOf = ({ per_sample_results: _, ...file }: Sample): Sample => {
  const nested = Object.values(file).filter(isObject);
  const fields = [...nested, file].flatMap((part) => Object.entries(part));
  return Object.fromEntries(fields.filter(([name, cell]) => isFlat(cell) && !TIMES.has(name)));
};

/** The samples of a list, of an object that holds one, of a list of such objects; or the one sample that a value is. */
const samplesOf = (value: unknown, path: string, file: string): readonly Sample[] => {
  if (Array.isArray(value)) return value.flatMap((entry, i) => samplesOfObject(entry, `${path}[${i}]`, file));
  return isObject(value) ? samplesOfObject(value, path, file) : [];
};

const samplesOfObject = (value: unknown, path: string, file: string): readonly Sample[] => {
  if (!isObject(value)) throw stageFault('stage/bad-json', { what: path, rule: 'must be an object', value, file });
  if (!('per_sample_results' in value)) return [value];
  const common = commonOf(value);
  return samplesOf(value.per_sample_results, 'per_sample_results', file).map((sample) => ({ ...common, ...sample }));
};

/**
 * The published per-sample JSON as a tidy table: `{ per_sample_results: [ { actual_vision_tokens, top_k, T_LLM_prefill, ... } ] }`, one file a
 * configuration, whose knobs may stand beside the list; or a list of such files, a bare list of samples, or one sample. Fields of samples that
 * hold objects are passed over.
 *
 * @throws Fault `stage/bad-json`
 */
export const perSampleTable = (value: unknown, file = '<input>'): TidyTable => {
  const records = samplesOf(value, 'per_sample_results', file);
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))].filter((name) =>
    records.every((record) => isFlat(Object.hasOwn(record, name) ? record[name] : null)),
  );
  if (names.length === 0) {
    throw stageFault('stage/bad-json', {
      what: 'per_sample_results',
      rule: 'must be a list of at least one sample',
      value: 'nothing',
      file,
    });
  }
  return {
    file,
    length: records.length,
    names,
    cell: (row, column) => {
      const name = names[column];
      const record = records[row] ?? {};
      const cell = Object.hasOwn(record, name) ? record[name] : null;
      return cell === null || cell === undefined ? '' : String(cell);
    },
    // The place in the list stands for the line that a list has not got.
    line: (row) => row + 1,
  };
};
