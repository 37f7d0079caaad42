import {
  formatOtlpJsonl,
  formatPhasesCsv,
  formatRequestsJsonl,
  type PhaseRow,
  type PhaseTable,
  phaseTableFrom,
  type RequestTable,
  readTrace,
  type Trace,
} from '@stepclock/trace-io';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RequestColumns } from '../src/tables/request-columns.js';
import { formatFixtures } from './format-fixtures.js';
import { plain } from './plain-table.js';
import { chunked, text } from './streams.js';

const phasesOf = ({ phases }: Trace): PhaseTable => {
  if (!phases) throw new Error('no phases');
  return phases;
};

const sec = fc.double({ min: 0, max: 1e7, noNaN: true });
const tokens = fc.nat(1_000_000);
const name = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
  .filter((id) => id.trim() !== '' && !id.includes('\0'));

/** Requests with everything that a table can hold, columns absent or holed at random. */
const requestTables = fc
  .array(
    fc.record({
      gaps: fc.tuple(
        sec,
        fc.double({ min: 1e-3, max: 10, noNaN: true }),
        fc.double({ min: 0.02, max: 100, noNaN: true }),
      ),
      prompt: fc.integer({ min: 1, max: 9999 }),
      output: fc.integer({ min: 2, max: 999 }),
      cached: fc.boolean(),
      queue: fc.double({ min: 0, max: 5, noNaN: true }),
      instance: fc.constantFrom('a', 'b'),
      preemptions: fc.nat(3),
      steps: fc.option(fc.integer({ min: 1, max: 500 })),
    }),
    { minLength: 1, maxLength: 8 },
  )
  .chain((rows) =>
    fc.record({
      rows: fc.constant(rows),
      folded: fc.boolean(),
      instances: fc.boolean(),
      ids: fc.uniqueArray(name, { minLength: rows.length, maxLength: rows.length }),
    }),
  )
  .map(({ rows, folded, instances, ids }) => {
    const columns = new RequestColumns();
    for (const [i, { gaps, prompt, output, cached, queue, instance, preemptions, steps }] of rows.entries()) {
      const [arrival, prefill, decode] = gaps;
      const scheduled = folded ? arrival : arrival + queue;
      columns.add(
        ids[i],
        {
          arrivalSec: arrival,
          ...(!folded && { scheduledSec: scheduled }),
          firstTokenSec: scheduled + prefill,
          lastTokenSec: scheduled + prefill + decode,
          promptTokens: prompt,
          ...(cached && { cachedTokens: prompt - 1 }),
          outputTokens: output,
          preemptions,
          ...(steps !== null && { decodeSteps: steps }),
          ...(instances && { instance }),
        },
        i + 1,
      );
    }
    return columns.table('made');
  });

/** A request table as plain values, so that two of them can be compared to the last digit. */
function values(table: RequestTable) {
  const { length, requestIds, instance, instanceIds, ...columns } = table;
  return {
    ids: Array.from({ length }, (_, i) => requestIds.at(i)),
    instances: instance && Array.from(instance, (i) => instanceIds?.at(i)),
    columns: Object.fromEntries(
      Object.entries(columns)
        .map(([key, column]): [string, number[]] => [key, [...(column as Float64Array)]])
        .sort(([a], [b]) => (a < b ? -1 : 1)),
    ),
  };
}

describe('parse(format(t)) = t, to the last digit', () => {
  test('phases as CSV', async () => {
    const row = fc
      .record({
        start: sec,
        length: fc.double({ min: 0.01, max: 1e3, noNaN: true }),
        count: tokens,
        cached: fc.nat(50),
        decode: fc.boolean(),
        steps: fc.option(fc.nat(500)),
        instance: fc.constantFrom('x', 'y, "z"'),
      })
      .map((r) => ({ ...r, end: r.start + r.length, count: Math.min(r.count, Math.floor(r.length * 9e4)) }));
    await fc.assert(
      fc.asyncProperty(
        fc.array(row, { minLength: 1, maxLength: 10 }),
        fc.uniqueArray(name, { minLength: 10, maxLength: 10 }),
        fc.boolean(),
        async (rows, ids, instances) => {
          const table = phaseTableFrom(
            rows.map(
              (r, i): PhaseRow => ({
                request_id: ids[i],
                phase_type: r.decode ? 'decode' : 'prefill',
                t_start: r.start,
                t_end: r.end,
                prefill_tokens: r.decode ? 0 : r.count + r.cached,
                decode_tokens: r.decode ? r.count : 0,
                N_steps: r.steps,
                cached_tokens: r.decode ? 0 : r.cached,
                ...(instances && { instance_id: r.instance }),
              }),
            ),
          );
          expect(plain(phasesOf(await readTrace(text(formatPhasesCsv(table)))))).toEqual(plain(table));
        },
      ),
      { numRuns: 200 },
    );
  });

  test.each([
    ['request log', formatRequestsJsonl],
    ['OTLP JSON lines', formatOtlpJsonl],
  ])('requests as %s', async (_, format) => {
    await fc.assert(
      fc.asyncProperty(requestTables, async (requests) => {
        const read = await readTrace(text(format(requests)));
        if (!read.requests) throw new Error('no requests');
        expect(values(read.requests)).toEqual(values(requests));
        expect(read.facts.queueInPrefill).toBe(requests.scheduledSec === undefined ? 'yes' : 'no');
      }),
      { numRuns: 200 },
    );
  });

  test('of every fixture', async () => {
    for (const { bytes, options, expected } of formatFixtures()) {
      const trace = await readTrace(chunked(bytes), options);
      if (trace.requests) {
        const again = await readTrace(text(formatRequestsJsonl(trace.requests)));
        expect(again.requests && values(again.requests)).toEqual(values(trace.requests));
      }
      if (trace.requests && trace.phases) {
        const again = await readTrace(text(formatOtlpJsonl(trace.requests)));
        expect(again.phases && plain(again.phases)).toEqual(plain(trace.phases));
      }
      if (expected.kind === 'phases') {
        const phases = phasesOf(trace);
        expect(plain(phasesOf(await readTrace(text(formatPhasesCsv(phases)))))).toEqual(plain(phases));
      }
    }
  });
});

test('a workload has no spans to write', () => {
  const columns = new RequestColumns();
  columns.add('a', { arrivalSec: 1, promptTokens: 2, outputTokens: 3 }, 1);
  expect(() => formatOtlpJsonl(columns.table('a'))).toThrow(RangeError);
  expect(formatRequestsJsonl(columns.table('a'))).toBe(
    '{"request_id":"a","input_toks":2,"output_toks":3,"queued_ts":1}\n',
  );
});
