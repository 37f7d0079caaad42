/**
 * Fuzzes every reader for as long as wanted: fixtures of fixtures/formats, spoiled in one to four ways each, must give a sound table or a typed error with its
 * place; no crash, no NaN, no case of more than 5 s of CPU or 400 MB, and the same by both paths of the CSV reader. Every case is made from the seed and its number alone.
 *
 *   npm run fuzz -- [SECONDS] [--seed 1] [--from N] [--save FOLDER]
 *   npm run fuzz -- --seed 1 --only N
 *
 * Prints how often what came of which format. The first fault ends the run with exit code 1, its input saved.
 */
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { formatOfFixture, fuzzCase, resultOf } from './fuzz-case.js';

/** A case that takes more time of the processor hangs: the slowest sound ones take half a second. */
const HANG_MS = 5000;
/** One that waits for ever takes none: by the clock, whatever else the machine does. */
const WAIT_MS = 120_000;
/** Above what the program takes before the first case. */
const MEMORY_MB = 400;
const WATCH_EVERY_MS = 50;
const DEFAULT_SEC = 300;
const REPORT_EVERY_MS = 60_000;
/** Cases between two reports of the worker: each is a message. */
const BATCH = 200;

interface Batch {
  readonly next: number;
  readonly counts: readonly (readonly [string, number])[];
  readonly slowest: { readonly ms: number; readonly number: number };
}

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    from: { type: 'string', default: '0' },
    only: { type: 'string' },
    save: { type: 'string', default: tmpdir() },
  },
});

async function work(seed: number, from: number, current: Float64Array): Promise<void> {
  for (let number = from; ; ) {
    const counts = new Map<string, number>();
    let slowest = { ms: 0, number };
    for (let i = 0; i < BATCH; i++, number++) {
      current[0] = number;
      current[1] = Date.now();
      const fuzzed = fuzzCase(seed, number);
      const start = performance.now();
      const result = await resultOf(fuzzed);
      const ms = performance.now() - start;
      if (ms > slowest.ms) slowest = { ms, number };
      const key = `${formatOfFixture.get(fuzzed.fixture)}\t${result}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    parentPort?.postMessage({ next: number, counts: [...counts], slowest } satisfies Batch);
  }
}

function saved(seed: number, number: number): string {
  const { bytes, fixture, mutations } = fuzzCase(seed, number);
  const path = join(flags.save, `fuzz-${seed}-${number}-${fixture}`);
  writeFileSync(path, bytes);
  return `case ${number} of seed ${seed} (${mutations.join(', ')}), saved as ${path}`;
}

function table(counts: ReadonlyMap<string, number>): string {
  const rows = new Map<string, { table: number; error: number; codes: Set<string> }>();
  for (const [key, count] of counts) {
    const [format = '', result = ''] = key.split('\t');
    const row = rows.get(format) ?? { table: 0, error: 0, codes: new Set() };
    rows.set(format, row);
    if (result === 'sound table') row.table += count;
    else {
      row.error += count;
      row.codes.add(result);
    }
  }
  const lines = [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([format, row]) => {
      const numbers = [row.table + row.error, row.table, row.error].map((n) => String(n).padStart(9)).join('  ');
      return `${format.padEnd(15)}  ${numbers}  ${String(row.codes.size).padStart(6)}`;
    });
  return [`${'format'.padEnd(15)}      cases      table      error   codes`, ...lines].join('\n');
}

function run(seed: number, seconds: number, from: number): void {
  /** The case that is being read, and since when; 0 before the first. */
  const current = new Float64Array(new SharedArrayBuffer(16));
  const start = Date.now();
  const counts = new Map<string, number>();
  let slowest = { ms: 0, number: 0 };
  let done = 0;
  let before = 0;
  let mostMb = 0;
  const summary = (): string =>
    `${done} cases in ${((Date.now() - start) / 60_000).toFixed(1)} min, seed ${seed}; slowest ${slowest.ms.toFixed(0)} ms (case ${slowest.number}), at most ${mostMb.toFixed(0)} MB`;
  // A worker does not inherit `--import tsx`.
  const bootstrap = `import('tsx/esm/api').then(({ register }) => (register(), import(${JSON.stringify(import.meta.url)})))`;
  const worker = new Worker(bootstrap, {
    eval: true,
    workerData: { seed, from, current },
    execArgv: process.execArgv,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  });
  const end = (code: number, words: string): void => {
    process.stdout.write(`${table(counts)}\n${summary()}\n${words}\n`);
    process.exit(code);
  };
  worker.on('message', (batch: Batch) => {
    for (const [key, count] of batch.counts) counts.set(key, (counts.get(key) ?? 0) + count);
    if (batch.slowest.ms > slowest.ms) slowest = batch.slowest;
    done = batch.next - from;
    if (Date.now() - start > seconds * 1000) end(0, 'no fault');
  });
  worker.on('error', (error) => end(1, `FAULT: ${error.stack ?? error}\n${saved(seed, current[0])}`));
  let watched = { number: -1, cpu: process.cpuUsage() };
  setInterval(() => {
    if (current[1] === 0) return;
    if (current[0] !== watched.number) watched = { number: current[0], cpu: process.cpuUsage() };
    const { user, system } = process.cpuUsage(watched.cpu);
    const mb = process.memoryUsage.rss() / 2 ** 20;
    if (before === 0) before = mb;
    mostMb = Math.max(mostMb, mb - before);
    if (mostMb > MEMORY_MB) end(1, `${mostMb.toFixed(0)} MB: ${saved(seed, current[0])}`);
    if ((user + system) / 1000 > HANG_MS || Date.now() - current[1] > WAIT_MS)
      end(1, `HANG: ${saved(seed, current[0])}`);
  }, WATCH_EVERY_MS);
  setInterval(() => process.stdout.write(`${summary()}\n`), REPORT_EVERY_MS);
}

if (!isMainThread) {
  const { seed, from, current } = workerData as { seed: number; from: number; current: Float64Array };
  await work(seed, from, current);
} else if (flags.only !== undefined) {
  const only = fuzzCase(Number(flags.seed), Number(flags.only));
  process.stdout.write(`${only.fixture}: ${only.mutations.join(', ')}; ${await resultOf(only)}\n`);
} else {
  run(Number(flags.seed), Number(positionals[0] ?? DEFAULT_SEC), Number(flags.from));
}
