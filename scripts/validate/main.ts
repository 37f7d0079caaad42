// Measures stepclock against real data and simulated engines:
//   npm run validate -- [DATA_FOLDER] [--quick] [--only NAME] [--report PATH.html] [--figures FOLDER]
// Without the data folder the parts that need it say so and are skipped. --quick takes fewer seeds; --report writes all tables and
// charts as one self-contained page as well, --figures the charts alone as SVG and PNG.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { PartRun } from './report/validation-report.js';

const DEFAULT_DATA = '../shared/data';
const WITH_VALUE = ['--only', '--report', '--figures'];

const words = process.argv.slice(2);
const given = (option: string): string | undefined => {
  if (!words.includes(option)) return undefined;
  const value = words[words.indexOf(option) + 1];
  if (value !== undefined && !value.startsWith('--')) return value;
  process.stderr.write(`validate: ${option} needs a value; see the head of scripts/validate/main.ts\n`);
  process.exit(2);
};
const only = given('--only');
const reportPath = given('--report');
const figuresFolder = given('--figures');
const quick = words.includes('--quick');
const data = resolve(
  words.find((w, i) => !w.startsWith('--') && !WITH_VALUE.includes(words[i - 1] ?? '')) ?? DEFAULT_DATA,
);

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
