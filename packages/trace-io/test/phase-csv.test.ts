import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  DECODE,
  formatPhasesCsv,
  joinPhases,
  type PhaseRow,
  type PhaseTable,
  PREFILL,
  packPhases,
  phaseTableFrom,
  readTrace,
  requirePrefillTokens,
  unpackPhases,
} from '@stepclock/trace-io';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readTraceBy } from '../src/read-trace.js';
import { plain } from './plain-table.js';
import { chunked, text } from './streams.js';

const HEADER = 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens';
const phasesOf = async (content: string, options = {}): Promise<PhaseTable> => {
  const { phases } = await readTrace(text(content), options);
  if (!phases) throw new Error('no phases');
  return phases;
};

test('reads a prefill and a decode of one request', async () => {
  const trace = await readTrace(text(`${HEADER}\nA,prefill,0.0,2.0,96,0\nA,decode,2.0,6.0,0,4\n`), {
    fileName: 'a.csv',
  });
  expect(trace.facts).toMatchObject({ format: 'phase-csv', timeUnit: 's', settings: {} });
  expect(trace.exclusions).toEqual([]);
  expect(trace.phases && plain(trace.phases)).toEqual([
    { request: 'A', kind: PREFILL, start: 0, end: 2, prefill: 96, decode: 0 },
    { request: 'A', kind: DECODE, start: 2, end: 6, prefill: 0, decode: 4 },
  ]);
});

describe('the same table comes out of', () => {
  const expected = phasesOf(`${HEADER}\nA,prefill,0,2,96,0\nB,decode,2,6,0,4\n`).then(plain);
  test.each([
    ['CRLF line ends', `${HEADER}\r\nA,prefill,0,2,96,0\r\nB,decode,2,6,0,4\r\n`],
    ['CR line ends', `${HEADER}\rA,prefill,0,2,96,0\rB,decode,2,6,0,4\r`],
    ['no last line end', `${HEADER}\nA,prefill,0,2,96,0\nB,decode,2,6,0,4`],
    ['blank lines', `\n${HEADER}\n\nA,prefill,0,2,96,0\n  \nB,decode,2,6,0,4\n\n\n`],
    ['quoted cells', `${HEADER}\n"A","prefill","0","2","96","0"\n"B",decode,2,6,0,4\n`],
    ['tabs', `${HEADER}\nA,prefill,0,2,96,0\nB,decode,2,6,0,4\n`.replaceAll(',', '\t')],
    [
      'other cases',
      `REQUEST_ID,Phase_Type,T_Start,t_end,prefill_tokens,decode_tokens\nA,PREFILL,0,2,96,0\nB,Decode,2,6,0,4\n`,
    ],
    [
      'blanks around cells',
      ` request_id , phase_type,t_start,t_end,prefill_tokens,decode_tokens \nA, prefill , 0,2 ,96,0\nB,decode,2,6,0, 4\n`,
    ],
    ['whole numbers as floats', `${HEADER}\nA,prefill,0.0,2e0,96.0,0.0\nB,decode,+2,6,0,4.0\n`],
    [
      'columns in another order, and more of them',
      'x,t_end,decode_tokens,__proto__,phase_type,prefill_tokens,t_start,request_id\n1,2,0,"a,b",prefill,96,0,A\n,6,4,,decode,0,2,B\n',
    ],
    ['a byte order mark', `\uFEFF${HEADER}\nA,prefill,0,2,96,0\nB,decode,2,6,0,4\n`],
    ['no tokens of the other kind', `${HEADER}\nA,prefill,0,2,96,\nB,decode,2,6,,4\n`],
    ['tokens of the other kind, which do not count', `${HEADER}\nA,prefill,0,2,96,5\nB,decode,2,6,9,4\n`],
  ])('%s', async (_, content) => {
    expect(plain(await phasesOf(content))).toEqual(await expected);
  });
});

