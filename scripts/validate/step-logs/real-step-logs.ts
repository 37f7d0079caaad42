import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { readTrace, type StepTable } from '@stepclock/trace-io';

/** A real engine's step log of the data folder. */
export interface RealStepLog {
  readonly name: string;
  readonly steps: StepTable;
}

const A40_MAP = {
  seconds: 'sched_s+exec_s',
  end: 'ts',
  prefill_tokens: 'n_ctx_toks',
  prefill_requests: 'n_ctx_reqs',
  decode_seqs: 'n_gen_reqs',
  // A share of the cache: a unit of its own.
  context_tokens: 'kv_usage',
};

/** The step logs of a data folder: vllm-cpu, llama-cpp, vllm-a40, and of the servers that clients were tried on. None where the folder has none. */
export const realStepLogs = async (data: string): Promise<readonly RealStepLog[]> => {
  const read = async (name: string, path: string, map?: Readonly<Record<string, string>>): Promise<RealStepLog> => {
    const bytes = readFileSync(path);
    const text = path.endsWith('.gz') ? gunzipSync(bytes) : bytes;
    const { steps } = await readTrace(new Blob([new Uint8Array(text)]).stream(), {
      fileName: path,
      ...(map && { map }),
    });
    if (steps === undefined) throw new Error(`${path}: no steps`);
    return { name, steps };
  };
  const logs: RealStepLog[] = [];
  for (const [folder, file] of [
    ['vllm-cpu', 'steps.csv.gz'],
    ['llama-cpp', 'steps.csv'],
  ] as const) {
    const root = join(data, folder);
    if (!existsSync(root)) continue;
    for (const run of readdirSync(root).sort()) logs.push(await read(`${folder}/${run}`, join(root, run, file)));
    if (folder !== 'vllm-cpu') continue;
    for (const run of readdirSync(root).sort()) {
      logs.push(await read(`${folder}/${run} log`, join(root, run, 'server.log.gz')));
    }
  }
  const clients = join(data, 'clients');
  for (const run of existsSync(clients) ? readdirSync(clients).sort() : []) {
    const path = join(clients, run, 'true-steps.csv.gz');
    if (existsSync(path)) logs.push(await read(`clients/${run}`, path));
  }
  const a40 = join(data, 'vllm-a40');
  if (existsSync(a40)) {
    for (const file of readdirSync(a40).sort()) {
      if (file.endsWith('.steps.jsonl.gz')) {
        logs.push(await read(`vllm-a40/${file.replace('_rep1.steps.jsonl.gz', '')}`, join(a40, file), A40_MAP));
      }
    }
  }
  return logs;
};
