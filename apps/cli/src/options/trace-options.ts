import { formats, MAX_BAD } from '@stepclock/trace-io';
import { atMost, notNegative, positiveInteger } from './number-rules.js';
import { type ArgsOf, choice, number, text } from './option.js';

/** Options of every verb that reads a trace. */
export const traceOptions = {
  format: text(
    `name of the format instead of recognising it from the content: ${formats.map(({ name }) => name).join(', ')} [auto]`,
  ),
  meta: text(
    'engine settings as JSON, or the log in which vLLM or SGLang printed them [TRACE.meta.json, the .yaml of a BLIS .csv, or meta.json or server.log in its folder]',
    'input',
  ),
  map: text(
    'columns of an unknown CSV or JSON file: moments (numbers, dates) arrival=, start=, first=, last=; times taken queue= (or queue=folded), prefill=, ttft=, decode=, latency=; counts prompt=, output=, cached=, steps=; id=, instance=; in JSON also tokens= (times of chunks), gaps= (between them), paths such as timings.first and requests[].start; of steps seconds= (or start=, end=), prefill_tokens=, decode_seqs=, context_tokens=, engine=',
  ),
  'map-file': text('file with the pairs of --map, one a line', 'input'),
  'max-bad': number(
    `share of a log's records that may be left out because they cannot be read [${MAX_BAD}]`,
    atMost(1, notNegative),
  ),
  'time-unit': choice(['s', 'ms', 'us', 'ns'], 'unit of the times under --map, or of a phase table [s]'),
};

/** Of a verb that serves a load. */
export const prefixCacheOption = {
  'prefix-cache-blocks': number(
    "blocks of a prefix cache, of the file's own size, where a workload has hashes of its prompts (Mooncake: 512 tokens, Bailian: 16) [no cache]",
    positiveInteger,
  ),
};

/** What the options of a trace-reading verb say. */
export type TraceArgs = Partial<ArgsOf<typeof traceOptions & typeof prefixCacheOption>>;
