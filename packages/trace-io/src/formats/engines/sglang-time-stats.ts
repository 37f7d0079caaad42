import { Fault } from '@stepclock/faults';
import type { Input } from '../../bytes/input.js';
import { RequestBuilder } from '../../requests/request-builder.js';
import type { Trace } from '../../trace.js';
import { countIn, type LogLine, readStepLog, secondsIn } from '../steps/log-lines.js';
import type { ReadOptions, TraceFormat } from '../trace-format.js';

const STATS = /\bReq ?Time ?Stats\(rid=(?:'([^']*)'|([^,)]*)), (.*)$/;
const MILLI = 1e3;

/**
 * The lines of a SGLang server's log about its requests (`--enable-request-time-stats-logging`; sglang/srt/observability/req_time_stats.py,
 * `convert_to_duration`): `ReqTimeStats(rid=..., input_len=1000, cached_input_len=900, output_len=50, attempts=0, type=unified): queue_duration=1.56ms,
 * initial_prefill_elapsed=5.00ms, post_prefill_elapsed=95.00ms, forward_duration=100.00ms, entry_time=1790758489.264`. A request enters the queue at
 * `entry_time`. Lines of versions without `initial_prefill_elapsed` do not tell when the prefill ended: of those, requests of one token count. What a
 * prefill or a decode server calls forward has the transfer of the cache in it: such lines are left out.
 */
export const sglangTimeStats: TraceFormat = {
  name: 'sglang-time-stats',
  description: "SGLang's lines of request times in a log (--enable-request-time-stats-logging)",
  recognise: ({ text }) => /\bReq ?Time ?Stats\(rid=.*queue_duration=/.test(text),
  read,
};

async function read(input: Input, options: ReadOptions): Promise<Trace> {
  const builder = new RequestBuilder(input.file);
  let unsplit = 0;
  const take = (line: LogLine): void => {
    const found = STATS.exec(line.text);
    if (found === null) return;
    const [, quoted, bare = '', fields = ''] = found;
    const word = (name: string): string | undefined =>
      new RegExp(`(?:^|[ (])${name}=([\\w.+-]*)`).exec(fields)?.[1]?.replace(/ms$/, '');
    const milli = (name: string): number => secondsIn(line, name, word(name), MILLI);
    const type = word('type');
    if (type !== undefined && type !== 'unified') return void builder.exclude('disaggregated', line.line);
    const outputTokens = countIn(line, 'output_len', word('output[ _]len'));
    const entrySec = secondsIn(line, 'entry_time', word('(?:entry|start)_time'), 1);
    if (entrySec === 0) return void builder.exclude('no-arrival', line.line);
    const scheduledSec = entrySec + milli('queue_duration');
    const forwardSec = milli('forward_duration');
    const isSplit = word('initial_prefill_elapsed') !== undefined;
    if (!isSplit && outputTokens > 1) unsplit++;
    const prefillSec = isSplit ? milli('initial_prefill_elapsed') : outputTokens === 1 ? forwardSec : Number.NaN;
    const cachedTokens = countIn(line, 'cached_input_len', word('cached_input_len') ?? '0');
    builder.add(quoted ?? bare, line.line, {
      arrivalSec: entrySec,
      scheduledSec,
      firstTokenSec: scheduledSec + prefillSec,
      lastTokenSec: scheduledSec + forwardSec,
      promptTokens: countIn(line, 'input_len', word('input[ _]len')),
      ...(cachedTokens > 0 && { cachedTokens }),
      outputTokens,
    });
  };
  const without = (): Trace | undefined => {
    if (builder.length === 0 && unsplit > 0) {
      throw new Fault('trace-io/no-requests', {
        what: 'request times',
        file: input.file,
        value: `${unsplit} requests`,
        rule: 'must tell when the prefill ended (initial_prefill_elapsed)',
        hint: 'this version of SGLang does not log it: --export-metrics-to-file writes it, a line a request',
      });
    }
    if (builder.length === 0 && builder.exclusions.length === 0) return undefined;
    return builder.trace({
      format: 'sglang-time-stats',
      clock: "the server's wall clock: entries to a millisecond, durations to 10 us",
      timeUnit: 's',
      queueInPrefill: 'no',
      firstTokenWithPrefill: true,
      settings: options.settings,
    });
  };
  return await readStepLog(input, options, {
    marks: ['TimeStats(', 'Time Stats('],
    must: 'must have at least one line `ReqTimeStats(rid=..., ...): queue_duration=..., forward_duration=..., entry_time=...`',
    take,
    without,
    facts: { format: 'sglang-time-stats', clock: '', timeUnit: 's' },
  });
}
