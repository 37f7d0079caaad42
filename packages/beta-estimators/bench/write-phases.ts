/**
 * Writes the trace of the benchmarks as a phase CSV, about 58 MB for a million phases.
 *
 *   npm run ts -- packages/beta-estimators/bench/write-phases.ts PATH.csv [PHASES] [--seed N] [--again ROWS] [--parts N]
 *
 * --again: the first so many rows once more at the end, under other names and later. --parts: in so many files, PATH-1.csv and so on.
 */
import { createWriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { DECODE } from '@stepclock/trace-io';
import { engineLikePhases } from './engine-like-phases.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seed: { type: 'string', default: '1' },
    again: { type: 'string', default: '0' },
    parts: { type: 'string', default: '1' },
  },
});
const [path, count = '1000000'] = positionals;
if (path === undefined) {
  throw new Error('usage: write-phases.ts PATH.csv [PHASES] [--seed N] [--again ROWS] [--parts N]');
}
const parts = Number(values.parts);
const again = Number(values.again);
const phases = engineLikePhases(Number(count), Number(values.seed));
const laterSec = phases.endSec.reduce((last, sec) => Math.max(last, sec), 0) + 1;
const rows = phases.length + again;

/** Row `i` of the file; those after the trace's own are its first ones again. */
function rowText(i: number): string {
  const repeated = i >= phases.length;
  const row = repeated ? i - phases.length : i;
  const kind = phases.kind[row] === DECODE ? 'decode' : 'prefill';
  const ownName = phases.requestIds.at(phases.request[row]);
  const name = repeated ? `s${ownName.slice(1)}` : ownName;
  const shiftSec = repeated ? laterSec : 0;
  const start = (phases.startSec[row] + shiftSec).toFixed(9);
  const end = (phases.endSec[row] + shiftSec).toFixed(9);
  return `${name},${kind},${start},${end},${phases.prefillTokens[row]},${phases.decodeTokens[row]}\n`;
}

async function write(target: string, from: number, to: number): Promise<void> {
  const file = createWriteStream(target);
  file.write('request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens\n');
  let chunk: string[] = [];
  for (let i = from; i < to; i++) {
    chunk.push(rowText(i));
    if (chunk.length === 10_000) {
      file.write(chunk.join(''));
      chunk = [];
    }
  }
  file.end(chunk.join(''));
  await finished(file);
}

// A request is two rows, which stay together.
const cut = (part: number): number => 2 * Math.round((part * rows) / parts / 2);
for (let part = 0; part < parts; part++) {
  const target = parts === 1 ? path : path.replace(/(\.\w+)?$/, `-${part + 1}$1`);
  await write(target, cut(part), part === parts - 1 ? rows : cut(part + 1));
}
