import type { Input } from '../../bytes/input.js';
import type { StepColumns } from '../../tables/step-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';
import { countIn, engineNamed, type LogLine, readStepLog, secondsIn, stampOf } from './log-lines.js';

const ITERATION =
  /Iteration\((\d+)\): (\d+) context requests?, (\d+) context tokens?, (\d+) generation requests?, (\d+) generation tokens?, iteration elapsed time: ([\d.]+(?:[eE][+-]?\d+)?)\s*(ms|s|us)\b(?:, \w+ KV cache usage: ([\d.]+)%)?/y;
/** Other words may speak of iterations; only what starts like ours must be ours. */
const START = /Iteration\(\d+\): \d+ context/g;
const PER_SECOND: Readonly<Record<string, number>> = { ms: 1e3, s: 1, us: 1e6 };
const STAMP = /\b(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)\b/;
const CACHE_SIZE = /KV cache size: ([\d,]{1,15}) tokens/;

/**
 * The iteration lines of a vLLM log (`--enable-logging-iteration-details`), anywhere in any log:
 * `Iteration(515): 0 context requests, 0 context tokens, 20 generation requests, 20 generation tokens, iteration elapsed time: 10.99 ms`.
 * Newer versions end them with the usage of the KV cache: times the cache's size, which the log tells when the engine starts, it is the context of the
 * step's requests; what its prompts hold of it is taken off. With speculative decoding a request has several generation tokens in one step: the
 * requests count. Lines that are none are passed over; a line that begins as one and does not go on as one is an error. Several engine
 * cores in one log (`(EngineCore_DP1 pid=...)`) are instances. There are no request times in it: it gives `steps`, no phases.
 */
export const stepLog: TraceFormat = {
  name: 'step-log',
  description: "vLLM's iteration lines in a log: the engine's own step times",
  recognise: ({ text }) => /Iteration\(\d+\): \d+ context request/.test(text),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  let cacheTokens = options.settings.kvTokens;
  const take = (line: LogLine, columns: StepColumns): void => {
    const { text } = line;
    const size = CACHE_SIZE.exec(text);
    if (size !== null) cacheTokens = Number(size[1]?.replaceAll(',', ''));
    let from = 0;
    // Progress bars and other carriage returns put several on what is one line here.
    for (const { index } of text.includes('Iteration(') ? text.matchAll(START) : []) {
      const before = text.slice(from, index);
      ITERATION.lastIndex = index;
      const found = ITERATION.exec(text);
      if (found === null) {
        const rule = 'must go on with the requests and tokens of context and generation, and the elapsed time';
        throw line.fault('bad-line', 'iteration line', text.slice(index), rule);
      }
      from = ITERATION.lastIndex;
      columns.add(stepIn(line, found, STAMP.exec(before), cacheTokens), engineNamed(text, engineIn(before)));
    }
  };
  return await readStepLog(input, options, {
    marks: ['Iteration(', 'KV cache size:'],
    must: 'must have at least one line `Iteration(N): ... iteration elapsed time: ...`',
    take,
    facts: {
      format: 'step-log',
      clock: 'durations, milliseconds rounded to 0.01; stamps of whole seconds',
      timeUnit: 'ms',
    },
  });
}

function stepIn(line: LogLine, found: RegExpExecArray, stamp: RegExpExecArray | null, cacheTokens: number | undefined) {
  const [, iteration, prompts, prefill, decodes, tokens, elapsed, unit, usage] = found;
  const what = 'iteration line';
  const prefillTokens = countIn(line, what, prefill);
  // Below the requests the tokens are of requests that were preempted or finished; above them they were drafted.
  const decodeTokens = Math.min(countIn(line, what, tokens), countIn(line, what, decodes));
  const used = usage === undefined || cacheTokens === undefined ? Number.NaN : (Number(usage) / 100) * cacheTokens;
  const stampSec = stampOf(stamp);
  return {
    iteration: countIn(line, what, iteration),
    prefillRequests: countIn(line, what, prompts),
    prefillTokens,
    decodeTokens,
    durationSec: secondsIn(line, 'elapsed time', elapsed, PER_SECOND[unit ?? ''] ?? Number.NaN),
    ...(!Number.isNaN(used) && { contextTokens: decodeTokens === 0 ? 0 : Math.max(0, used - prefillTokens) }),
    ...(!Number.isNaN(stampSec) && { stampSec }),
  };
}

/** The engine that a line says it is of, as in `Engine 001: ` or `(EngineCore_DP1 pid=418)`; '' where it says none. */
function engineIn(text: string): string {
  const numbered = text.endsWith(': ') ? /Engine \d{1,5}(?=: $)/.exec(text.slice(-20)) : null;
  if (numbered !== null) return numbered[0];
  const core = text.indexOf('(EngineCore');
  const worker = core < 0 ? text.indexOf('(Worker') : -1;
  const start = Math.max(core, worker) + 1;
  const end = start === 0 ? -1 : text.indexOf(')', start);
  if (end < 0) return '';
  const name = text.slice(start, end);
  const process = name.lastIndexOf(' pid=');
  return (process < 0 ? name : name.slice(0, process)).trimEnd();
}
