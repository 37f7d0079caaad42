import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { runScenario } from '@stepclock/engine-sim';
import { beforeAll, describe, expect, inject, it } from 'vitest';

import { capture } from './capture.js';
import { ownFolder } from './own-folder.js';
import { stepclock } from './program.js';

const { at } = ownFolder('fleet-files');
const BUDGET = ['--max-num-batched-tokens', '2048'];
const NAMES = ['request', 'queued', 'scheduled', 'first_token', 'last_token', 'prompt_tokens', 'output_tokens'];

interface Row {
  readonly engine: string | null;
  readonly fields: (string | number | null)[];
}

/** Requests of a simulated engine, by their start; those of a later day start after all of the first. */
const rowsOf = (engine: string | null, seed: number, day = 0): readonly Row[] => {
  const { phases } = runScenario('kv', { requests: 120, seed });
  const rows = new Map<number, Row>();
  for (let i = 0; i < phases.length; i++) {
    const { startSec, endSec, prefillTokens, decodeTokens } = phases;
    const held = rows.get(phases.request[i]);
    const [start, end] = [86_400 * day + startSec[i], 86_400 * day + endSec[i]];
    if (held === undefined) {
      const id = `d${day}-${String(phases.request[i]).padStart(4, '0')}`;
      rows.set(phases.request[i], { engine, fields: [id, start, start, end, end, prefillTokens[i], 1] });
    } else {
      held.fields[4] = end;
      held.fields[6] = decodeTokens[i] + 1;
    }
  }
  return [...rows.values()].sort((a, b) => Number(a.fields[1]) - Number(b.fields[1]));
};

/** Rows as map reads them. */
const tsv = (rows: readonly Row[]): string =>
  rows.map(({ engine, fields }) => `${[engine, ...fields].map((value) => value ?? '\\N').join('\t')}\n`).join('');

/** Rows as JSON lines, in order of time, engines mixed. */
const jsonLines = (rows: readonly Row[]): string =>
  rows
    .toSorted((a, b) => Number(a.fields[1]) - Number(b.fields[1]))
    .map(({ engine, fields }) =>
      JSON.stringify({ engine, ...Object.fromEntries(fields.map((value, i) => [NAMES[i], value])) }),
    )
    .join('\n');

const lines = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const days = [0, 1].map((day) => [...rowsOf('a', 1 + 10 * day, day), ...rowsOf('b', 2 + 10 * day, day)]);

beforeAll(async () => {
  mkdirSync(at('logs/deep/er'), { recursive: true });
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  for (const [day, rows] of days.entries()) {
    writeFileSync(at('rows.jsonl'), jsonLines(rows));
    const path = day === 0 ? at('logs/day-0.parquet') : at('logs/deep/er/day-1.parquet');
    await connection.run(`COPY (FROM read_json('${at('rows.jsonl')}')) TO '${path}' (FORMAT parquet)`);
  }
  connection.closeSync();
});

const DAY_0 = () => at('logs/day-0.parquet');
const fleet = (...words: string[]) => capture(['fleet', ...words, '--group-by', 'engine', ...BUDGET]);

describe('fleet', () => {
  it('gives the lines of map to the last digit, in threads of the built program too', async () => {
    writeFileSync(at('day-0.tsv'), tsv(days[0]));
    const { stdout } = await capture(['map', at('day-0.tsv'), ...BUDGET]);
    expect(await fleet(DAY_0())).toEqual({ code: 0, stdout, stderr: '' });
    const words = ['fleet', DAY_0(), '--group-by', 'engine', '--threads', '2', ...BUDGET];
    expect(await stepclock(words)).toEqual({ code: 0, signal: null, stderr: '', stdout });
  });

  it('takes all files of a pattern, and what --where, --since and --sql leave', async () => {
    const of = async (...words: string[]) => {
      const { stdout } = await fleet(at('logs/**/*.parquet'), ...words);
      return lines(stdout).map(({ engine, label, rows }) => [engine, label, rows]);
    };
    expect(await of()).toEqual([
      ['a', null, 240],
      ['b', null, 240],
    ]);
    expect(await of('--where', "engine = 'b'", '--since', '86400')).toEqual([['b', null, 120]]);
    expect(await of('--since', '1970-01-02T00:00:00Z')).toEqual([
      ['a', null, 120],
      ['b', null, 120],
    ]);
    expect(await of('--sql', "select *, 'H100' as label from logs where queued < 86400;")).toEqual([
      ['a', 'H100', 120],
      ['b', 'H100', 120],
    ]);
    expect(await of('--where', 'false')).toEqual([]);
  });

  it('says how to get DuckDB where it is absent', () => {
    mkdirSync(at('alone'));
    const dist = dirname(inject('program'));
    cpSync(dist, at('alone/dist'), { recursive: true });
    cpSync(join(dist, '../package.json'), at('alone/package.json'));
    const words = [at('alone/dist/bin.js'), 'fleet', DAY_0(), '--group-by', 'engine'];
    const { status, stderr } = spawnSync(process.execPath, words, { encoding: 'utf8' });
    expect([status, stderr]).toEqual([1, expect.stringContaining('needs DuckDB: npm install @duckdb/node-api')]);
  });
});

