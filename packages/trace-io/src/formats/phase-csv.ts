import { Fault } from '@stepclock/faults';
import { FARTHEST_SEC, isPhase, SHORTEST_SEC, UNIT_WORDS, UNITS_PER_SEC, WITHIN_CLOCK } from '../bounds/clock-range.js';
import { MOST_TOKENS, mostSteps, SHORTEST_STEP_SEC } from '../bounds/count-range.js';
import { attempted, type Input } from '../bytes/input.js';
import type { ColumnPlan, RowPlan } from '../delimited/column-plan.js';
import { type KnownColumn, resolveHeader } from '../delimited/header.js';
import { readDelimited } from '../delimited/read-delimited.js';
import { IndexSet } from '../names/index-set.js';
import { NameIndex } from '../names/name-index.js';
import { PairIndex } from '../names/pair-index.js';
import { LineOfRow } from '../tables/line-of-row.js';
import { PhaseColumns } from '../tables/phase-columns.js';
import { DECODE, PREFILL } from '../tables/phase-table.js';
import type { Trace } from '../trace.js';
import type { ReadOptions, TraceFormat } from './trace-format.js';

type Key =
  | 'request_id'
  | 'phase_type'
  | 't_start'
  | 't_end'
  | 'prefill_tokens'
  | 'decode_tokens'
  | 'N_steps'
  | 'cached_tokens'
  | 'instance_id';

const COLUMNS: readonly KnownColumn<Key>[] = [
  { key: 'request_id', names: ['request_id', 'req_id', 'request'], required: true },
  { key: 'phase_type', names: ['phase_type', 'phase'], required: true },
  { key: 't_start', names: ['t_start', 'start', 'start_s', 'start_time'], required: true },
  { key: 't_end', names: ['t_end', 'end', 'end_s', 'end_time'], required: true },
  { key: 'prefill_tokens', names: ['prefill_tokens', 'num_prefill_tokens'], required: false },
  { key: 'decode_tokens', names: ['decode_tokens', 'num_decode_tokens'], required: false },
  { key: 'N_steps', names: ['n_steps', 'num_steps', 'steps'], required: false },
  { key: 'cached_tokens', names: ['cached_tokens', 'num_cached_tokens'], required: false },
  { key: 'instance_id', names: ['instance_id', 'instance', 'engine_id'], required: false },
];

/** Columns that few other files have: four of them tell the format. */
const TELLING = COLUMNS.filter(({ key, required }) => required || key === 'prefill_tokens' || key === 'decode_tokens');

const PHASE_WORDS = ['prefill', 'decode'];
const KIND_OF_WORD = [PREFILL, DECODE];

const REQUEST = 0;
const WORD = 1;
const START = 2;
const END = 3;
const PREFILL_TOKENS = 4;
const DECODE_TOKENS = 5;
const STEPS = 6;
const CACHED = 7;
const INSTANCE = 8;

/**
 * The phase table that the published estimators read (docs/theory.md), as CSV or TSV: one row a phase, `request_id, phase_type (prefill | decode, any case),
 * t_start, t_end` (seconds, or the unit given), `prefill_tokens, decode_tokens`, and optionally `N_steps` (a given step count; may be empty),
 * `cached_tokens` (those of prefill_tokens that came from a prefix cache and were not computed) and `instance_id`.
 *
 * Token columns count for the phase's own kind only: the decode tokens of a prefill row and the prefill tokens of a decode row
 * are checked and otherwise unused. A row with `N_steps` may leave its tokens empty, or the file the column: a decode then has as many tokens
 * as steps, a prefill an unknown number (NaN). At most one prefill row a request (and instance).
 */
