import type { Input } from '../../bytes/input.js';
import { Exclusions } from '../../requests/exclusions.js';
import type { StepColumns } from '../../tables/step-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';
import { countIn, engineNamed, type LogLine, readStepLog } from './log-lines.js';
import { IntervalCheck } from './sglang-interval.js';

const BATCH = /\b(Prefill|Decode) batch(?: \[\d+\])?[.,] /;
const PREFIX = /\[(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:[.,]\d+)?((?: \w+\d+)*)\]/;
/** What stands before or in place of the stamp where several servers write one log: a process of Ray, an old server's GPU. */
const SERVER = /\(\w+ pid=\d+(?:, ip=[\d.]+)?\)|\[gpu(?:_id)?=\d+\]/;
/** Decode steps between two lines, unless the log names its server's `decode_log_interval`. */
const INTERVAL = 40;
const ASKED_INTERVAL = /\bdecode[-_]log[-_]interval(?:=|['"]?: | )(\d+)/;
const field = (name: string): RegExp => new RegExp(`${name}: ([\\d.]+)`);
const NEW_SEQS = field('#new-seq');
const NEW_TOKENS = field('#new-token');
const RUNNING = field('#running-req');
const TOKENS = field('#(?:full )?token');
const ACCEPTED = field('accept len');
const THROUGHPUT = field('gen throughput \\(token/s\\)');

interface Engine {
  readonly check: IntervalCheck;
  /** Whether it had nothing to do since the last decode line, and may have rested. */
  rested: boolean;
  prompts: number;
  prefillTokens: number;
  prefillSteps: number;
  /** Of the decode line before; the first one's rate counts from the server's start. */
  last: { readonly decodes: number; readonly context: number } | undefined;
}

/**
 * The batch lines of a SGLang server's log (sglang/srt/managers, scheduler metrics): a line `Prefill batch, #new-seq: 1, #new-token: 64, ...` for every
 * prefill, and a line `Decode batch, #running-req: 4, #token: 900, ..., gen throughput (token/s): 812.5, ...` for every fortieth decode step
 * (`--decode-log-interval`), whose rate is of all tokens since the line before. So a row is the forty steps of a decode line and the prefills since
 * the line before: it lasts their tokens over the rate. Requests and tokens in the cache are the mean of those at its ends. Rates of a server that rests in
 * between count the rest: rows with a prefill before which nothing ran (`#running-req: 0`) are left out, and fits set apart what is far too long.
 */
export const sglangBatches: TraceFormat = {
  name: 'sglang-batches',
  description: "SGLang's batch lines in a log: forty decode steps a row, and the prefills between them",
  recognise: ({ text }) => /\bDecode batch(?: \[\d+\])?[.,] .*gen throughput/.test(text),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const engines = new Map<string, Engine>();
  const exclusions = new Exclusions();
  let interval = INTERVAL;
  let lastLine = 1;
  const take = (line: LogLine, columns: StepColumns): void => {
    const asked = ASKED_INTERVAL.exec(line.text);
    if (asked !== null) interval = countIn(line, 'decode_log_interval', asked[1]);
    const found = BATCH.exec(line.text);
    if (found === null) return;
    const head = line.text.slice(0, found.index);
    const prefix = PREFIX.exec(head);
    const name = engineNamed(head, `${SERVER.exec(head)?.[0] ?? ''}${prefix?.[7] ?? ''}`.trim());
    let engine = engines.get(name);
    if (engine === undefined) {
      engine = {
        check: new IntervalCheck(),
        rested: false,
        prompts: 0,
        prefillTokens: 0,
        prefillSteps: 0,
        last: undefined,
      };
      engines.set(name, engine);
    }
    if (found[1] === 'Prefill') {
      engine.prompts += countIn(line, '#new-seq', NEW_SEQS.exec(line.text)?.[1]);
      engine.prefillTokens += countIn(line, '#new-token', NEW_TOKENS.exec(line.text)?.[1]);
      engine.prefillSteps++;
      engine.rested ||= RUNNING.exec(line.text)?.[1] === '0';
      return;
    }
    const decodes = countIn(line, '#running-req', RUNNING.exec(line.text)?.[1]);
    const context = countIn(line, '#token', TOKENS.exec(line.text)?.[1]);
    const rate = Number(THROUGHPUT.exec(line.text)?.[1]);
    const accepted = Number(ACCEPTED.exec(line.text)?.[1] ?? 1);
    if (!(rate >= 0)) throw line.fault('bad-number', 'gen throughput (token/s)', line.text, 'must be a number');
    lastLine = line.line;
    let durationSec = Number.NaN;
    if (engine.last === undefined)
      exclusions.add('first-rate', "a first decode line, whose rate counts from the server's start", line.line);
    else if (!(rate > 0 && decodes > 0)) exclusions.add('no-rate', 'a decode line without a rate', line.line);
    else if (engine.rested)
      exclusions.add('may-rest', 'a decode line whose rate may count a rest: nothing ran before a prefill', line.line);
    else {
      const { prompts, prefillTokens, prefillSteps } = engine;
      const steps = interval + prefillSteps;
      // What runs changes between two lines, which tell its ends.
      const meanDecodes = (engine.last.decodes + decodes) / 2;
      const meanContext = (engine.last.context + context) / 2;
      durationSec = (interval * meanDecodes * accepted) / rate;
      columns.add(
        {
          durationSec,
          prefillTokens,
          prefillRequests: prompts,
          prefillSteps,
          steps,
          decodeTokens: (interval * meanDecodes) / steps,
          contextTokens: (interval * meanContext) / steps,
        },
        name,
      );
    }
    engine.check.take(stampIn(prefix), durationSec);
    Object.assign(engine, { rested: false, prompts: 0, prefillTokens: 0, prefillSteps: 0, last: { decodes, context } });
  };
  return await readStepLog(input, options, {
    marks: ['Prefill batch', 'Decode batch', 'decode_log_interval', 'decode-log-interval'],
    must: 'must have two decode lines of an engine at least: `Decode batch, ... gen throughput (token/s): ...`',
    take,
    finish: () => {
      for (const { check } of engines.values()) check.check(input.file, lastLine, interval);
    },
    facts: { format: 'sglang-batches', clock: 'rates over forty decode steps, tokens a second', timeUnit: 's' },
    exclusions: () => exclusions.list(),
  });
}

/** Seconds of a line's stamp, of whichever zone; NaN where it has none. */
function stampIn(prefix: RegExpExecArray | null): number {
  if (prefix === null) return Number.NaN;
  const [, year = 0, month = 1, day, hour, minute, second] = prefix.slice(0, 7).map(Number);
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000;
}
