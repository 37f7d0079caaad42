import { seededRandom } from '@stepclock/random';
import { readTrace, type Trace, TraceIoError } from '@stepclock/trace-io';
import { describe, expect, test } from 'vitest';
import { readTraceBy } from '../src/read-trace.js';
import { type FormatFixture, formatFixtures } from './format-fixtures.js';
import { MUTATIONS, VALUE_MUTATIONS } from './mutations.js';
import { assertSound } from './soundness.js';
import { chunked } from './streams.js';

const ROUNDS = Number(process.env.STEPCLOCK_FUZZ_ROUNDS ?? 2);
const SEED = Number(process.env.STEPCLOCK_FUZZ_SEED ?? 1);
const RECORDS = 5;

/** The fixture with a few records only: a fuzz run reads it many times. */
function small({ name, bytes }: FormatFixture): Uint8Array {
  if (name.endsWith('.parquet')) return bytes;
  const text = new TextDecoder().decode(bytes);
  if (name === 'otlp-console.json')
    return new TextEncoder().encode(text.split('\n}\n').slice(0, RECORDS).join('\n}\n').concat('\n}\n'));
  if (name.endsWith('.json')) return new TextEncoder().encode(JSON.stringify(cutLists(JSON.parse(text)), null, 1));
  const header = name.includes('with-header') ? 12 : 1;
  const lines = text
    .split('\n')
    .slice(0, RECORDS + header)
    .map((line) => (line.length > 5000 ? JSON.stringify(cutLists(JSON.parse(line))) : line));
  return new TextEncoder().encode(`${lines.join('\n')}\n`);
}

function cutLists(value: unknown): unknown {
  if (Array.isArray(value)) return value.slice(0, RECORDS).map(cutLists);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      keptWhole(key) ? inner : key === 'request_totals' ? {} : cutLists(inner),
    ]),
  );
}

/** Attributes and events are a record's own fields, however they are spelt. */
const keptWhole = (key: string): boolean => key === 'attributes' || key === 'events';

/** Reads, and says what came of it: a sound trace or a typed error with its place. Anything else fails the test. */
async function outcome(
  bytes: Uint8Array,
  options: FormatFixture['options'],
  path: 'fast' | 'strict' = 'fast',
  size = 4099,
): Promise<Trace | TraceIoError> {
  try {
    const trace = await readTraceBy(path, chunked(bytes, size), options);
    assertSound(trace);
    return trace;
  } catch (error) {
    if (!(error instanceof TraceIoError)) throw error;
    expect(error.code).toMatch(/^trace-io\/[a-z0-9-]+$/);
    expect(error.file).toBe(options.fileName);
    expect(error.message).not.toMatch(/[\n\r]/);
    expect(error.message.length).toBeLessThan(600);
    if (error.code !== 'trace-io/bad-parquet') expect(error.line).toBeGreaterThan(0);
    return error;
  }
}

/**
 * Spoiled pages of a Parquet file are left out: hyparquet 1.31 takes a run length of billions at its word and is busy for minutes, which
 * nothing outside of it can stop (README, limits). Everything that spoils the file as a whole stays in.
 */
const PARQUET_MUTATIONS = [
  'truncation',
  'twice the file',
  'byte order mark',
  'utf-16',
  'no last line end',
  'carriage returns',
];

const mutationsOf = (fixture: FormatFixture) =>
  Object.entries(MUTATIONS).filter(([what]) => !fixture.name.endsWith('.parquet') || PARQUET_MUTATIONS.includes(what));

/** How many records a trace accounts for, taken or left out. */
function accounted(trace: Trace): number {
  const excluded = trace.exclusions.reduce((sum, { count }) => sum + count, 0);
  return (trace.requests?.length ?? trace.phases?.length ?? trace.steps?.length ?? 0) + excluded;
}

