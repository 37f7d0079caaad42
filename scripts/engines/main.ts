/**
 * The statements of `stepclock sql` in the engines that they are for: Spark (pyspark) and ClickHouse (chdb), over a Parquet table of 40 simulated engines.
 * Lines must be those of one process to the last digit; a task that is killed is done again; what would lose or mix rows must fail, by name.
 *
 * npm run engines [-- --venv FOLDER]
 *
 * pyspark and chdb come by pip into a folder of their own (node_modules/.cache/engines) at the first run. Without Python, Java or a network
 * it says so in a line and ends with 0.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { pythonOf, works } from '../python.js';
import { writeRows } from './rows.js';

interface Told {
  readonly case: string;
  readonly seconds: number;
  readonly lines?: readonly string[];
  readonly error?: string;
}

const root = join(import.meta.dirname, '../..');
const program = join(root, 'apps/cli/dist/bin.js');
const { values } = parseArgs({ options: { venv: { type: 'string' } } });
const print = (line: string): boolean => process.stdout.write(`${line}\n`);
const started = performance.now();

const python = works('java', ['-version'])
  ? pythonOf(values.venv ?? join(root, 'node_modules/.cache/engines'), {
      install: ['pyspark==4.1.1', 'chdb==4.4.0'],
      probe: 'import pyspark, chdb',
    })
  : { missing: 'java, which Spark runs on, is not installed' };
if ('missing' in python) {
  print(`engines: skipped: ${python.missing}`);
  process.exit(0);
}
if (!existsSync(program)) throw new Error('the program is not built: npx turbo run bundle --filter=stepclock...');

const folder = mkdtempSync(join(tmpdir(), 'stepclock-engines-'));
const at = (name: string): string => join(folder, name);
const stepclock = (...words: string[]): string =>
  execFileSync(process.execPath, [program, ...words], { encoding: 'utf8', maxBuffer: 1 << 28 });

/** Programs that Spark and ClickHouse call. */
const writeProgram = (name: string, ...lines: string[]): void => {
  writeFileSync(at(`bin/${name}`), `#!/bin/sh\n${lines.join('\n')}\n`);
  chmodSync(at(`bin/${name}`), 0o755);
};
mkdirSync(at('bin'));
writeProgram('stepclock', `exec '${process.execPath}' '${program}' "$@"`);
writeProgram('stepclock-map', `exec '${at('bin/stepclock')}' map`);
writeProgram(
  'killed-once',
  `if mkdir '${at('killed')}' 2>/dev/null; then head -n 5 >/dev/null; kill -9 $$; fi`,
  'exec stepclock map',
);
writeProgram(
  'ends-early',
  `head -n 300 > '${at('some')}'.$$`,
  'cat > /dev/null',
  `exec stepclock map '${at('some')}'.$$`,
);

const { tsv, rows, engines } = await writeRows(folder);
writeFileSync(at('rows.tsv'), tsv);
const sorted = (text: string | readonly string[]): string =>
  (typeof text === 'string' ? text.trim().split('\n') : [...text]).sort().join('\n');
const alone = sorted(stepclock('map', at('rows.tsv')));
const columns = ['--columns', 'group=engine', '--partitions', '4'];
writeFileSync(at('spark.sql'), withoutComments(stepclock('sql', '--engine', 'spark', ...columns)));
writeFileSync(at('job.py'), withoutComments(stepclock('sql', '--engine', 'spark', '--job', ...columns)));
writeFileSync(at('clickhouse.sql'), withoutComments(stepclock('sql', '--engine', 'clickhouse', ...columns)));

const TERMS = 'step,prefill_tokens,decode_seqs,context_tokens,prefill_step,decode_seqs_over_8';
stepclock(
  'simulate',
  '--scenario',
  'kv',
  '--requests',
  '500',
  '--noise',
  '0.05',
  '--steps',
  at('steps.csv'),
  '--output',
  at('served.jsonl'),
);
const OF_STEPS = 'seconds=duration_sec,start=start_sec,decode_seqs=decode_tokens,context_tokens=context_tokens';
for (const dialect of ['spark', 'clickhouse']) {
  const query = stepclock('sql', '--dialect', dialect, '--columns', OF_STEPS, '--terms', TERMS);
  writeFileSync(at(`${dialect}-windows.sql`), withoutComments(query));
}

/** Comments may hold semicolons, and the cases take a text apart by them. */
function withoutComments(sql: string): string {
  return sql.replace(/^ *--.*\n/gm, '');
}

