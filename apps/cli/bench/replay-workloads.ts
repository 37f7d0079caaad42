/**
 * The built program serves published workloads with a model, from the start of the process to its JSON: `stepclock replay`.
 *
 *   npm run ts -- apps/cli/bench/replay-workloads.ts [REQUESTS]
 */
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drawWorkload } from '@stepclock/engine-sim';

const PIECE = 50_000;
const requests = Number(process.argv[2] ?? 1_000_000);
const bin = join(import.meta.dirname, '../dist/bin.js');
const folder = mkdtempSync(join(tmpdir(), 'stepclock-bench-'));
const { arrivalSec, promptTokens, outputTokens } = drawWorkload({
  requests,
  arrivals: { kind: 'poisson', perSec: 10 },
  prompt: { kind: 'lognormal', mean: 550, sigma: 0.8, atMost: 8000 },
  output: { kind: 'lognormal', mean: 140, sigma: 0.7, atMost: 1500 },
  seed: 1,
});

interface Format {
  readonly file: string;
  readonly head?: string;
  readonly row: (i: number) => string;
  readonly words?: readonly string[];
}

/** Every third block is one that others have too. */
const hashes = (i: number, tokens: number): readonly number[] =>
  Array.from({ length: Math.ceil(promptTokens[i] / tokens) }, (_, k) => (i % 3 === 0 ? k : 1000 * i + k));
const hashed = (i: number, timestamp: string, tokens: number): string =>
  `"timestamp": ${timestamp}, "input_length": ${promptTokens[i]}, "output_length": ${outputTokens[i]}, "hash_ids": [${hashes(i, tokens)}]}\n`;
const dateOf = (sec: number): string =>
  `${new Date(1.7e12 + 1000 * sec).toISOString().replace('T', ' ').slice(0, -1)}0000`;
const mooncake = (i: number): string => `{${hashed(i, (1000 * arrivalSec[i]).toFixed(0), 512)}`;
const FORMATS: Readonly<Record<string, Format>> = {
  azure: {
    file: 'azure.csv',
    head: 'TIMESTAMP,ContextTokens,GeneratedTokens\n',
    row: (i) => `${dateOf(arrivalSec[i])},${promptTokens[i]},${outputTokens[i]}\n`,
  },
  burstgpt: {
    file: 'burstgpt.csv',
    head: 'Timestamp,Model,Request tokens,Response tokens,Total tokens,Log Type\n',
    row: (i) =>
      `${arrivalSec[i].toFixed(1)},ChatGPT,${promptTokens[i]},${outputTokens[i]},${promptTokens[i] + outputTokens[i]},Conversation log\n`,
  },
  mooncake: { file: 'mooncake.jsonl', row: mooncake },
  'mooncake, a cache': { file: 'mooncake.jsonl', row: mooncake, words: ['--prefix-cache-blocks', '10000'] },
  bailian: {
    file: 'bailian.jsonl',
    row: (i) =>
      `{"chat_id": ${i}, "parent_chat_id": -1, "turn": 1, "type": "text", ${hashed(i, arrivalSec[i].toFixed(6), 16)}`,
  },
};

try {
  const betas = join(folder, 'betas.json');
  const coefficients = { beta0: 6e-3, beta1: 2e-5, beta2: 1.2e-4, beta3: 1e-8 };
  writeFileSync(betas, JSON.stringify({ schema: 'stepclock/betas@1', algo: 'steps', betas: coefficients }));
  for (const [name, { file, head = '', row, words = [] }] of Object.entries(FORMATS)) {
    const path = join(folder, file);
    const out = openSync(path, 'w');
    writeSync(out, head);
    for (let from = 0; from < requests; from += PIECE)
      writeSync(out, Array.from({ length: Math.min(PIECE, requests - from) }, (_, k) => row(from + k)).join(''));
    closeSync(out);
    const asked = ['--betas', betas, '--requests', path, '--max-num-batched-tokens', '2048', ...words, '--json', '-'];
    const start = performance.now();
    const { status, output, stderr } = spawnSync(
      process.execPath,
      ['--import', join(import.meta.dirname, 'at-exit.mjs'), bin, 'replay', ...asked],
      { stdio: ['ignore', 'pipe', 'pipe', 'pipe'], encoding: 'utf8' },
    );
    if (status !== 0) throw new Error(stderr);
    const wallSec = (performance.now() - start) / 1e3;
    const { steps } = JSON.parse(output[1] ?? '') as { steps: number };
    const { cpuSec, peakMb } = JSON.parse(output[3] ?? '') as { cpuSec: number; peakMb: number };
    process.stdout.write(
      `${name.padEnd(18)} ${steps.toLocaleString('en')} steps: ${wallSec.toFixed(1)} s, ${cpuSec.toFixed(1)} s CPU, ${peakMb.toFixed(0)} MB\n`,
    );
    rmSync(path);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
