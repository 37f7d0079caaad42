/**
 * The built program on step logs of growing length, from the start of the process to its JSON: `stepclock steps X.csv`.
 *
 *   npm run ts -- apps/cli/bench/step-log.ts [STEPS ...]
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@stepclock/numerics';

const PIECE = 100_000;
const sizes = process.argv.slice(2).map(Number);
const bin = join(import.meta.dirname, '../dist/bin.js');
const folder = mkdtempSync(join(tmpdir(), 'stepclock-bench-'));

/** Steps of 8 ms, 20 us a prefill token, 110 us a decode, 90 ns a token of context, with 5 % noise. */
const write = (path: string, steps: number): void => {
  const file = openSync(path, 'w');
  const next = seededRandom(1);
  writeSync(file, 'duration_sec,prefill_tokens,decode_tokens,context_tokens\n');
  for (let from = 0; from < steps; from += PIECE) {
    const rows = Array.from({ length: Math.min(PIECE, steps - from) }, () => {
      const decodes = 1 + Math.floor(32 * next());
      const prefill = next() < 0.7 ? 0 : Math.floor(900 * next());
      const context = decodes * (300 + Math.floor(800 * next()));
      const seconds = (8e-3 + 20e-6 * prefill + 110e-6 * decodes + 90e-9 * context) * (1 + 0.17 * (next() - 0.5));
      return `${seconds.toFixed(6)},${prefill},${decodes},${context}\n`;
    });
    writeSync(file, rows.join(''));
  }
  closeSync(file);
};

try {
  for (const steps of sizes.length > 0 ? sizes : [100_000, 1_000_000, 10_000_000]) {
    const path = join(folder, `${steps}.csv`);
    write(path, steps);
    const start = performance.now();
    const words = ['--import', join(import.meta.dirname, 'at-exit.mjs'), bin, 'steps', path, '--json', '-'];
    const { status, output, stderr } = spawnSync(process.execPath, words, {
      stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    const wallSec = (performance.now() - start) / 1e3;
    const { cpuSec, peakMb } = JSON.parse(output[3] ?? '') as { cpuSec: number; peakMb: number };
    process.stdout.write(
      `${steps.toLocaleString('en').padStart(10)} steps: ${wallSec.toFixed(1)} s, ${cpuSec.toFixed(1)} s CPU, ${peakMb.toFixed(0)} MB\n`,
    );
    rmSync(path);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