describe('a row with N_steps may leave its tokens out', () => {
  const STEPS = 'request_id,phase_type,t_start,t_end,N_steps';
  const counts = ({ prefillTokens, decodeTokens, steps }: PhaseTable) => [
    [...prefillTokens],
    [...decodeTokens],
    [...(steps ?? [])],
  ];

  test.each<[string, string, unknown]>([
    [
      'decodes alone: as many tokens as steps',
      `${STEPS}\nA,decode,0,2,4\nB,decode,1,3,2\n`,
      [
        [0, 0],
        [4, 2],
        [4, 2],
      ],
    ],
    [
      'a prefill too: an unknown number',
      `${STEPS}\nA,prefill,0,2,3\nA,decode,2,6,4\n`,
      [
        [Number.NaN, 0],
        [0, 4],
        [3, 4],
      ],
    ],
    [
      'prefill tokens without decode tokens',
      `${STEPS},prefill_tokens\nA,prefill,0,2,,96\nA,decode,2,6,4,\n`,
      [
        [96, 0],
        [0, 4],
        [Number.NaN, 4],
      ],
    ],
    [
      'empty cells, after numbers that fit two bytes',
      `${STEPS},prefill_tokens,decode_tokens\nA,prefill,0,2,2,96,\nB,prefill,0,2,3,,\nB,decode,2,6,7,,\n`,
      [
        [96, Number.NaN, 0],
        [0, 0, 7],
        [2, 3, 7],
      ],
    ],
  ])('%s', async (_, content, expected) => {
    for (const path of ['fast', 'strict'] as const) {
      const { phases } = await readTraceBy(path, text(content), {});
      expect(phases && counts(phases)).toEqual(expected);
      expect(phases && counts(await phasesOf(formatPhasesCsv(phases)))).toEqual(expected);
      expect(phases && counts(unpackPhases(packPhases(phases).packed))).toEqual(expected);
    }
  });

  test('and without N_steps it may not, in a file or in rows', async () => {
    await expect(phasesOf(`${STEPS}\nA,decode,0,2,4\nB,decode,1,3,\n`)).rejects.toThrow(
      'decode_tokens: must be given in a decode row without N_steps; got "no such column" (<input>:3:decode_tokens)',
    );
    await expect(phasesOf(`${STEPS},prefill_tokens\nA,prefill,0,2,,\n`)).rejects.toThrow(
      'prefill_tokens: must be given in a prefill row without N_steps; got "" (<input>:2:prefill_tokens)',
    );
    const row = { request_id: 'A', phase_type: 'decode', t_start: 0, t_end: 2 };
    expect(() => phaseTableFrom([row])).toThrow('decode_tokens: must be given in a decode row without N_steps');
    const { decodeTokens } = phaseTableFrom([{ ...row, N_steps: 3 }]);
    expect([...decodeTokens]).toEqual([3]);
  });

  test('and what needs the tokens says so', async () => {
    const table = await phasesOf(`${STEPS},prefill_tokens\nA,prefill,0,2,1,5\nB,prefill,0,2,3,\n`);
    expect(() => requirePrefillTokens(table)).toThrow(
      'prefill_tokens: must be given for every prefill; got "none for the prefill of request B" (row 1): only the published estimators without a correction do with N_steps alone',
    );
    expect(() =>
      requirePrefillTokens(
        joinPhases([
          { name: 'a', phases: table },
          { name: 'b', phases: table },
        ]),
      ),
    ).toThrow('(row 1)');
    expect(() =>
      requirePrefillTokens(
        phaseTableFrom([{ request_id: 'A', phase_type: 'prefill', t_start: 0, t_end: 2, prefill_tokens: 0 }]),
      ),
    ).not.toThrow();
  });
});

test('column names can be mapped', async () => {
  const columns = { request_id: 'id', t_start: 'begin', t_end: 'finish' };
  const table = await phasesOf(
    'id,request_id,phase,begin,finish,prefill_tokens,decode_tokens\nA,zzz,prefill,0,2,96,0\n',
    { columns },
  );
  expect(plain(table)).toEqual([{ request: 'A', kind: PREFILL, start: 0, end: 2, prefill: 96, decode: 0 }]);
  await expect(phasesOf(`${HEADER}\n`, { columns: { t_start: 'begin' } })).rejects.toMatchObject({
    code: 'trace-io/missing-column',
    column: 'begin',
  });
  await expect(phasesOf(`${HEADER}\n`, { columns: { begin: 't_start' } })).rejects.toMatchObject({
    code: 'trace-io/unknown-mapping',
  });
});

