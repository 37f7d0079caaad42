import { RequestBuilder } from '../../requests/request-builder.js';
import type { EngineSettings, Trace } from '../../trace.js';
import { countIn, type LogLine, secondsIn } from './log-lines.js';

/** Minutes, seconds, milliseconds, microseconds since the server started (`--log-timestamps`). */
const STAMP = /^(\d+)\.(\d\d)\.(\d{3})\.(\d{3}) /;
const TASK = /\btask (\d+) \|/;
const PROMPT = /\bnew prompt, .*\b(?:n_prompt_tokens|task\.n_tokens) = (\d+)/;
const PREFILL = /\bprompt eval time = +([\d.]+) ms \/ +(\d+) tokens/;
const DECODE = /(?<!prompt) eval time = +([\d.]+) ms \/ +(\d+) tokens/;

/** Seconds since a llama.cpp server started, by the stamp of a line; undefined where it has none. */
export function llamaCppStamp(text: string): number | undefined {
  const stamp = STAMP.exec(text);
  if (stamp === null) return undefined;
  const [, minutes = 0, seconds = 0, milli = 0, micro = 0] = stamp.map(Number);
  return 60 * minutes + seconds + milli / 1e3 + micro / 1e6;
}

/**
 * The requests of a llama.cpp server's log, which it has without `--verbose`: when each ended (its `release`, else its `print_timing`), and how long its
 * prefill and its decode took up to there. The first token comes with the prefill. When a request was sent the log does not tell.
 */
export class LlamaCppTimings {
  readonly #builder: RequestBuilder;
  /** Of tasks that go on. */
  readonly #prompts = new Map<string, number>();
  readonly #ends = new Map<string, number>();
  #told: {
    readonly task: string;
    readonly endSec: number;
    prefill?: { readonly sec: number; readonly tokens: number };
  } = { task: '', endSec: Number.NaN };
  #speculates = false;

  constructor(file: string) {
    this.#builder = new RequestBuilder(file);
  }

  take(line: LogLine): void {
    const { text } = line;
    const task = TASK.exec(text)?.[1];
    const prompt = PROMPT.exec(text);
    if (task !== undefined && prompt !== null) this.#prompts.set(task, countIn(line, 'tokens of a prompt', prompt[1]));
    this.#speculates ||= text.includes('draft acceptance');
    const atSec = llamaCppStamp(text);
    if (task !== undefined && atSec !== undefined) {
      if (text.includes('stop processing')) this.#ends.set(task, atSec);
      // A newer server says so in each of the lines.
      if (text.includes('print_timing') && task !== this.#told.task)
        this.#told = { task, endSec: this.#ends.get(task) ?? atSec };
    }
    const prefill = PREFILL.exec(text);
    if (prefill !== null) {
      const [, ms, tokens] = prefill;
      this.#told.prefill = {
        sec: secondsIn(line, 'prompt eval time', ms, 1e3),
        tokens: countIn(line, 'tokens of a prefill', tokens),
      };
    }
    const decode = DECODE.exec(text);
    if (decode !== null) this.#end(line, secondsIn(line, 'eval time', decode[1], 1e3), decode[2]);
  }

  #end(line: LogLine, decodeSec: number, tokens: string | undefined): void {
    const { task, endSec, prefill } = this.#told;
    // Times of the whole process, or without a stamp.
    if (Number.isNaN(endSec)) return;
    if (prefill === undefined) {
      this.#builder.exclude('no-prefill-time', line.line);
      return;
    }
    const promptTokens = Math.max(prefill.tokens, this.#prompts.get(task) ?? 0);
    const cachedTokens = promptTokens - prefill.tokens;
    this.#builder.add(task, line.line, {
      scheduledSec: endSec - decodeSec - prefill.sec,
      firstTokenSec: endSec - decodeSec,
      lastTokenSec: endSec,
      promptTokens,
      ...(cachedTokens > 0 && { cachedTokens }),
      outputTokens: countIn(line, 'tokens of a decode', tokens),
    });
    this.#prompts.delete(task);
    this.#ends.delete(task);
    this.#told = { task: '', endSec: Number.NaN };
  }

  /** Undefined where the log tells no request with its time. */
  trace(settings: EngineSettings): Trace | undefined {
    if (this.#builder.length === 0) return undefined;
    return this.#builder.trace({
      format: 'llama-cpp-log',
      clock: "the server's clock, microseconds; durations of requests, milliseconds rounded to 0.01",
      timeUnit: 'us',
      queueInPrefill: 'no',
      firstTokenWithPrefill: true,
      settings: { ...(this.#speculates && { speculation: true }), ...settings },
    });
  }
}