describe.each(formatFixtures())('$name', (fixture) => {
  const bytes = small(fixture);
  const { options } = fixture;

  test('whatever is done to it, gives the right table or a typed error with its place', async () => {
    const whole = await outcome(bytes, options);
    if (whole instanceof TraceIoError) throw whole;
    const records = accounted(whole);
    for (const [what, mutate] of mutationsOf(fixture)) {
      for (let round = 0; round < ROUNDS; round++) {
        const stream = `${fixture.name}/${what}/${round}`;
        const mutated = mutate(bytes, seededRandom(SEED, stream));
        try {
          const found = await outcome(mutated, options);
          if (found instanceof TraceIoError) continue;
          // Formats that look at a part of a file only (spans, log lines) may see one record less where its mark was hit.
          if (Object.hasOwn(VALUE_MUTATIONS, what) && !/otlp|log$|parquet/.test(fixture.name)) {
            expect(accounted(found)).toBe(records);
          }
        } catch (error) {
          throw new Error(`seed ${SEED}, ${stream}: ${String(error)}`, { cause: error });
        }
      }
    }
  });

  test('the fast and the strict path say the same of it when spoiled', async () => {
    const say = (found: Trace | TraceIoError): string =>
      found instanceof TraceIoError ? found.message : `${accounted(found)} records`;
    if (!/csv$|tsv$/.test(fixture.name)) return;
    for (const [what, mutate] of Object.entries(MUTATIONS)) {
      const mutated = mutate(bytes, seededRandom(SEED, `paths/${fixture.name}/${what}`));
      expect(say(await outcome(mutated, options, 'fast'))).toBe(say(await outcome(mutated, options, 'strict', 100)));
    }
  });
});

describe('large and hostile inputs', () => {
  const encoder = new TextEncoder();
  const options = { fileName: 'big' };
  const header = 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens';

  test.each([
    ['a 10 MB line in a CSV', `${header}\n${'x'.repeat(1e7)}\n`],
    ['a 10 MB quoted cell', `${header}\n"${'x,\n'.repeat(3.3e6)}",decode,0,1,0,1\n`],
    ['a 10 MB quote that is never closed', `${header}\n"${'x'.repeat(1e7)}`],
    ['a 10 MB header', `${'x'.repeat(1e7)}\n1\n`],
    ['a 10 MB JSON line', `{"first_token_ts":1,"x":"${'x'.repeat(1e7)}"}\n`],
    ['a 10 MB line of nothing', ' '.repeat(1e7)],
    ['a 10 MB number', `${header}\nA,decode,0,${'1'.repeat(1e7)},0,1\n`],
    [
      '100,000 columns',
      `${header},${Array.from({ length: 1e5 }, (_, i) => `c${i}`).join(',')}\nA,decode,0,1,0,1${',9'.repeat(1e5)}\n`,
    ],
    ['100,000 columns of one name', `${'x,'.repeat(1e5)}x\n`],
    ['100,000 levels of lists', '['.repeat(1e5)],
    ['100,000 levels of objects', '{"benchmarks":['.repeat(1e5)],
    ['100,000 levels in a line', `{"first_token_ts":${'['.repeat(1e5)}${']'.repeat(1e5)}}\n`],
    ['a polluting key', '{"__proto__":{"first_token_ts":1},"constructor":{"prototype":{}},"first_token_ts":1}\n'],
    ['100,000 empty documents', '{}'.repeat(1e5)],
    ['a column of quotes', `${header}\n${'""""""""'.repeat(1e5)},decode,0,1,0,1\n`],
  ])('%s', async (_, content) => {
    await outcome(encoder.encode(content), options, 'fast', 65_536);
    expect(Object.hasOwn(Object.prototype, 'first_token_ts')).toBe(false);
  });

  test('a source that fails passes its own error on', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield encoder.encode(`${header}\n`);
      throw new Error('disk gone');
    }
    await expect(readTrace(broken())).rejects.toThrow('disk gone');
  });

  test('an error closes the source', async () => {
    let closed = false;
    async function* source(): AsyncGenerator<Uint8Array> {
      try {
        for (;;) yield encoder.encode(`${header}\nA,decode,1,0,0,1\n`);
      } finally {
        closed = true;
      }
    }
    await expect(readTrace(source())).rejects.toThrow(TraceIoError);
    expect(closed).toBe(true);
  });
});