export const phaseCsv: TraceFormat = {
  name: 'phase-csv',
  takesTimeUnit: true,
  description: 'phase table as CSV or TSV: one row a prefill or decode phase, times in seconds',
  recognise: ({ headerNames }) => {
    const hits = TELLING.filter(({ names }) => names.some((name) => headerNames.includes(name)));
    return hits.length >= 4 || hits.some(({ key }) => key === 'phase_type');
  },
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const phases = new PhaseColumns(input.fractionRead);
  const requests = new NameIndex();
  const instances = new NameIndex();
  let hasInstances = false;
  // A phase table ends at its first bad row, but for the few that a clock which was set back makes end before they start.
  const { bad: _, ...strict } = input;
  const reversed = (line: number, fault: Fault): void =>
    attempted(input, line, () => {
      throw fault;
    });
  const lines = new LineOfRow();
  const unitsPerSec = UNITS_PER_SEC[options.timeUnit];
  await readDelimited(strict, { delimiter: options.head.delimiter, path: options.path }, (header, line) => {
    const keys = resolveHeader(header, COLUMNS, options.columns, { file: input.file, line });
    hasInstances = keys.includes('instance_id');
    return rowPlan(header, keys, { phases, requests, instances, lines }, input.file, reversed, unitsPerSec);
  });
  return {
    kind: 'phases',
    facts: {
      format: 'phase-csv',
      clock: `one clock of the writer, ${UNIT_WORDS[options.timeUnit]}`,
      timeUnit: options.timeUnit,
      queueInPrefill: 'unknown',
      firstTokenWithPrefill: false,
      settings: options.settings,
    },
    phases: phases.table(requests.names(), hasInstances ? instances.names() : undefined, (row) => lines.at(row)),
    exclusions: [],
  };
}

/** What a phase table is made of, row by row. */
interface TableInTheMaking {
  readonly phases: PhaseColumns;
  readonly requests: NameIndex;
  readonly instances: NameIndex;
  readonly lines: LineOfRow;
}

