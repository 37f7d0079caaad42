import { Fault } from '@stepclock/faults';
import { UNITS_PER_SEC } from '../../bounds/clock-range.js';
import type { Input } from '../../bytes/input.js';
import { type RequestColumn, readRequestRows } from '../../delimited/request-rows.js';
import { fieldAt } from '../../json/field-at.js';
import { eachJsonLine } from '../../json/json-lines.js';
import { StepColumns } from '../../tables/step-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';
import { refuseNoSteps } from './log-lines.js';
import { STEP_COUNTS, STEP_NUMBERS, type StepNumber, stepOfCells } from './step-cells.js';

const KEYS = [...STEP_NUMBERS, 'engine'] as const;
type Key = (typeof KEYS)[number];
const REQUIRED: readonly Key[] = ['prefill_tokens', 'decode_seqs'];

/** Whether a mapping is one of steps: it names what only a step has. */
export const isStepMap = (map: Readonly<Record<string, string>>): boolean =>
  Object.hasOwn(map, 'decode_seqs') || Object.hasOwn(map, 'prefill_tokens') || Object.hasOwn(map, 'seconds');

/**
 * Any CSV, TSV or JSON lines file of one step a row, told by a mapping which column is which: `seconds`, or `start` and `end`; `prefill_tokens` and
 * `decode_seqs`; and where known `prefill_requests`, `prefill_context`, `context_tokens`, `iteration`, `engine`. In JSON lines a name may be a path
 * (`scheduled.tokens`). Times are numbers in the given unit. Several columns of seconds are added: `seconds=sched_s+exec_s`.
 */
export const mappedSteps: TraceFormat = {
  name: 'mapped-steps',
  description: 'any CSV or JSON lines of one step a row, with --map seconds=...,prefill_tokens=...,decode_seqs=...',
  takesTimeUnit: true,
  recognise: () => false,
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const map = checkedStepMap(options.map ?? options.columns, input.file);
  const columns = new StepColumns(options.onSteps, options.stepsAtOnce);
  const perSecond = UNITS_PER_SEC[options.timeUnit];
  const { file } = input;
  const add = (line: number, value: (name: string, key: StepNumber) => number, engine: string): void => {
    // Several names of one key are parts of a sum.
    const sum = (key: StepNumber): number =>
      map.get(key)?.reduce((total, name) => total + value(name, key), 0) ?? Number.NaN;
    columns.add(
      stepOfCells(sum, perSecond, { file, line }, (key) => map.get(key)?.join('+') ?? key),
      engine,
    );
  };
  const [engineName] = map.get('engine') ?? [];
  if (options.head.firstLine.startsWith('{')) {
    await eachJsonLine(input, (record, line) => {
      const engine = engineName === undefined ? '' : fieldAt(record, engineName);
      add(
        line,
        (name, key) => {
          const [at, field] = fieldAt(record, name);
          return STEP_COUNTS.includes(key) ? at.count(field) : at.number(field);
        },
        typeof engine === 'string' ? engine : engine[0].name(engine[1]),
      );
    });
  } else {
    const names = [...map].flatMap(([key, parts]) => parts.map((name) => ({ key, name })));
    const known = names.map(
      ({ key, name }): RequestColumn<string> => ({
        key: name,
        names: [name],
        required: true,
        kind: key === 'engine' ? 'name' : STEP_COUNTS.some((count) => count === key) ? 'count' : 'number',
      }),
    );
    const mapping = Object.fromEntries(names.map(({ name }) => [name, name]));
    const { delimiter } = options.head;
    await readRequestRows(input, { delimiter, path: options.path, mapping }, known, (cells, line) =>
      add(line, (name) => cells.number(name), engineName === undefined ? '' : (cells.name(engineName) ?? '')),
    );
  }
  refuseNoSteps(columns, file);
  columns.flush();
  return {
    kind: 'steps',
    facts: { format: 'mapped-steps', clock: 'as mapped', timeUnit: options.timeUnit, settings: options.settings },
    steps: columns.table(),
    exclusions: [],
  };
}

/** A mapping of steps, each key with the names whose sum it is. @throws Fault `trace-io/bad-map` */
export function checkedStepMap(
  map: Readonly<Record<string, string>>,
  file: string,
): ReadonlyMap<Key, readonly string[]> {
  const fault = (value: string, rule: string): Fault =>
    new Fault('trace-io/bad-map', { what: 'map', file, value, rule });
  const checked = new Map<Key, readonly string[]>();
  for (const [key, text] of Object.entries(map)) {
    const known = KEYS.find((candidate) => candidate === key);
    const names = typeof text === 'string' ? text.split('+') : [''];
    if (known === undefined || names.includes('')) {
      throw fault(`${key}=${String(text)}`, `must be pairs of one of ${KEYS.join(', ')} and a column`);
    }
    checked.set(known, names);
  }
  const isTimed = checked.has('seconds') || (checked.has('start') && checked.has('end'));
  if (isTimed && REQUIRED.every((key) => checked.has(key))) return checked;
  throw fault(
    [...checked.keys()].join(', '),
    'must name prefill_tokens, decode_seqs, and seconds or start and end, for a table of steps',
  );
}
