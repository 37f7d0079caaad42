import type { Input } from '../../bytes/input.js';
import type { StepColumns } from '../../tables/step-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';
import { countIn, type LogLine, readStepLog } from './log-lines.js';

/** Minutes, seconds, milliseconds, microseconds since the server started (`--log-timestamps`). */
const STAMP = /^(\d+)\.(\d\d)\.(\d{3})\.(\d{3}) /;
const SLOT = /\bid\s+(\d+) \|/;
const REMOVED = /(?:kv cache rm|memory_seq_rm) \[(\d+), end\)/;
const PROGRESS = /prompt processing progress, n_(?:past|tokens) = (\d+)/;
const DECODE = /slot decode token, n_ctx = \d+, n_(?:past|tokens) = (\d+)/;
const BATCH = /decoding batch, n_tokens = (\d+)/;
const COMPLETED = 'run slots completed';

/**
 * The verbose log of a llama.cpp server (`--verbose --log-timestamps`, tools/server): each step is a line `decoding batch, n_tokens = N` at its start,
 * after a line for every slot in it (a decode with its tokens, a prompt with how far it has come), and `run slots completed` at its end. A decode
 * reads one token less than its slot holds: the newest is the one that it computes. Without `--verbose` a server's log has no steps.
 */
export const llamaCppLog: TraceFormat = {
  name: 'llama-cpp-log',
  description: 'llama.cpp server log with its steps (--verbose --log-timestamps)',
  recognise: ({ text }) => /\bupdate_slots: decoding batch, n_tokens = \d/.test(text),
  read,
};

interface Work {
  prefillTokens: number;
  prefillRequests: number;
  prefillContext: number;
  decodeTokens: number;
  contextTokens: number;
}

const nothing = (): Work => ({
  prefillTokens: 0,
  prefillRequests: 0,
  prefillContext: 0,
  decodeTokens: 0,
  contextTokens: 0,
});

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  /** Tokens that a slot's prompt has in the cache. */
  const held = new Map<string, number>();
  let work = nothing();
  let begun: { readonly startSec: number; readonly work: Work } | undefined;
  const end = (columns: StepColumns, atSec: number): void => {
    if (begun !== undefined)
      columns.add({ ...begun.work, startSec: begun.startSec, durationSec: Math.max(0, atSec - begun.startSec) }, '');
    begun = undefined;
  };
  const take = (line: LogLine, columns: StepColumns): void => {
    const { text } = line;
    const slot = SLOT.exec(text)?.[1] ?? '';
    const removed = REMOVED.exec(text);
    if (removed !== null) held.set(slot, countIn(line, 'tokens in the cache', removed[1]));
    const progress = PROGRESS.exec(text);
    if (progress !== null) {
      const before = held.get(slot) ?? 0;
      const tokens = countIn(line, 'tokens of the prompt', progress[1]) - before;
      if (tokens < 0)
        throw line.fault('bad-count', 'tokens of the prompt', text, `must be at least the ${before} in the cache`);
      held.set(slot, before + tokens);
      work.prefillTokens += tokens;
      work.prefillRequests++;
      work.prefillContext += tokens * before + (tokens * (tokens + 1)) / 2;
    }
    const decode = DECODE.exec(text);
    if (decode !== null) {
      work.decodeTokens++;
      work.contextTokens += Math.max(0, countIn(line, 'tokens of a slot', decode[1]) - 1);
    }
    const batch = BATCH.exec(text);
    if (batch === null && !text.includes(COMPLETED)) return;
    const stamp = STAMP.exec(text);
    if (stamp === null)
      throw line.fault('bad-line', 'line of a step', text, 'must begin with its time (--log-timestamps)');
    const [, minutes = 0, seconds = 0, milli = 0, micro = 0] = stamp.map(Number);
    const atSec = 60 * minutes + seconds + milli / 1e3 + micro / 1e6;
    end(columns, atSec);
    if (batch === null) return;
    // Slots that say nothing of themselves decode: an older server names prompts only.
    const silent = countIn(line, 'tokens of a batch', batch[1]) - work.prefillTokens;
    begun = {
      startSec: atSec,
      work: { ...work, decodeTokens: Math.max(work.decodeTokens, work.decodeTokens === 0 ? silent : 0) },
    };
    work = nothing();
  };
  return await readStepLog(input, options, {
    marks: ['update_slots:'],
    must: 'must have at least one step: `update_slots: decoding batch, n_tokens = ...` (llama-server --verbose --log-timestamps)',
    take,
    facts: { format: 'llama-cpp-log', clock: "the server's clock, microseconds", timeUnit: 'us' },
  });
}
