import { Fault } from '@stepclock/faults';
import { isPhase, SHORTEST_SEC, WITHIN_CLOCK } from '../bounds/clock-range.js';
import { MOST_TOKENS, mostSteps, SHORTEST_STEP_SEC } from '../bounds/count-range.js';
import { NameIndex } from '../names/name-index.js';
import { PhaseColumns } from './phase-columns.js';
import { DECODE, type PhaseTable, PREFILL } from './phase-table.js';

/** One phase as a row of the phase table (format `phase-csv`). Times in seconds. */
export interface PhaseRow {
  readonly request_id: string;
  /** `prefill` or `decode`, in any case. */
  readonly phase_type: string;
  readonly t_start: number;
  readonly t_end: number;
  /** Prompt tokens of a prefill, cached ones included; may be left out where `N_steps` is given. */
  readonly prefill_tokens?: number | null;
  /** May be left out of a prefill, and where `N_steps` is given. */
  readonly decode_tokens?: number | null;
  readonly N_steps?: number | null;
  readonly cached_tokens?: number | null;
  readonly instance_id?: string | null;
}

/**
 * A phase table from row objects, for tests, notebooks and small traces; the same checks as for a file, with the row's number
 * (1-based) as line.
 *
 * @throws Fault
 * @example
 * phaseTableFrom([{ request_id: 'A', phase_type: 'prefill', t_start: 0, t_end: 2, prefill_tokens: 96, decode_tokens: 0 }]).length // => 1
 */
export function phaseTableFrom(rows: Iterable<PhaseRow>): PhaseTable {
  const phases = new PhaseColumns();
  const requests = new NameIndex();
  const instances = new NameIndex();
  const prefillRow = new Map<string, number>();
  let hasInstances = false;
  let line = 0;
  for (const row of rows) {
    line++;
    const kind = kindOf(row.phase_type, line);
    const start = finite(row.t_start, 't_start', line);
    const end = finite(row.t_end, 't_end', line);
    if (!(end > start)) throw fault('t_end', line, `${start} to ${end}`, 'must be after t_start');
    if (!isPhase(start, end)) {
      const rule = `must be at least ${SHORTEST_SEC} s after t_start, in ${WITHIN_CLOCK}`;
      throw fault('t_end', line, `${start} to ${end}`, rule);
    }
    const cached = count(row.cached_tokens ?? 0, 'cached_tokens', line);
    const steps = countOrNothing(row.N_steps, 'N_steps', line);
    const prompt = countOrNothing(row.prefill_tokens, 'prefill_tokens', line) ?? Number.NaN;
    const decoded = countOrNothing(row.decode_tokens, 'decode_tokens', line) ?? steps ?? Number.NaN;
    if (steps === undefined && Number.isNaN(kind === DECODE ? decoded : prompt)) {
      const column = kind === DECODE ? 'decode_tokens' : 'prefill_tokens';
      throw fault(
        column,
        line,
        'nothing',
        `must be given in a ${kind === DECODE ? 'decode' : 'prefill'} row without N_steps`,
      );
    }
    const request = requests.internText(row.request_id);
    if (kind === PREFILL) {
      const identity = `${row.instance_id ?? ''}\n${row.request_id}`;
      const earlier = prefillRow.get(identity);
      if (earlier !== undefined) {
        throw fault(
          'request_id',
          line,
          row.request_id,
          `must have at most one prefill row (the first is row ${earlier})`,
        );
      }
      prefillRow.set(identity, line);
      if (cached > prompt)
        throw fault('cached_tokens', line, cached, `must be at most the prefill tokens of the row, ${prompt}`);
      phases.add(kind, start, end, prompt - cached, request);
      if (cached > 0) phases.setCachedTokens(cached);
    } else {
      phases.add(kind, start, end, decoded, request);
    }
    if (steps !== undefined) phases.setSteps(steps);
    const most = mostSteps(end - start);
    if (kind === DECODE && (steps ?? decoded) > most) {
      const column = steps === undefined ? 'decode_tokens' : 'N_steps';
      throw fault(
        column,
        line,
        steps ?? decoded,
        `must be at most ${most} steps in ${end - start} s, ${SHORTEST_STEP_SEC} s each`,
      );
    }
    const named = row.instance_id !== undefined && row.instance_id !== null;
    if (line > 1 && named !== hasInstances) {
      throw fault('instance_id', line, row.instance_id, 'must be named in every row or in none');
    }
    if (row.instance_id !== undefined && row.instance_id !== null) {
      hasInstances = true;
      phases.setInstance(instances.internText(row.instance_id));
    }
  }
  return phases.table(requests.names(), hasInstances ? instances.names() : undefined);
}

function kindOf(word: string, line: number): number {
  const lower = String(word).toLowerCase();
  if (lower === 'prefill') return PREFILL;
  if (lower === 'decode') return DECODE;
  throw fault('phase_type', line, word, 'must be prefill or decode (any case)');
}

function finite(value: number, column: string, line: number): number {
  if (!Number.isFinite(value)) throw fault(column, line, value, 'must be a finite number');
  return value;
}

const countOrNothing = (value: number | null | undefined, column: string, line: number): number | undefined =>
  value === undefined || value === null ? undefined : count(value, column, line);

function count(value: number, column: string, line: number): number {
  if (!(value >= 0 && value <= MOST_TOKENS && Number.isInteger(value))) {
    throw fault(column, line, value, `must be a whole number from 0 to ${MOST_TOKENS}`);
  }
  return value;
}

function fault(column: string, line: number, value: unknown, rule: string): Fault {
  return new Fault('trace-io/bad-row', { what: column, file: '<rows>', line, column, value, rule });
}
