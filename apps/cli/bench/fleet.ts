/**
 * `stepclock fleet` over 10^6 requests in a Parquet file, as a whole process: 500 simulated engines of 2,000 requests each (25 runs, under 20 names each).
 *
 * npm run bundle && node --conditions=@stepclock/source --import tsx bench/fleet.ts [engines] [threads]
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { runScenario } from '@stepclock/engine-sim';

const engines = Number(process.argv[2] ?? 500);
const threads = process.argv[3] ?? '2';
const RUNS = 25;
const REQUESTS = 2000;

const folder = mkdtempSync(join(tmpdir(), 'stepclock-bench-'));
const csv = join(folder, 'runs.csv');
const parquet = join(folder, 'requests.parquet');

const rows: string[] = ['run,request,queued,scheduled,first_token,last_token,prompt_tokens,output_tokens'];
for (let run = 0; run < RUNS; run++) {
  const { phases } = runScenario('kv', { requests: REQUESTS, seed: run, engine: { stepNoise: 0.05 } });
  const requests = new Map<number, (string | number)[]>();
  for (let i = 0; i < phases.length; i++) {
    const id = phases.request[i];
    const held = requests.get(id);
    if (held === undefined) {
      const [start, end] = [phases.startSec[i], phases.endSec[i]];
      requests.set(id, [run, `r${id}`, start, start, end, end, phases.prefillTokens[i], 1]);
    } else {
      held[5] = phases.endSec[i];
      held[7] = phases.decodeTokens[i] + 1;
    }
  }
  for (const fields of requests.values()) rows.push(fields.join(','));
}
writeFileSync(csv, `${rows.join('\n')}\n`);
const connection = await (await DuckDBInstance.create(':memory:')).connect();
await connection.run(
  `COPY (SELECT 'engine-' || run || '-' || copy AS engine, * EXCLUDE (run) FROM read_csv('${csv}'), range(${engines / RUNS}) AS t(copy) ORDER BY queued)
   TO '${parquet}' (FORMAT parquet)`,
);
connection.closeSync();

const started = performance.now();
const child = spawn(
  process.execPath,
  [
    join(import.meta.dirname, '../dist/bin.js'),
    'fleet',
    parquet,
    '--group-by',
    'engine',
    '--threads',
    threads,
    '--max-num-batched-tokens',
    '2048',
  ],
  { stdio: ['ignore', 'pipe', 'inherit'] },
);
let lines = 0;
child.stdout.on('data', (data: Buffer) => {
  for (const byte of data) if (byte === 10) lines++;
});
let peak = 0;
let cpuSec = 0;
const watch = setInterval(() => {
  try {
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0));
    const [user = 0, system = 0] = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(' ').slice(13, 15).map(Number);
    cpuSec = (user + system) / 100;
  } catch {
    clearInterval(watch);
  }
}, 100);
child.on('exit', (code) => {
  clearInterval(watch);
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    `${engines * REQUESTS} rows, ${lines} lines, ${threads} threads: ${seconds.toFixed(1)} s, ${cpuSec.toFixed(1)} s of CPU, ${(peak / 1024).toFixed(0)} MB, exit ${code}\n`,
  );
  rmSync(folder, { recursive: true, force: true });
});
