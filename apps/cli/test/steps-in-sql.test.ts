import '@stepclock/vitest-matchers';
import { writeFileSync } from 'node:fs';
import { DuckDBInstance } from '@duckdb/node-api';
import { seededRandom } from '@stepclock/numerics';
import { CATALOGUE, stretchOfStep } from '@stepclock/step-cost';
import { beforeAll, describe, expect, it } from 'vitest';
import { capture } from './capture.js';
import { ownFolder } from './own-folder.js';

const { at } = ownFolder('steps-in-sql');
const COLUMNS = ['seconds', 'start', 'prefill_tokens', 'decode_seqs', 'context_tokens', 'prefill_context', 'engine'];
const TOLD = '--columns context_tokens=context_tokens,prefill_context=prefill_context,engine=engine';
// Without its stamps the log's own times are what is fitted.
const MAP = `--map ${COLUMNS.filter((name) => name !== 'start')
  .map((name) => `${name}=${name}`)
  .join(',')}`;

/** Steps of two engines with a curve, skewed noise and stalls, mixed; some without work or time. */
const made = (): string => {
  const random = seededRandom(7);
  const rows = Array.from({ length: 3000 }, (_, i) => {
    const decodes = 1 + Math.floor(60 * random());
    const prefill = random() < 0.7 ? 0 : 1 + Math.floor(900 * random());
    const context = decodes * (300 + Math.floor(800 * random()));
    const cost = 8e-3 + 2e-5 * prefill + 6e-5 * decodes + 8e-8 * context + 9e-5 * Math.max(0, decodes - 32);
    const noise = Math.exp(0.1 * (random() + random() - 1)) * (i % 97 === 0 ? 20 : 1);
    const isEmpty = i % 250 === 0;
    const fields = isEmpty ? [0, 0, 0, 0] : [prefill, decodes, context, (prefill * (prefill + 1)) / 2];
    return [isEmpty ? 0.001 : cost * noise, i / 100, ...fields, i % 3 === 0 ? 'b' : 'a'].join();
  });
  return [COLUMNS.join(), ...rows].join('\n');
};

const run = async (line: string) => {
  const { code, stdout, stderr } = await capture(line.split(' '));
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return stdout;
};

interface Fit {
  readonly engine?: string;
  readonly terms: readonly {
    readonly name: string;
    readonly value: number;
    readonly interval: readonly number[] | null;
  }[];
  readonly diagnostics: { readonly n_steps: number; readonly stalls: number; readonly measured_seconds: number };
}

const fitsOf = async (line: string): Promise<readonly Fit[]> => {
  const json = JSON.parse(await run(`${line} --json -`));
  return json.engines ?? [json];
};

let database: Awaited<ReturnType<DuckDBInstance['connect']>>;
beforeAll(async () => {
  database = await (await DuckDBInstance.create(':memory:')).connect();
  writeFileSync(at('steps.csv'), made());
  await database.run(`CREATE TABLE steps AS SELECT * FROM read_csv('${at('steps.csv')}')`);
});

/** What the query of some options gives, written by DuckDB. */
const windows = async (options: string, file: string, how: string): Promise<string> => {
  const query = (await run(`sql --dialect duckdb ${options}`)).replace(/;\s*$/, '');
  await database.run(`COPY (${query}) TO '${at(file)}' (${how})`);
  return at(file);
};

const numbers = ({ terms, diagnostics }: Fit): readonly number[] => [
  ...terms.flatMap(({ value, interval }) => [value, ...(interval ?? [])]),
  ...[diagnostics.n_steps, diagnostics.stalls, diagnostics.measured_seconds],
];