function rowPlan(
  header: readonly string[],
  keys: readonly (Key | undefined)[],
  { phases, requests, instances, lines }: TableInTheMaking,
  file: string,
  reversed: (line: number, fault: Fault) => void,
  unitsPerSec: number,
): RowPlan {
  const cells = new Float64Array(9).fill(Number.NaN);
  const hasInstances = keys.includes('instance_id');
  // The same identifier in two instances names two requests.
  const pairs = hasInstances ? new PairIndex() : undefined;
  const prefilled = new IndexSet();
  const fault = (code: `trace-io/${string}`, what: string, line: number, key: Key, value: string, rule: string) =>
    new Fault(code, { what, file, line, column: header[keys.indexOf(key)], value, rule });

  const noPhase = (line: number, start: number, end: number): Fault => {
    if (!(end > start)) {
      return fault(
        'trace-io/empty-phase',
        'phase',
        line,
        't_end',
        `${start} to ${end}`,
        'must have t_end after t_start',
      );
    }
    if (!(start >= -FARTHEST_SEC))
      return fault('trace-io/bad-time', 't_start', line, 't_start', `${start}`, `must be ${WITHIN_CLOCK}`);
    if (!(end <= FARTHEST_SEC))
      return fault('trace-io/bad-time', 't_end', line, 't_end', `${end}`, `must be ${WITHIN_CLOCK}`);
    const rule = `must have t_end at least ${SHORTEST_SEC} s after t_start`;
    return fault('trace-io/bad-time', 'phase', line, 't_end', `${start} to ${end}`, rule);
  };

  const tooMany = (line: number): Fault => {
    const key = cells[PREFILL_TOKENS] > MOST_TOKENS ? 'prefill_tokens' : 'decode_tokens';
    const value = String(cells[key === 'prefill_tokens' ? PREFILL_TOKENS : DECODE_TOKENS]);
    return fault('trace-io/bad-count', key, line, key, value, `must be a whole number from 0 to ${MOST_TOKENS}`);
  };

  const noTokens = (line: number, key: 'prefill_tokens' | 'decode_tokens'): Fault => {
    const column = keys.includes(key) ? header[keys.indexOf(key)] : key;
    const value = keys.includes(key) ? '' : 'no such column';
    return new Fault('trace-io/missing-tokens', {
      what: key,
      file,
      line,
      column,
      value,
      rule: `must be given in a ${key === 'decode_tokens' ? 'decode' : 'prefill'} row without N_steps`,
    });
  };

  /** Rare, so the first prefill is looked for only now. */
  const second = (line: number, request: number): Fault => {
    const { kind, request: requestOf, instance } = phases.table(requests.names(), instances.names());
    const earlier = kind.findIndex(
      (code, i) => code === PREFILL && requestOf[i] === request && (!hasInstances || instance?.[i] === cells[INSTANCE]),
    );
    return fault(
      'trace-io/second-prefill',
      'request',
      line,
      'request_id',
      requests.nameAt(request),
      `must have at most one prefill row (the first is in line ${lines.at(earlier)})`,
    );
  };

  const row = (line: number): void => {
    const kind = KIND_OF_WORD[cells[WORD]];
    const start = cells[START] / unitsPerSec;
    const end = cells[END] / unitsPerSec;
    if (!(end > start)) {
      reversed(line, noPhase(line, start, end));
      return;
    }
    if (!isPhase(start, end)) throw noPhase(line, start, end);
    const request = cells[REQUEST];
    const identity = pairs === undefined ? request : pairs.intern(cells[INSTANCE], request);
    const cached = cells[CACHED];
    const steps = cells[STEPS];
    const decodeSteps = kind === DECODE ? (Number.isNaN(steps) ? cells[DECODE_TOKENS] : steps) : 0;
    if (cells[PREFILL_TOKENS] > MOST_TOKENS || cells[DECODE_TOKENS] > MOST_TOKENS) throw tooMany(line);
    if (Number.isNaN(steps) && Number.isNaN(cells[kind === DECODE ? DECODE_TOKENS : PREFILL_TOKENS])) {
      throw noTokens(line, kind === DECODE ? 'decode_tokens' : 'prefill_tokens');
    }
    if (decodeSteps > (end - start) / SHORTEST_STEP_SEC && decodeSteps > mostSteps(end - start)) {
      const key = Number.isNaN(steps) ? 'decode_tokens' : 'N_steps';
      const rule = `must be at most ${mostSteps(end - start)} steps in ${end - start} s, ${SHORTEST_STEP_SEC} s each`;
      throw fault('trace-io/bad-count', key, line, key, String(decodeSteps), rule);
    }
    let prefillTokens = 0;
    if (kind === PREFILL) {
      if (prefilled.has(identity)) throw second(line, request);
      prefilled.add(identity);
      prefillTokens = cells[PREFILL_TOKENS];
      if (cached > prefillTokens) {
        throw fault(
          'trace-io/cached-above-prompt',
          'cached_tokens',
          line,
          'cached_tokens',
          String(cached),
          `must be at most the prefill tokens of the row, ${prefillTokens}`,
        );
      }
      if (cached > 0) prefillTokens -= cached;
    }
    lines.add(phases.length, line);
    const decodeTokens = Number.isNaN(cells[DECODE_TOKENS]) ? steps : cells[DECODE_TOKENS];
    phases.add(kind, start, end, kind === DECODE ? decodeTokens : prefillTokens, request);
    if (!Number.isNaN(steps)) phases.setSteps(steps);
    if (kind === PREFILL && cached > 0) phases.setCachedTokens(cached);
    if (hasInstances) phases.setInstance(cells[INSTANCE]);
  };

  const planOf = (key: Key | undefined): ColumnPlan => {
    switch (key) {
      case undefined:
        return { kind: 'skip' };
      case 'request_id':
        return { kind: 'name', slot: REQUEST, names: requests, emptyAllowed: false };
      case 'instance_id':
        return { kind: 'name', slot: INSTANCE, names: instances, emptyAllowed: false };
      case 'phase_type':
        return { kind: 'word', slot: WORD, words: PHASE_WORDS, emptyAllowed: false };
      case 't_start':
        return { kind: 'number', slot: START, emptyAllowed: false };
      case 't_end':
        return { kind: 'number', slot: END, emptyAllowed: false };
      case 'prefill_tokens':
        return { kind: 'count', slot: PREFILL_TOKENS, emptyAllowed: true };
      case 'decode_tokens':
        return { kind: 'count', slot: DECODE_TOKENS, emptyAllowed: true };
      case 'N_steps':
        return { kind: 'count', slot: STEPS, emptyAllowed: true };
      case 'cached_tokens':
        return { kind: 'count', slot: CACHED, emptyAllowed: true };
    }
  };
  return { columns: keys.map(planOf), header, cells, row };
}
