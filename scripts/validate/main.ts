// Measures stepclock against real data and simulated engines:
//   npm run validate -- [DATA_FOLDER] [--quick] [--only NAME] [--report PATH.html]
// Without the data folder the parts that need it say so and are skipped. --quick takes fewer seeds; --report writes all tables as
// one self-contained page as well.
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { PartRun } from './report/validation-report.js';

const DEFAULT_DATA = '../shared/data';
const WITH_VALUE = ['--only', '--report'];

const words = process.argv.slice(2);
const given = (option: string): string | undefined =>
  words.includes(option) ? words[words.indexOf(option) + 1] : undefined;
const only = given('--only');
const reportPath = given('--report');
const quick = words.includes('--quick');
const data = resolve(
  words.find((w, i) => !w.startsWith('--') && !WITH_VALUE.includes(words[i - 1] ?? '')) ?? DEFAULT_DATA,
);
if (words.includes('--report') && (reportPath === undefined || reportPath.startsWith('--'))) {
  process.stderr.write('validate: --report needs a path: npm run validate -- --report validation.html\n');
  process.exit(2);
}

const parts = readdirSync(import.meta.dirname)
  .filter((f) => f.endsWith('.ts') && f !== 'main.ts')
  .map((f) => f.slice(0, -'.ts'.length))
  .filter((name) => only === undefined || name === only)
  .sort();

/** Runs a part, shows what it prints as it prints it, and keeps it. */
const run = (part: string): Promise<PartRun> =>
  new Promise((done) => {
    const script = join(import.meta.dirname, `${part}.ts`);
    const argv = ['--conditions=@stepclock/source', '--import', 'tsx', script, data, ...(quick ? ['--quick'] : [])];
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
    const started = performance.now();
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      text += piece;
      process.stdout.write(piece);
    });
    child.on('close', (status) => {
      if (status !== 0) process.stdout.write(`${part}: FAILED with exit code ${status}\n`);
      done({ part, text, passed: status === 0, durationSec: (performance.now() - started) / 1000 });
    });
  });

if (!existsSync(data)) process.stdout.write(`skipped: no measurements at ${data}; simulated engines only\n`);

const runs: PartRun[] = [];
for (const part of parts) {
  process.stdout.write(`\n## ${part}\n\n`);
  const ended = await run(part);
  process.stdout.write(`\n(${part}: ${ended.durationSec.toFixed(0)} s)\n`);
  runs.push(ended);
}
if (reportPath !== undefined) {
  const { renderReport } = await import('@stepclock/charts');
  const { validationReport } = await import('./report/validation-report.js');
  const command = ['npm run validate --', ...words].join(' ');
  writeFileSync(reportPath, await renderReport(validationReport(runs, data, command)));
}
process.exitCode = runs.every(({ passed }) => passed) ? 0 : 1;
