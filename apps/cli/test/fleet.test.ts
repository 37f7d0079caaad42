import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runScenario } from '@stepclock/engine-sim';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';
import { stepclock } from './program.js';

const folder = mkdtempSync(join(tmpdir(), 'stepclock-fleet-'));
const file = (name: string): string => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Requests of a simulated engine as rows of a table, by their start. */
const rowsOf = (engine: string, seed: number): string => {
  const { phases } = runScenario('kv', { requests: 150, seed });
  const requests = new Map<number, string[]>();
  for (let i = 0; i < phases.length; i++) {
    const { startSec, endSec, prefillTokens, decodeTokens } = phases;
    const id = phases.request[i];
    if (phases.kind[i] === 0) {
      const start = String(startSec[i]);
      const end = String(endSec[i]);
      requests.set(id, [engine, `r${id}`, start, start, end, end, String(prefillTokens[i]), '1']);
    } else {
      const held = requests.get(id) ?? [];
      requests.set(id, held.with(5, String(endSec[i])).with(7, String(decodeTokens[i] + 1)));
    }
  }
  return [...requests.values()]
    .sort((a, b) => Number(a[2]) - Number(b[2]))
    .map((fields) => `${fields.join('\t')}\n`)
    .join('');
};

const BAD = 'broken\tr\t0\t0\tnever\t1\t5\t3\n';
beforeAll(async () => {
  writeFileSync(file('rows.tsv'), rowsOf('a', 1) + BAD + rowsOf('b', 2) + rowsOf('c', 3));
  writeFileSync(file('one.tsv'), rowsOf('b', 2));
  const { code, stdout } = await capture(['map', file('rows.tsv'), '--max-num-batched-tokens', '2048']);
  expect(code).toBe(0);
  writeFileSync(file('fleet.jsonl'), stdout);
}, 120_000);

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('map', () => {
  it('writes a line an engine, whatever became of it', () => {
    const [a, broken, b, c] = lines(readFileSync(file('fleet.jsonl'), 'utf8'));
    expect([a, b, c].map(({ engine, rows, used, ok }) => [engine, rows, used, ok])).toEqual([
      ['a', 150, 150, true],
      ['b', 150, 150, true],
      ['c', 150, 150, true],
    ]);
    expect(broken).toMatchObject({ engine: 'broken', rows: 1, ok: false, model: null });
    expect(broken.error.message).toContain('first_token: must be a finite number, or \\N for null; got "never"');
  });

  it('gives an engine alone the same model to the last digit', async () => {
    const { stdout } = await capture(['map', file('one.tsv'), '--max-num-batched-tokens', '2048']);
    expect(lines(stdout)[0]).toEqual(lines(readFileSync(file('fleet.jsonl'), 'utf8'))[2]);
  });

  it('fails under --strict where an engine has no model', async () => {
    writeFileSync(file('bad.tsv'), BAD);
    expect(await capture(['map', file('bad.tsv')])).toMatchObject({ code: 0 });
    expect(await capture(['map', file('bad.tsv'), '--strict'])).toMatchObject({
      code: 1,
      stderr: 'stepclock: 1 engine(s) have no model (--strict)\n',
    });
  });

  it.each([
    ['a\u0001r\u00010\n', [], 2, 'ROW FORMAT DELIMITED'],
    [
      'a\tr\t5\t5\t6\t7\t5\t3\na\ts\t1\t1\t2\t3\t5\t3\n',
      [],
      1,
      'start: must be at or after the start of the row above, 5',
    ],
    ['a\tr\t5\n', ['--columns', 'group,colour'], 2, '--columns: columns: must be among group'],
    ['a\tr\t5\n', ['--separator', 'ab'], 2, '--separator: must be one character, or tab'],
  ])('%j %j ends with %d', async (text, more, code, message) => {
    writeFileSync(file('in.tsv'), text);
    const ended = await capture(['map', file('in.tsv'), ...more]);
    expect([ended.code, ended.stderr]).toEqual([code, expect.stringContaining(message)]);
  });

  it('that fails takes the rest of its input, so that the sender hears why', async () => {
    const rest = 'x\n'.repeat(1 << 20);
    const { code, stderr } = await stepclock(['map'], ({ stdin }) => {
      stdin.on('error', () => {});
      stdin.end(`a\u0001r\n${rest}`, () => taken.push('all'));
    });
    expect([code, taken, stderr]).toEqual([2, ['all'], expect.stringContaining('ROW FORMAT DELIMITED')]);
  });
  const taken: string[] = [];

  it('of nothing writes nothing', async () => {
    writeFileSync(file('empty.tsv'), '');
    expect(await capture(['map', file('empty.tsv')])).toMatchObject({ code: 0, stdout: '' });
  });
});

describe('merge', () => {
  it('pools the engines, as text, JSON, model and figure', async () => {
    const { code, stdout } = await capture([
      'merge',
      file('fleet.jsonl'),
      '--pool',
      file('pool.json'),
      '--figures',
      file('figures'),
    ]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^4 lines, 451 rows, 1 of them left out\n\nengines: 3, mean step /);
    expect(stdout).toContain('broken (1 rows): first_token');
    expect(readFileSync(file('figures/fleet.svg'), 'utf8')).toContain('Step time by engine');
    const { stdout: step } = await capture(['predict', '--betas', file('pool.json'), '--decode-seqs', '8', '--json']);
    expect(JSON.parse(step).duration_sec).toBeGreaterThan(0.006);
    const { stdout: json } = await capture(['merge', file('fleet.jsonl'), '--json']);
    expect(JSON.parse(json)).toMatchObject({
      schema: 'stepclock/fleet@1',
      rows: 451,
      kinds: [{ engines: [{ engine: 'a' }, {}, {}] }],
    });
  });

  it('refuses counts that are not those of the source, and lines that are none', async () => {
    writeFileSync(file('counts.tsv'), 'a\t150\nb\t150\nbroken\t1\nc\t151\n');
    expect(await capture(['merge', file('fleet.jsonl'), '--expect', file('counts.tsv')])).toMatchObject({
      code: 1,
      stderr: 'stepclock: rows of engine c: must be 151, as their source counts them; got 150\n',
    });
    const twice = await capture(['merge', file('fleet.jsonl'), file('fleet.jsonl')]);
    expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining('must be of different times')]);
    const rows = await capture(['merge', file('rows.tsv')]);
    expect([rows.code, rows.stderr]).toEqual([
      1,
      expect.stringContaining("must be a line as 'stepclock map' writes it"),
    ]);
    expect(await capture(['merge'])).toMatchObject({ code: 2 });
  });
});
