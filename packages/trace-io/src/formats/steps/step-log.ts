import { Fault } from '@stepclock/faults';
import { FARTHEST_SEC } from '../../bounds/clock-range.js';
import { MOST_TOKENS } from '../../bounds/count-range.js';
import { idleLimit } from '../../bounds/idle-limit.js';
import { attempted, type Input } from '../../bytes/input.js';
import { linesOf } from '../../json/json-lines.js';
import { StepColumns, type StepRow } from '../../tables/step-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

const ITERATION =
  /Iteration\((\d+)\): (\d+) context requests?, (\d+) context tokens?, (\d+) generation requests?, (\d+) generation tokens?, iteration elapsed time: ([\d.]+(?:[eE][+-]?\d+)?)\s*(ms|s|us)\b/y;
/** Other words may speak of iterations; only what starts like ours must be ours. */
const START = /Iteration\(\d+\): \d+ context/g;
const UNIT_SEC: Readonly<Record<string, number>> = { ms: 1e-3, s: 1, us: 1e-6 };

/**
 * The iteration lines of a vLLM log (`--enable-logging-iteration-details`), anywhere in any log:
 * `Iteration(515): 0 context requests, 0 context tokens, 20 generation requests, 20 generation tokens, iteration elapsed time: 10.99 ms`.
 * Lines that are none are passed over; a line that begins as one and does not go on as one is an error. Several engine
 * cores in one log (`(EngineCore_DP1 pid=...)`) are instances. There are no request times in it: it gives `steps`, no phases.
 */
export const stepLog: TraceFormat = {
  name: 'step-log',
  description: "vLLM's iteration lines in a log: the engine's own step times",
  recognise: ({ text }) => /Iteration\(\d+\): \d+ context request/.test(text),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const columns = new StepColumns();
  const decoder = new TextDecoder();
  const watch = idleLimit(input.file, 'a step', 'lines');
  let lastLine = 1;
  for await (const { line, bytes, isEnded } of linesOf(input)) {
    lastLine = line;
    const text = decoder.decode(bytes);
    watch(text.includes('Iteration('), line);
    let from = 0;
    // Progress bars and other carriage returns put several on what is one line here.
    for (const { index } of text.includes('Iteration(') ? text.matchAll(START) : []) {
      const take = (): void => {
        const { step, end } = stepAt(text, index, input.file, line);
        columns.add(step, engineIn(text.slice(from, index)));
        from = end;
      };
      if (isEnded || input.bad === undefined) attempted(input, line, take);
      else input.bad.whole(line, take);
    }
  }
  if (columns.length === 0) {
    throw new Fault('trace-io/no-rows', {
      what: 'file',
      file: input.file,
      line: lastLine,
      rule: 'must have at least one line `Iteration(N): ... iteration elapsed time: ...`',
    });
  }
  return {
    kind: 'steps',
    facts: {
      format: 'step-log',
      clock: 'durations only, milliseconds rounded to 0.01',
      timeUnit: 'ms',
      settings: options.settings,
    },
    steps: columns.table(),
    exclusions: [],
  };
}

/** The step whose words begin at `index`, and where they end. */
function stepAt(
  text: string,
  index: number,
  file: string,
  line: number,
): { readonly step: StepRow; readonly end: number } {
  const fault = (code: `trace-io/${string}`, what: string, value: unknown, rule: string) =>
    new Fault(code, { what, file, line, value, rule });
  ITERATION.lastIndex = index;
  const found = ITERATION.exec(text);
  if (found === null) {
    const rule = 'must go on with the requests and tokens of context and generation, and the elapsed time';
    throw fault('trace-io/bad-line', 'iteration line', text.slice(index), rule);
  }
  const end = ITERATION.lastIndex;
  const durationSec = Number(found[6]) * (UNIT_SEC[found[7] ?? ''] ?? Number.NaN);
  if (!(durationSec >= 0 && durationSec <= FARTHEST_SEC)) {
    throw fault('trace-io/bad-number', 'elapsed time', found[6], `must be a number, at most ${FARTHEST_SEC} s`);
  }
  const iteration = Number(found[1]);
  const prefillRequests = Number(found[2]);
  const prefillTokens = Number(found[3]);
  const decodeRequests = Number(found[4]);
  const decodeTokens = Number(found[5]);
  const most = Math.max(prefillRequests, prefillTokens, decodeRequests, decodeTokens);
  if (!(most <= MOST_TOKENS && Number.isSafeInteger(iteration))) {
    const rule = `must have whole numbers from 0 to ${MOST_TOKENS}`;
    throw fault('trace-io/bad-count', 'iteration line', text.slice(index, end), rule);
  }
  const step = { iteration, prefillRequests, prefillTokens, decodeRequests, decodeTokens, durationSec };
  return { step, end };
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
