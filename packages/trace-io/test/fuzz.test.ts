import { Fault } from '@stepclock/faults';
import { seededRandom } from '@stepclock/numerics';
import { readTrace, type Trace } from '@stepclock/trace-io';
import { describe, expect, test } from 'vitest';
import { formatFixtures } from './format-fixtures.js';
import { HARMLESS, MUTATIONS, VALUE_MUTATIONS } from './mutations.js';
import { accounted, contents, outcome } from './outcome.js';
import { smallFixture } from './small-fixture.js';

const ROUNDS = Number(process.env.STEPCLOCK_FUZZ_ROUNDS ?? 2);
const SEED = Number(process.env.STEPCLOCK_FUZZ_SEED ?? 1);
describe.each(formatFixtures())('$name', (fixture) => {
  const bytes = smallFixture(fixture);
  const { options } = fixture;

  test('whatever is done to it, gives the right table or a typed error with its place', async () => {
    const whole = await outcome(bytes, options);
    if (whole instanceof Fault) throw whole;
    const records = accounted(whole);
    for (const [what, mutate] of Object.entries(MUTATIONS)) {
      for (let round = 0; round < ROUNDS; round++) {
        const stream = `${fixture.name}/${what}/${round}`;
        const mutated = mutate(bytes, seededRandom(SEED, stream));
        try {
          const found = await outcome(mutated, options);
          if (found instanceof Fault) continue;
          // Formats that look at a part of a file only (spans, log lines) may see one record less where its mark was hit.
          if (HARMLESS.includes(what)) expect(contents(found)).toBe(contents(whole));
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
    const say = (found: Trace | Fault): string =>
      found instanceof Fault ? found.message : `${accounted(found)} records`;
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
    await expect(readTrace(source())).rejects.toThrow(Fault);
    expect(closed).toBe(true);
  });
});
