import type { Input } from '../../bytes/input.js';
import type { StepColumns } from '../../tables/step-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';
import { LlamaCppTimings, llamaCppStamp } from './llama-cpp-timings.js';
import { countIn, type LogLine, readStepLog } from './log-lines.js';

const SLOT = /\bid\s+(\d+) \|/;
const REMOVED = /(?:kv cache rm|memory_seq_rm) \[(\d+), end\)/;
const PROGRESS = /prompt processing progress, n_(?:past|tokens) = (\d+)/;
const DECODE = /slot decode token, n_ctx = \d+, n_(?:past|tokens) = (\d+)/;
const BATCH = /decoding batch, n_tokens = (\d+)/;
const COMPLETED = 'run slots completed';

/**
 * The verbose log of a llama.cpp server (`--verbose --log-timestamps`, tools/server): each step is a line `decoding batch, n_tokens = N` at its start,
 * after a line for every slot in it (a decode with its tokens, a prompt with how far it has come), and `run slots completed` at its end. A decode
 * reads one token less than its slot holds: the newest is the one that it computes. Without `--verbose` a server's log has no steps: it gives the phases of its requests.
 */
export const llamaCppLog: TraceFormat = {
  name: 'llama-cpp-log',
  description: 'llama.cpp server log with its steps (--verbose --log-timestamps), or its requests (--log-timestamps)',
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
  const timings = new LlamaCppTimings(input.file);
  let work = nothing();
  let begun: { readonly startSec: number; readonly work: Work } | undefined;
  const end = (columns: StepColumns, atSec: number): void => {
    if (begun !== undefined)
      columns.add({ ...begun.work, startSec: begun.startSec, durationSec: Math.max(0, atSec - begun.startSec) }, '');
    begun = undefined;
  };
  const take = (line: LogLine, columns: StepColumns): void => {
    const { text } = line;
    if (columns.length === 0) timings.take(line);
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
    const atSec = llamaCppStamp(text);
    if (atSec === undefined)
      throw line.fault('bad-line', 'line of a step', text, 'must begin with its time (--log-timestamps)');
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
    marks: ['update_slots:', 'eval time =', 'print_timing', 'stop processing', 'draft acceptance'],
    must: 'must have at least one step: `update_slots: decoding batch, n_tokens = ...` (llama-server --verbose --log-timestamps)',
    take,
    without: () => timings.trace(options.settings),
    facts: { format: 'llama-cpp-log', clock: "the server's clock, microseconds", timeUnit: 'us' },
  });
}
