import type { Input } from '../../bytes/input.js';
import { Exclusions } from '../../requests/exclusions.js';
import type { StepColumns } from '../../tables/step-columns.js';
import type { Trace } from '../../trace.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';
import { countIn, type LogLine, readStepLog } from './log-lines.js';

const BATCH = /\b(Prefill|Decode) batch(?: \[\d+\])?[.,] /;
const PREFIX = /^\[(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)((?: \w+\d+)*)\]/;
/** Decode steps between two lines, unless the log names its server's `decode_log_interval`. */
const INTERVAL = 40;
const ASKED_INTERVAL = /\bdecode_log_interval=(\d+)/;
const field = (name: string): RegExp => new RegExp(`${name}: ([\\d.]+)`);
const NEW_SEQS = field('#new-seq');
const NEW_TOKENS = field('#new-token');
const RUNNING = field('#running-req');
const TOKENS = field('#(?:full )?token');
const ACCEPTED = field('accept len');
const THROUGHPUT = field('gen throughput \\(token/s\\)');

interface Engine {
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
 * between count the rest: such rows are far too long, and fits set them apart.
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
  const take = (line: LogLine, columns: StepColumns): void => {
    const asked = ASKED_INTERVAL.exec(line.text);
    if (asked !== null) interval = countIn(line, 'decode_log_interval', asked[1]);
    const found = BATCH.exec(line.text);
    if (found === null) return;
    const prefix = PREFIX.exec(line.text);
    const name = (prefix?.[7] ?? '').trim();
    let engine = engines.get(name);
    if (engine === undefined) {
      engine = { prompts: 0, prefillTokens: 0, prefillSteps: 0, last: undefined };
      engines.set(name, engine);
    }
    if (found[1] === 'Prefill') {
      engine.prompts += countIn(line, '#new-seq', NEW_SEQS.exec(line.text)?.[1]);
      engine.prefillTokens += countIn(line, '#new-token', NEW_TOKENS.exec(line.text)?.[1]);
      engine.prefillSteps++;
      return;
    }
    const decodes = countIn(line, '#running-req', RUNNING.exec(line.text)?.[1]);
    const context = countIn(line, '#token', TOKENS.exec(line.text)?.[1]);
    const rate = Number(THROUGHPUT.exec(line.text)?.[1]);
    const accepted = Number(ACCEPTED.exec(line.text)?.[1] ?? 1);
    if (!(rate >= 0)) throw line.fault('bad-number', 'gen throughput (token/s)', line.text, 'must be a number');
    if (engine.last === undefined)
      exclusions.add('first-rate', "a first decode line, whose rate counts from the server's start", line.line);
    else if (!(rate > 0 && decodes > 0)) exclusions.add('no-rate', 'a decode line without a rate', line.line);
    else {
      const { prompts, prefillTokens, prefillSteps } = engine;
      const steps = interval + prefillSteps;
      // What runs changes between two lines, which tell its ends.
      const meanDecodes = (engine.last.decodes + decodes) / 2;
      const meanContext = (engine.last.context + context) / 2;
      columns.add(
        {
          durationSec: (interval * meanDecodes * accepted) / rate,
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
    Object.assign(engine, { prompts: 0, prefillTokens: 0, prefillSteps: 0, last: { decodes, context } });
  };
  return await readStepLog(input, options, {
    marks: ['Prefill batch', 'Decode batch', 'decode_log_interval='],
    must: 'must have two decode lines of an engine at least: `Decode batch, ... gen throughput (token/s): ...`',
    take,
    facts: { format: 'sglang-batches', clock: 'rates over forty decode steps, tokens a second', timeUnit: 's' },
    exclusions: () => exclusions.list(),
  });
}