describe('odd rows', () => {
  it.each([['a\tb'], ['two\nlines'], ['\\N'], ['\\t'], [''], ['né "quoted" \u{1f680}']])(
    'an engine may be called %j',
    async (name) => {
      writeFileSync(at('odd.jsonl'), jsonLines(rowsOf(name, 3)));
      const { stdout } = await fleet(at('odd.jsonl'));
      expect(lines(stdout).map(({ engine, rows, ok }) => [engine, rows, ok])).toEqual([[name, 120, true]]);
      const written = name.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n');
      writeFileSync(at('odd.tsv'), tsv(rowsOf(written, 3)));
      expect((await capture(['map', at('odd.tsv'), ...BUDGET])).stdout).toBe(stdout);
    },
  );

  it('nulls: of a request, of all starts, of an engine; a group of one request; a text where a number must be', async () => {
    const [one, ...rest] = rowsOf('a', 4);
    const nameless = rest.map(({ engine, fields }) => ({ engine, fields: fields.with(0, null).with(2, null) }));
    const rows = [...nameless, { ...one, engine: 'one' }];
    writeFileSync(at('nulls.jsonl'), jsonLines(rows));
    const { stdout } = await fleet(at('nulls.jsonl'));
    const [a, alone] = lines(stdout);
    expect([a.engine, a.rows, a.used, a.ok]).toEqual(['a', 119, 119, true]);
    expect([alone.engine, alone.rows, alone.ok]).toEqual(['one', 1, false]);
    writeFileSync(at('nulls.tsv'), tsv(rows));
    expect((await capture(['map', at('nulls.tsv'), ...BUDGET])).stdout).toBe(stdout);

    writeFileSync(at('null-engine.jsonl'), jsonLines([...rest, { ...one, engine: null }]));
    expect(await fleet(at('null-engine.jsonl'))).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--group-by: must name a column that every row has'),
    });

    writeFileSync(at('text.csv'), `engine,${NAMES.join(',')}\na,r1,0,0,never,2,5,3\nb,r2,0,0,1,2,5,3\n`);
    const { stdout: told } = await fleet(at('text.csv'));
    expect(lines(told)[0]).toMatchObject({ engine: 'a', ok: false });
    expect(lines(told)[0].error.message).toContain(
      'first_token: must be a finite number, or \\N for null; got "never"',
    );
  });

  it.each([
    [['--columns', 'colour=x'], '--columns: must name fields among group'],
    [['--columns', 'queued=x'], '--columns: must name a column of the rows: engine, request'],
    [['--where', 'nonsense ='], 'DuckDB: '],
    [['--since', 'yesterday'], "--since: must be seconds on the log's clock, or a date"],
  ])('%j is refused', async (words, message) => {
    const { code, stderr } = await fleet(DAY_0(), ...words);
    expect([code === 0, stderr]).toEqual([false, expect.stringContaining(message)]);
  });

  it('files of other endings, and a column that is not there, are refused', async () => {
    writeFileSync(at('rows.txt'), '');
    expect((await fleet(at('rows.txt'))).stderr).toContain('must read files ending in .parquet');
    const { code, stderr } = await capture(['fleet', DAY_0(), '--group-by', 'host']);
    expect([code, stderr]).toEqual([2, expect.stringContaining('--group-by: must name a column of the rows')]);
  });
});

describe('a store', () => {
  it('reads only files that are new to it', async () => {
    const store = ['--store', at('store')];
    // A whole second, which can be given back.
    const then = new Date('2026-05-01T00:00:00Z');
    utimesSync(DAY_0(), then, then);
    const { stdout: first } = await fleet(DAY_0(), ...store);
    expect(lines(first)).toHaveLength(2);
    // What is no Parquet any more cannot be read: nobody tries.
    const { size } = statSync(DAY_0());
    const kept = readFileSync(DAY_0());
    writeFileSync(DAY_0(), Buffer.alloc(size));
    utimesSync(DAY_0(), then, then);
    const { code, stdout: both } = await fleet(at('logs/**/*.parquet'), ...store);
    expect(code).toBe(0);
    expect(both.startsWith(first)).toBe(true);
    expect(lines(both).map(({ engine, rows }) => [engine, rows])).toEqual([
      ['a', 120],
      ['b', 120],
      ['a', 120],
      ['b', 120],
    ]);
    expect((await fleet(at('logs/**/*.parquet'), ...store)).stdout.split('\n').sort()).toEqual(both.split('\n').sort());
    writeFileSync(at('stored.jsonl'), both);
    expect((await capture(['merge', at('stored.jsonl')])).stdout).toContain('4 lines, 480 rows');

    expect(await fleet(DAY_0(), ...store, '--where', "engine = 'a'")).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('where must be as in the run that made it, null'),
    });
    writeFileSync(DAY_0(), kept);
    expect(await fleet(DAY_0(), ...store)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('must be as it was when the store read it'),
    });
    expect((await fleet(at('store/*.parquet'), ...store)).stderr).toContain('must lie outside of the store');
  });
});
