// The stranger's path: every stepclock command that the pages print, run as printed, by the program as it is published.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const fixture = (path) => join(root, 'fixtures', path);

/** Rows of a CSV fixture whose second column is `value`, with the header. */
const rowsOf = (path, value) => {
  const [header, ...rows] = readFileSync(path, 'utf8').trimEnd().split('\n');
  return `${[header, ...rows.filter((row) => row.split(',')[1] === value)].join('\n')}\n`;
};

/** The files that the pages speak of, as their readers would have them. */
const layOut = (folder) => {
  mkdirSync(folder, { recursive: true });
  const copies = {
    'requests.jsonl': 'traces/shared-budget-300/requests.jsonl',
    'meta.json': 'traces/shared-budget-300/meta.json',
    'phases.csv': 'formats/phases.csv',
    'vllm.log': 'formats/vllm.log',
    'benchmark.json': 'formats/vllm-bench.json',
    'requests.tsv': 'fleet/requests.tsv',
    'counts.tsv': 'fleet/counts.tsv',
    'steps.csv': 'step-time/synthetic_one_outlier.csv',
  };
  for (const [name, path] of Object.entries(copies)) copyFileSync(fixture(path), join(folder, name));
  const gpus = fixture('stage/two-gpus.csv');
  writeFileSync(join(folder, 'a.csv'), rowsOf(gpus, 'GPU-L'));
  writeFileSync(join(folder, 'b.csv'), rowsOf(gpus, 'GPU-M'));
  writeFileSync(join(folder, 'candidates.csv'), rowsOf(gpus, 'GPU-M'));
  writeFileSync(
    join(folder, 'runs.csv'),
    readFileSync(gpus, 'utf8').replaceAll('GPU-L', 'H100').replaceAll('GPU-M', 'A100'),
  );
  const [header, ...rows] = readFileSync(fixture('token2metrics/synthetic.csv'), 'utf8').trimEnd().split('\n');
  const samples = rows.filter((row) => row.includes('8B')).slice(20, 60);
  writeFileSync(join(folder, 'samples.csv'), `${[header, ...samples].join('\n')}\n`);
  symlinkSync(join(root, 'fixtures'), join(folder, 'fixtures'));
};

const COLUMNS = [
  'engine',
  'request',
  'queued',
  'scheduled',
  'first_token',
  'last_token',
  'prompt_tokens',
  'output_tokens',
];
/** Writes the rows of the fleet as Parquet, with the DuckDB that `stepclock fleet` reads it by. */
const PARQUET = `
import { DuckDBInstance } from '@duckdb/node-api';
const connection = await (await DuckDBInstance.create(':memory:')).connect();
await connection.run(\`COPY (SELECT * FROM read_csv('requests.tsv', delim = '\\t', header = false, nullstr = '\\\\N',
  names = ${JSON.stringify(COLUMNS).replaceAll('"', "'")})) TO 'logs/day/requests.parquet' (FORMAT parquet)\`);
connection.closeSync();
`;

/** Commands of a page: lines of indented code, or of `sh` blocks, that start with stepclock, npx stepclock or echo; comments taken off. */
const commandsOf = (page) => {
  const text = readFileSync(join(root, page), 'utf8').replaceAll(/\\\n\s*/g, '');
  const blocks = text.replaceAll(/^```sh\n([\s\S]*?)^```/gm, (_, block) => block.replaceAll(/^/gm, '    '));
  return [...blocks.matchAll(/^ {4}(?:\$ )?(?:npx )?(stepclock [a-z].*?|echo .* > .*?)(?: +#.*)?$/gm)].map(
    ([, command]) => command,
  );
};

/**
 * Runs the commands of every page, page by page, each page in a folder of its own below `project`, where `npx stepclock` is installed.
 *
 * @returns how many commands ran; throws with the command and its output where one fails
 */
export const runPages = (project, pages) => {
  let count = 0;
  for (const page of pages) {
    const folder = join(project, page.replaceAll(/\W/g, '_'));
    layOut(folder);
    const commands = commandsOf(page);
    if (commands.some((command) => command.startsWith('stepclock fleet'))) {
      mkdirSync(join(folder, 'logs/day'), { recursive: true });
      execFileSync(process.execPath, ['--input-type=module', '-e', PARQUET], { cwd: folder });
    }
    for (const command of commands) {
      const line = command.replace(/^stepclock/, 'npx --no-install stepclock');
      try {
        execFileSync('bash', ['-c', line], { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
      } catch (error) {
        throw new Error(`${page}: ${command}\n${error.stdout ?? ''}${error.stderr ?? ''}`);
      }
      count++;
    }
  }
  return count;
};
