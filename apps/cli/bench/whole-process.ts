/**
 * What a user waits for: the built program, from the start of the process to its JSON, reading a phase table and fitting it, at growing sizes.
 * Linear growth reads as a flat last column.
 *
 *   npx pnpm --filter stepclock bench [--rounds N] [--against PYTHON_SCRIPT]
 *
 * `--against` runs `/usr/bin/python3 SCRIPT FILE 512 baseline|iterative` in turns with ours (the step clock against iterative) and prints the ratio.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from 'd3-array';

const SIZES = [10_000, 100_000, 1_000_000];
const RUNS = {
  baseline: ['--chunk-size', '512'],
  iterative: ['--chunk-size', '512', '--max-outer-iters', '25'],
  'step-clock': [],
} as const;
type Algorithm = keyof typeof RUNS;

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '5' }, against: { type: 'string' } } });
const rounds = Number(values.rounds);
const { against } = values;
const bin = join(import.meta.dirname, '../dist/bin.js');
/** Phases of a simulated engine, as the benchmarks of the estimators have them. */
const WRITER = join(import.meta.dirname, '../../../packages/beta-estimators/bench/write-phases.ts');
const folder = mkdtempSync(join(tmpdir(), 'stepclock-bench-'));

const timed = (command: string, words: readonly string[]): { wallSec: number; told: string } => {
  const start = performance.now();
  const { status, output, stderr } = spawnSync(command, words, {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${command} ${words.join(' ')}: exit ${status}\n${stderr}`);
  return { wallSec: (performance.now() - start) / 1e3, told: output[3] ?? '' };
};

const ours = (file: string, algo: Algorithm) => {
  const { wallSec, told } = timed(process.execPath, [
    ...['--import', join(import.meta.dirname, 'at-exit.mjs'), bin],
    ...['estimate', file, '--algo', algo, ...RUNS[algo], '--json', '-'],
  ]);
  return { wallSec, ...(JSON.parse(told) as { peakMb: number; cpuSec: number }) };
};

const row = (cells: readonly string[]): void => {
  process.stdout.write(`${cells.map((cell, i) => (i === 0 ? cell.padEnd(11) : cell.padStart(9))).join(' ')}\n`);
};

try {
  row([
    'algorithm',
    'phases',
    'wall s',
    'CPU s',
    'MB peak',
    'rows/s',
    ...(against === undefined ? [] : ['theirs s', 'ratio']),
  ]);
  for (const size of SIZES) {
    const file = join(folder, `${size}.csv`);
    timed(process.execPath, [...process.execArgv, WRITER, file, String(size)]);
    for (const algo of Object.keys(RUNS) as Algorithm[]) {
      const mine: ReturnType<typeof ours>[] = [];
      const theirs: number[] = [];
      for (let round = 0; round < rounds; round++) {
        mine.push(ours(file, algo));
        if (against === undefined) continue;
        const theirAlgo = algo === 'baseline' ? 'baseline' : 'iterative';
        theirs.push(timed('/usr/bin/python3', [against, file, '512', theirAlgo]).wallSec);
      }
      const wallSec = median(mine, (run) => run.wallSec) ?? Number.NaN;
      const theirSec = median(theirs);
      row([
        algo,
        String(size),
        wallSec.toFixed(2),
        (median(mine, (run) => run.cpuSec) ?? Number.NaN).toFixed(2),
        Math.max(...mine.map((run) => run.peakMb)).toFixed(0),
        Math.round(size / wallSec).toLocaleString('en'),
        ...(theirSec === undefined ? [] : [theirSec.toFixed(2), (wallSec / theirSec).toFixed(2)]),
      ]);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
