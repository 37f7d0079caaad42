import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { DECODE } from '@stepclock/trace-io';
import { engineLikePhases } from './engine-like-phases.js';

// usage: write-phases.ts PATH.csv [PHASES]: the trace of the benchmarks as a CSV, about 58 MB for a million phases.
const [path, count = '1000000'] = process.argv.slice(2);
if (path === undefined) throw new Error('usage: write-phases.ts PATH.csv [PHASES]');
const phases = engineLikePhases(Number(count));
const file = createWriteStream(path);
file.write('request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\n');
let chunk: string[] = [];
for (let i = 0; i < phases.length; i++) {
  const kind = phases.kind[i] === DECODE ? 'decode' : 'prefill';
  const name = phases.requestIds.at(phases.request[i] as number);
  const [start, end] = [phases.startSec[i] as number, phases.endSec[i] as number].map((t) => t.toFixed(9));
  chunk.push(`${name},${kind},${start},${end},${phases.prefillTokens[i]},${phases.decodeTokens[i]}\n`);
  if (chunk.length === 10_000) {
    file.write(chunk.join(''));
    chunk = [];
  }
}
file.end(chunk.join(''));
await finished(file);