describe('windows that DuckDB makes of a table of steps', () => {
  it.each([
    ['windows.csv', 'FORMAT csv, HEADER', '--terms step,prefill_tokens,decode_seqs,context_tokens'],
    ['windows.jsonl', 'FORMAT json', '--terms beta0,beta1,beta2,decode_seqs_over_*'],
    ['windows.parquet', 'FORMAT parquet', ''],
  ])('%s: estimate fits them as steps fits the steps', async (file, how, terms) => {
    const query = await windows(`${TOLD} ${terms}`.trim(), file, how);
    const expected = await fitsOf(`steps ${at('steps.csv')} ${MAP} --weights none ${terms}`.trim());
    const fits = await fitsOf(`estimate ${query}`);
    expect(fits.map(({ engine }) => engine)).toEqual(['a', 'b']);
    for (const [e, fit] of fits.entries()) {
      expect(fit.terms.map(({ name }) => name)).toEqual(expected[e].terms.map(({ name }) => name));
      expect(numbers(fit)).toAgree(numbers(expected[e]), 1e-9);
    }
    expect(await fitsOf(`steps ${query}`)).toEqual(fits);
  });

  it('weighs by a model, and sets apart what steps sets apart', async () => {
    const one = `${at('steps.csv')} ${MAP.replace(',engine=engine', '')}`;
    const betas = at('betas.json');
    await run(`steps ${one} --json ${betas}`);
    const query = await windows(`${TOLD.replace(',engine=engine', '')} --betas ${betas}`, 'weighed.csv', 'HEADER');
    const [expected] = await fitsOf(`steps ${one}`);
    const [fit] = await fitsOf(`estimate ${query}`);
    expect(expected.diagnostics.stalls).toBeGreaterThan(25);
    expect(fit.diagnostics).toMatchObject({
      n_steps: expected.diagnostics.n_steps,
      stalls: expected.diagnostics.stalls,
    });
    expect(fit.terms.map(({ name }) => name)).toEqual(expected.terms.map(({ name }) => name));
    const base = ({ terms }: Fit) => terms.slice(0, 4).map(({ value }) => value);
    // Weights are those of the model, and not of the fullest fit.
    expect(base(fit)).toAgree(base(expected), 2e-3);
  });

  it('counts rows without tokens or time', async () => {
    const { stderr, stdout } = await capture(['estimate', await windows(TOLD, 'counted.csv', 'HEADER')]);
    expect(stderr).toContain('a: 8 rows of the table without tokens or time are left out. [empty-steps]');
    expect(stdout).toContain('counted.csv: 2 988 steps of 2 engines');
    expect(stdout).not.toContain('--pool');
    const doctor = await capture(['doctor', at('counted.csv')]);
    expect(doctor.stdout).toContain('40 windows of steps');
    expect(await run(`inspect ${at('counted.csv')}`)).toContain('stepclock estimate fits them directly');
  });

  it('refuses what windows cannot answer', async () => {
    const query = await windows(TOLD, 'refused.csv', 'HEADER');
    expect(await capture(['estimate', query, '--chunk-size', '512'])).toMatchObject({ code: 2 });
    expect((await capture(['steps', query, '--weights', 'none'])).stderr).toContain('--weights: is for step logs');
    expect((await capture(['estimate', query, '--holdout'])).stderr).toContain('--holdout: does not apply to windows');
    writeFileSync(at('broken.jsonl'), '{"part": 0, "line": "{\\"schema\\":\\"stepclock/windows@1\\"}"}\n');
    expect((await capture(['estimate', at('broken.jsonl')])).stderr).toContain('table: must be given; got nothing');
  });
});

it('every term that comes in by itself is in SQL what it is in the program', async () => {
  const random = seededRandom(3);
  const terms = CATALOGUE.filter(({ role, sql }) => role !== 'diagnostic' || sql !== undefined);
  const stretches = Array.from({ length: 600 }, (_, i) => ({
    ...stretchOfStep({
      prefillTokens: i % 3 === 0 ? Math.floor(900 * random()) : 0,
      decodeSeqs: i,
      contextTokens: Math.floor(1e5 * random()),
    }),
    steps: 1 + (i % 4),
  }));
  const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const rows = stretches.map(
    (stretch) =>
      `(${Object.values(stretch)
        .map((value) => value.toExponential())
        .join()})`,
  );
  const table = `(VALUES ${rows.join()}) AS t(${Object.keys(stretches[0]).map(snake).join()})`;
  const result = await database.runAndReadAll(`SELECT ${terms.map(({ sql }) => sql).join()} FROM ${table}`);
  const found = result.getRows().map((row) => row.map(Number));
  expect(found).toEqual(stretches.map((stretch) => terms.map(({ sum }) => sum(stretch))));
});

describe('sql --dialect', () => {
  it('has all terms of the catalogue that come in by themselves and that the columns tell', async () => {
    const query = await run(`sql --dialect trino ${TOLD}`);
    expect(query).toContain('"captured_batch_512"');
    expect(query).toContain('"prefill_context"');
    expect(await run('sql --dialect bigquery --table db.steps')).not.toContain('context_tokens');
  });

  it.each([
    ['', 'must be given --dialect'],
    ['--dialect duckdb --job', '--job: is for --engine'],
    ['--engine spark --terms step', '--terms: is for --dialect'],
    ['--dialect duckdb --terms context_tokens', 'must be told by a column: context_tokens=...'],
    ['--dialect duckdb --terms client_overhead', 'a table of steps has none'],
    ['--dialect duckdb --columns rank=x', 'must be among start, seconds'],
    ['--dialect duckdb --table a;b', 'must be a name of letters'],
  ])('refuses %j', async (words, message) => {
    const { code, stderr } = await capture(['sql', ...words.split(' ').filter((word) => word !== '')]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