let failed = 0;
const check = (what: string, holds: boolean, seen: string): void => {
  if (!holds) failed++;
  print(`${holds ? 'ok  ' : 'FAIL'} ${what}${holds ? '' : `: ${seen.slice(0, 600)}`}`);
};

check(
  'fleet: the lines of one process',
  sorted(stepclock('fleet', at('rows/*.parquet'), '--group-by', 'engine')) === alone,
  'others',
);

const ran = spawnSync(python.program, [join(import.meta.dirname, 'cases.py'), folder], {
  encoding: 'utf8',
  maxBuffer: 1 << 28,
  env: { ...process.env, PYSPARK_PYTHON: python.program, PYTHONWARNINGS: 'ignore' },
});
const told = new Map(
  ran.stdout
    .split('\n')
    .filter((line) => line.startsWith('{"case"'))
    .map((line): readonly [string, Told] => {
      const outcome: Told = JSON.parse(line);
      return [outcome.case, outcome];
    }),
);

const outcomeOf = (name: string): Told =>
  told.get(name) ?? { case: name, seconds: 0, error: `no answer: ${ran.stderr.slice(-400)}` };

/** A case gives the lines of one process. */
const sameLines = (name: string): void => {
  const { lines, error = '', seconds } = outcomeOf(name);
  const is = lines !== undefined && sorted(lines) === alone;
  check(
    `${name}: ${engines} lines, those of one process to the last digit (${seconds.toFixed(1)} s)`,
    is,
    error || 'other lines',
  );
};

/** The counts of the source are those of the lines. */
const countsHold = (name: string): void => {
  const { lines = [], error = '' } = outcomeOf(name);
  writeFileSync(at('counts.tsv'), `${lines.join('\n')}\n`);
  writeFileSync(at('fleet.jsonl'), `${alone}\n`);
  const total = lines.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf('\t') + 1)), 0);
  const merged = spawnSync(process.execPath, [program, 'merge', at('fleet.jsonl'), '--expect', at('counts.tsv')], {
    encoding: 'utf8',
  });
  check(`${name}: all ${rows} rows`, total === rows && merged.status === 0, `${total} rows; ${error}${merged.stderr}`);
};

/** What the query of windows gives is fitted as the steps themselves are. */
const sameFit = (name: string): void => {
  const { lines = [], error = '', seconds } = outcomeOf(name);
  writeFileSync(at('windows.jsonl'), lines.join('\n'));
  const values = (...words: string[]): readonly number[] =>
    JSON.parse(stepclock(...words, '--json', '-')).terms.map(({ value }: { readonly value: number }) => value);
  const expected = values('steps', at('steps.csv'), '--weights', 'none', '--terms', TERMS);
  const fitted = lines.length === 0 ? [] : values('estimate', at('windows.jsonl'));
  const off = Math.max(...expected.map((value, t) => Math.abs((fitted[t] ?? Number.NaN) / value - 1)));
  check(`${name}: the fit of the steps to 1e-9 (${seconds.toFixed(1)} s)`, off < 1e-9, `${error} off by ${off}`);
};

/** A case fails, and says why. */
const fails = (name: string, message: RegExp): void => {
  const { error = '', lines, seconds } = outcomeOf(name);
  check(
    `${name}: fails by name (${seconds.toFixed(1)} s)`,
    lines === undefined && message.test(error),
    error || 'it did not fail',
  );
};

countsHold('spark counts');
sameLines('spark job');
sameLines('spark killed once');
check('spark killed once: a task was killed', existsSync(at('killed')), 'none');
fails('spark ends early', /engines have lost rows/);
fails('spark default separator', /the statement lacks ROW FORMAT DELIMITED/);
fails('spark no distribution', /has two lines: its rows went to two processes \(DISTRIBUTE BY\)/);
fails('spark no order', /must have its rows one after another \(DISTRIBUTE BY and SORT BY/);
sameFit('spark windows');
sameFit('clickhouse windows');
countsHold('clickhouse counts');
sameLines('clickhouse');
fails('clickhouse no order', /exit|code|status/i);
fails('clickhouse no start order', /exit|code|status/i);

print(
  `engines: ${failed === 0 ? 'all held' : `${failed} failed`}, ${((performance.now() - started) / 1000).toFixed(0)} s`,
);
rmSync(folder, { recursive: true, force: true });
process.exitCode = failed === 0 ? 0 : 1;