test('N_steps, cached_tokens and instance_id are taken where they stand', async () => {
  const table = await phasesOf(
    `${HEADER},num_steps,cached_tokens,instance_id\nA,prefill,0,2,96,0,,32,x\nA,prefill,1,2,10,0,3,,y\nA,decode,2,6,0,4,5,,x\n`,
  );
  expect(plain(table)).toEqual([
    { request: 'A', kind: PREFILL, start: 0, end: 2, prefill: 64, decode: 0, cached: 32, instance: 'x' },
    { request: 'A', kind: PREFILL, start: 1, end: 2, prefill: 10, decode: 0, steps: 3, instance: 'y' },
    { request: 'A', kind: DECODE, start: 2, end: 6, prefill: 0, decode: 4, steps: 5, instance: 'x' },
  ]);
});

test('a phase of no tokens is allowed', async () => {
  expect(plain(await phasesOf(`${HEADER}\nA,decode,0,2,0,0\n`))).toMatchObject([{ decode: 0 }]);
});

test('progress counts every byte once', async () => {
  const bytes = new TextEncoder().encode(`${HEADER}\n${'A,decode,0,2,0,1\n'.repeat(10_000)}`);
  const seen: number[] = [];
  await readTrace(chunked(bytes, 1000), { onProgress: (n) => seen.push(n) });
  expect(seen.at(-1)).toBe(bytes.length);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

test('an unfinished quoted cell over many chunks does not take quadratic time, and is found', async () => {
  const bytes = new TextEncoder().encode(`${HEADER}\n"${'x'.repeat(4_000_000)}",decode,0,2,0,1\nB,decode,0,2,0,1\n`);
  const { phases } = await readTrace(chunked(bytes, 1000));
  expect(phases?.length).toBe(2);
  expect(phases?.requestIds.at(0).length).toBe(4_000_000);
});

describe('the traces of fixtures/estimators', () => {
  const folder = fileURLToPath(new URL('../../../fixtures/estimators/', import.meta.url));
  test.each(readdirSync(folder).filter((name) => name.endsWith('.json')))(
    '%s comes through both paths as its rows',
    async (name) => {
      const { phases: rows }: { phases: PhaseRow[] } = JSON.parse(readFileSync(folder + name, 'utf8'));
      const columns = Object.keys(rows[0] as object) as (keyof PhaseRow)[];
      const csv = [columns.join(','), ...rows.map((row) => columns.map((column) => row[column]).join(','))].join('\n');
      const expected = plain(phaseTableFrom(rows));
      for (const path of ['fast', 'strict'] as const) {
        const { phases } = await readTraceBy(path, text(csv), {});
        expect(phases && plain(phases)).toEqual(expected);
      }
    },
  );
});

test('the fast and the strict path agree on any mixture of plain and odd cells', async () => {
  const time = fc.oneof(
    fc.double({ noNaN: true, min: 0, max: 1e6 }).map(String),
    fc.constantFrom('1e-3', '+5', ' 7 ', '"3"', '-2', '1e400', 'x', '', '.5', '5.', '00012', '1.7976931348623157e308'),
  );
  const tokens = fc.oneof(
    fc.nat(5000).map(String),
    fc.constantFrom('1.0', '1.5', '-1', '', '"12"', '12345678901', '1e3', '1e30'),
  );
  const id = fc.oneof(
    fc.nat(50).map((n) => `r${n}`),
    fc.constantFrom('"a,b"', '"a""b"', 'é', ' ', '', '"x\ny"', 'a"b', '\u0001'),
  );
  const kind = fc.constantFrom('prefill', 'decode', 'decode', 'DECODE', ' decode', 'deco', '');
  const end = fc.constantFrom('\n', '\n', '\r\n', '\r', '\n\n');
  const row = fc
    .tuple(id, kind, time, time, tokens, tokens, end)
    .map(([i, k, a, b, p, d, e]) => `${i},${k},${a},${b},${p},${d}${e}`);
  const outcome = async (path: 'fast' | 'strict', content: string, size: number) => {
    try {
      const { phases } = await readTraceBy(path, chunked(new TextEncoder().encode(content), size), {});
      return phases && plain(phases);
    } catch (error) {
      return String(error);
    }
  };
  await fc.assert(
    fc.asyncProperty(fc.array(row, { maxLength: 6 }), fc.integer({ min: 1, max: 60 }), async (rows, size) => {
      const content = `${HEADER}\n${rows.join('')}`;
      expect(await outcome('fast', content, size)).toEqual(await outcome('strict', content, 1000));
    }),
    { numRuns: 1500 },
  );
});
