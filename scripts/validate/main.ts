// Measures stepclock against real data and simulated engines; USAGE below says how. docs/accuracy.md says what the data folder holds.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { PartRun } from './report/validation-report.js';

const DEFAULT_DATA = '../shared/data';
const WITH_VALUE = ['--only', '--report', '--figures', '--jobs'];

const PARTS = readdirSync(import.meta.dirname)
  .filter((f) => f.endsWith('.ts') && f !== 'main.ts')
  .map((f) => f.slice(0, -'.ts'.length))
  .sort();

const USAGE = `npm run validate -- [DATA_FOLDER] [options]

Measures stepclock against published measurements and simulated engines, part by part, and prints the tables of docs/accuracy.md.
DATA_FOLDER (default ${DEFAULT_DATA}) holds the measurements, which are not in this repository; docs/accuracy.md says which they are.
Parts that need it are skipped without it.

  --quick           fewer seeds, draws and splits
  --jobs N          run N parts at a time (1): the tables are the same, the seconds in them are not
  --only PART       one part alone: ${PARTS.join(', ')}
  --report PATH     write all tables and charts as one self-contained HTML page as well
  --figures FOLDER  write the charts as SVG and PNG
  --help            print this and stop
`;

const words = process.argv.slice(2);
if (words.includes('--help') || words.includes('-h')) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const refuse = (what: string): never => {
  process.stderr.write(`validate: ${what}\n\n${USAGE}`);
  process.exit(2);
};
const given = (option: string): string | undefined => {
  if (!words.includes(option)) return undefined;
  const value = words[words.indexOf(option) + 1];
  if (value !== undefined && !value.startsWith('--')) return value;
  return refuse(`${option} needs a value`);
};
const unknown = words.find((w) => w.startsWith('--') && w !== '--quick' && !WITH_VALUE.includes(w));
if (unknown !== undefined) refuse(`${unknown} is no option`);
const only = given('--only');
const reportPath = given('--report');
const figuresFolder = given('--figures');
const quick = words.includes('--quick');
const jobs = Number(given('--jobs') ?? '1');
if (!Number.isInteger(jobs) || jobs < 1) refuse(`--jobs: must be a whole number of at least 1; got ${given('--jobs')}`);
const data = resolve(
  words.find((w, i) => !w.startsWith('--') && !WITH_VALUE.includes(words[i - 1] ?? '')) ?? DEFAULT_DATA,
);

if (only !== undefined && !PARTS.includes(only)) refuse(`--only: must be one of ${PARTS.join(', ')}; got ${only}`);
const parts = PARTS.filter((name) => only === undefined || name === only);

/** Runs a part and keeps what it prints; `show` gets it as it comes. */
const run = (part: string, show: (piece: string) => void): Promise<PartRun> =>
  new Promise((done) => {
    const script = join(import.meta.dirname, `${part}.ts`);
    const argv = ['--conditions=@stepclock/source', '--import', 'tsx', script, data, ...(quick ? ['--quick'] : [])];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    const started = performance.now();
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      show(piece);
    });
    child.on('close', (status) => {
      if (status !== 0) show(`${part}: FAILED with exit code ${status}\n`);
      done({ part, text, passed: status === 0, durationSec: (performance.now() - started) / 1000 });
    });
  });

if (!existsSync(data)) process.stdout.write(`skipped: no measurements at ${data}; simulated engines only\n`);

const runs: PartRun[] = [];
const waiting = parts.map((part, index) => ({ part, index }));
/** Takes part after part; beside other jobs a part's text is shown when it has ended, so that no two mix. */
const job = async (): Promise<void> => {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    const heading = `\n## ${next.part}\n\n`;
    if (jobs === 1) process.stdout.write(heading);
    let held = heading;
    const ended = await run(next.part, (piece) => {
      if (jobs === 1) process.stdout.write(piece);
      else held += piece;
    });
    const footing = `\n(${next.part}: ${ended.durationSec.toFixed(0)} s)\n`;
    process.stdout.write(jobs === 1 ? footing : `${held}${footing}`);
    runs[next.index] = ended;
  }
};
await Promise.all(Array.from({ length: jobs }, job));

if (reportPath !== undefined || figuresFolder !== undefined) {
  const { renderPng, renderReport, renderSvg } = await import('@stepclock/charts');
  const { figureSpecs, validationReport } = await import('./report/validation-report.js');
  const report = validationReport(runs, data, ['npm run validate --', ...words].join(' '));
  if (reportPath !== undefined) writeFileSync(reportPath, await renderReport(report));
  if (figuresFolder !== undefined) {
    mkdirSync(figuresFolder, { recursive: true });
    for (const [name, spec] of figureSpecs(report)) {
      const svg = await renderSvg(spec);
      writeFileSync(join(figuresFolder, `${name}.svg`), svg);
      writeFileSync(join(figuresFolder, `${name}.png`), await renderPng(svg));
    }
  }
}
process.exitCode = runs.every(({ passed }) => passed) ? 0 : 1;
