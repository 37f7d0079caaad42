/**
 * Memory of the built program as it follows a step log: `steps - --follow`, steps at a rate for some time.
 *
 *   npm run ts -- apps/cli/bench/follow.ts [STEPS_A_SECOND] [SECONDS]
 *
 * An hour at 1,000 steps a second by default in ten minutes; `0 30`: as fast as they are taken for half a minute, as CI runs it (npm run follow). Ends
 * with 1 where the last sixth takes a tenth more than the second third begins with.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { seededRandom } from '@stepclock/numerics';

const [rate = 6000, seconds = 600] = process.argv.slice(2).map(Number);
const PIECE = 500;
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

/** Of each second. */
const seen: number[] = [];
let steps = 0;
const started = performance.now();
const elapsedSec = (): number => (performance.now() - started) / 1e3;
program.stdin.write('duration_sec,prefill_tokens,decode_tokens\n');
while (elapsedSec() < seconds) {
  if (!program.stdin.write(piece(PIECE))) await once(program.stdin, 'drain');
  steps += PIECE;
  const ahead = rate > 0 ? steps / rate - elapsedSec() : 0;
  if (ahead > 0) await wait(1e3 * ahead);
  if (elapsedSec() >= seen.length) seen.push(megabytes());
}
program.stdin.end();
const [code] = await once(program, 'exit');

/** Mean memory from one share of the time to another. */
const meanBetween = (from: number, to: number): number => {
  const part = seen.slice(Math.floor(from * seen.length), Math.ceil(to * seen.length));
  return part.reduce((sum, mb) => sum + mb, 0) / part.length;
};
const sixths = [0, 1, 2, 3, 4, 5].map((k) => meanBetween(k / 6, (k + 1) / 6));
process.stdout.write(
  `${steps.toLocaleString('en')} steps in ${elapsedSec().toFixed(0)} s, ${fits} fits; mean memory by sixth ${sixths.map((mb) => mb.toFixed(0)).join(', ')} MB, at most ${Math.max(...seen).toFixed(0)} MB\n`,
);
process.exitCode = code === 0 && fits > 0 && sixths[5] < MOST_GROWTH * sixths[2] ? 0 : 1;
