/**
 * Memory of the built program as it follows a step log: `steps - --follow`, steps at a rate for some time.
 *
 *   npm run ts -- apps/cli/bench/follow.ts [STEPS_A_SECOND] [SECONDS]
 *
 * An hour at 1,000 steps a second by default in ten minutes. Ends with 1 where the last quarter takes a tenth more than the second.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '@stepclock/numerics';

const [rate = 6000, seconds = 600] = process.argv.slice(2).map(Number);
const PIECES_A_SECOND = 10;
const MOST_GROWTH = 1.1;

const program = spawn(process.execPath, [join(import.meta.dirname, '../dist/bin.js'), 'steps', '-', '--follow'], {
  stdio: ['pipe', 'pipe', 'inherit'],
});
let fits = 0;
program.stdout.on('data', (piece: Buffer) => {
  for (const byte of piece) if (byte === 0x0a) fits++;
});

const random = seededRandom(1);
const piece = (steps: number): string =>
  Array.from({ length: steps }, () => {
    const decodes = 1 + Math.floor(32 * random());
    const prefill = random() < 0.7 ? 0 : Math.floor(900 * random());
    const sec = (8e-3 + 20e-6 * prefill + 110e-6 * decodes) * (1 + 0.17 * (random() - 0.5));
    return `${sec.toFixed(6)},${prefill},${decodes}\n`;
  }).join('');

const megabytes = (): number => Number(spawnSync('ps', ['-o', 'rss=', '-p', String(program.pid)]).stdout) / 1024;

const seen: number[] = [];
const started = performance.now();
program.stdin.write('duration_sec,prefill_tokens,decode_tokens\n');
for (let k = 0; k < seconds * PIECES_A_SECOND; k++) {
  if (!program.stdin.write(piece(rate / PIECES_A_SECOND))) await once(program.stdin, 'drain');
  const ahead = (1e3 * (k + 1)) / PIECES_A_SECOND - (performance.now() - started);
  if (ahead > 0) await wait(ahead);
  if (k % PIECES_A_SECOND === 0) seen.push(megabytes());
}
program.stdin.end();
const [code] = await once(program, 'exit');

const quarter = (k: number): number => {
  const part = seen.slice((k * seen.length) / 4, ((k + 1) * seen.length) / 4);
  return part.reduce((sum, mb) => sum + mb, 0) / part.length;
};
const quarters = [0, 1, 2, 3].map(quarter);
process.stdout.write(
  `${(rate * seconds).toLocaleString('en')} steps in ${((performance.now() - started) / 1e3).toFixed(0)} s, ${fits} fits; mean memory by quarter ${quarters.map((mb) => mb.toFixed(0)).join(', ')} MB, at most ${Math.max(...seen).toFixed(0)} MB\n`,
);
process.exitCode = code === 0 && quarters[3] < MOST_GROWTH * quarters[1] ? 0 : 1;
