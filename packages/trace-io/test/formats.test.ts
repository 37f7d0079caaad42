import { DECODE, formats, type PhaseTable, readTrace, type StepTable, type Trace } from '@stepclock/trace-io';
import { describe, expect, test } from 'vitest';
import { readTraceBy } from '../src/read-trace.js';
import { formatFixtures } from './format-fixtures.js';
import { chunked } from './streams.js';

const fixtures = formatFixtures();

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly start: number;
  readonly end: number;
  readonly work: number;
  readonly cached: number;
  readonly instance: string | undefined;
}

/** Phases in the order of the expected file, times from the first start on. */
/** The phases of the first so many requests; those of requests that were cut off come behind them. */
function sortedPhases(table: PhaseTable, requests = Number.POSITIVE_INFINITY): Row[] {
  const origin = table.startSec.reduce((least, sec) => Math.min(least, sec), Number.POSITIVE_INFINITY);
  const rows = Array.from(table.request.keys()).filter((row) => table.request[row] < requests);
  return rows
    .map((i) => ({
      id: table.requestIds.at(table.request[i]),
      kind: table.kind[i] === DECODE ? 'decode' : 'prefill',
      start: table.startSec[i] - origin,
      end: table.endSec[i] - origin,
      work: (table.kind[i] === DECODE ? table.decodeTokens[i] : table.prefillTokens[i]) as number,
      cached: table.cachedTokens?.[i] ?? 0,
      instance: table.instance === undefined ? undefined : table.instanceIds?.at(table.instance[i]),
    }))
    .sort(byKey);
}

const keyOf = (row: Row): string => `${row.instance ?? ''} ${row.id} ${row.kind}`;
const byKey = (a: Row, b: Row): number => (keyOf(a) < keyOf(b) ? -1 : keyOf(a) > keyOf(b) ? 1 : 0);

/** What to look at first, where a new format's phases differ. */
const VIEW_HINT =
  "the phases must be those of the run as the fixture's `view` has them (scripts/fixtures/formats/formats.ts). Every fourth prompt of the run is a quarter cached: " +
  'a file that gives whole prompts and their cached tokens needs `cached: true`, any other must give `prompt - cached` as the prompt. ' +
  '`folded` is for files without the time of scheduling, `idOf` and `instances` say which names the reader gives';

function expectPhases(trace: Trace, rows: readonly (readonly string[])[], toleranceSec: number): void {
  if (!trace.phases) throw new Error('no phases');
  const [header, ...body] = rows;
  const column = (name: string): number => header?.indexOf(name) ?? -1;
  const origin = body.reduce(
    (least, cells) => Math.min(least, Number(cells[column('t_start')])),
    Number.POSITIVE_INFINITY,
  );
  const expected = body
    .map((cells): Row => {
      const decode = cells[column('phase_type')] === 'decode';
      return {
        id: cells[column('request_id')] ?? '',
        kind: decode ? 'decode' : 'prefill',
        start: Number(cells[column('t_start')]) - origin,
        end: Number(cells[column('t_end')]) - origin,
        work: Number(cells[column(decode ? 'decode_steps' : 'computed_tokens')]),
        cached: Number(cells[column('cached_tokens')]),
        instance: column('instance') < 0 ? undefined : cells[column('instance')],
      };
    })
    .sort(byKey);
  const found = sortedPhases(trace.phases, trace.requests?.length);
  const facts = ({ start, end, ...row }: Row) => row;
  expect(found.map(facts), VIEW_HINT).toEqual(expected.map(facts));
  expectTimes(
    found.map(({ start }) => start),
    expected.map(({ start }) => start),
    toleranceSec,
  );
  expectTimes(
    found.map(({ end }) => end),
    expected.map(({ end }) => end),
    toleranceSec,
  );
}

/** Times from a common zero: the difference of two of them may be off by twice the format's rounding. */
function expectTimes(found: readonly number[], expected: readonly number[], toleranceSec: number): void {
  const worst = found.reduce((most, sec, i) => Math.max(most, Math.abs(sec - expected[i])), 0);
  expect(found.length).toBe(expected.length);
  expect(worst).toBeLessThanOrEqual(2 * toleranceSec);
}

function expectWorkload(trace: Trace, rows: readonly (readonly string[])[], toleranceSec: number): void {
  const { requests } = trace;
  if (!requests?.arrivalSec) throw new Error('no arrivals');
  expect(trace.phases).toBeUndefined();
  const body = rows.slice(1).map((cells) => cells.map(Number));
  expect([...requests.promptTokens]).toEqual(body.map((cells) => cells[1]));
  expect([...requests.outputTokens]).toEqual(body.map((cells) => cells[2]));
  const [first = 0] = requests.arrivalSec;
  const [[expectedFirst = 0] = []] = body;
  expectTimes(
    [...requests.arrivalSec].map((sec) => sec - first),
    body.map(([sec = 0]) => sec - expectedFirst),
    toleranceSec,
  );
}

function expectSteps(steps: StepTable | undefined, rows: readonly (readonly string[])[], toleranceSec: number): void {
  if (!steps) throw new Error('no steps');
  const body = rows.slice(1).map((cells) => cells.map(Number));
  expect([...steps.prefillTokens]).toEqual(body.map((cells) => cells[1]));
  expect([...steps.decodeTokens]).toEqual(body.map((cells) => cells[2]));
  expectTimes(
    [...steps.durationSec],
    body.map(([sec = 0]) => sec),
    toleranceSec,
  );
}

test('every format has a fixture', () => {
  const covered = new Set(fixtures.map(({ expected }) => expected.facts.format));
  expect(formats.map(({ name }) => name).filter((name) => !covered.has(name))).toEqual([]);
});

describe.each(fixtures)('$name', ({ bytes, options, expected, rows }) => {
  const check = (trace: Trace): void => {
    expect(trace.kind).toBe(expected.kind);
    expect(trace.facts).toMatchObject(expected.facts);
    expect(Object.fromEntries(trace.exclusions.map(({ reason, count }) => [reason, count]))).toEqual(
      expected.exclusions,
    );
    if (expected.kind === 'phases') expectPhases(trace, rows, expected.toleranceSec);
    if (expected.kind === 'workload') expectWorkload(trace, rows, expected.toleranceSec);
    if (expected.kind === 'windows') expect(trace.windows?.map(({ part }) => part)).toEqual([...Array(20).keys()]);
    if (expected.kind === 'steps') expectSteps(trace.steps, rows, expected.toleranceSec);
  };

  test('is recognised and gives the phases of the run', async () => check(await readTrace(chunked(bytes), options)));

  test('gives the same by the strict path, in small chunks', async () => {
    check(await readTraceBy('strict', chunked(bytes, 4099), options));
  });

  test('gives the same when its format is named', async () => {
    const format = String(expected.facts.format);
    check(await readTrace(chunked(bytes), { ...options, format }));
  });
});
