import { llamaCppLog } from '../steps/llama-cpp-log.js';
import { sglangBatches } from '../steps/sglang-batches.js';
import { trtllmLog } from '../steps/trtllm-log.js';
import { A_CLIENT, A_LOG, type Stranger } from './stranger.js';
import { isHeader } from './suggested-map.js';
import { roughStep } from './throughput-lines.js';

/** Server logs: a line of steps may still come far behind the first bytes. */
export const SERVER_LOGS: readonly Stranger[] = [
  {
    is: 'a log of SGLang without decode lines',
    steps: sglangBatches,
    instead:
      'start the server with --export-metrics-to-file --export-metrics-to-file-dir DIR and give the file of its requests',
    recognise: ({ text }) => /(?:Prefill|Decode) batch[. ,]|server_args=ServerArgs\(/.test(text),
  },
  {
    is: 'a log of vLLM without its steps',
    tells: ({ text }) => roughStep(text),
    instead:
      'start vLLM with --enable-logging-iteration-details --no-async-scheduling, or give the result of vllm bench serve --save-result --save-detailed',
    recognise: ({ text }) =>
      /\((?:APIServer|EngineCore)|Avg prompt throughput|\bvllm\b.*\bINFO\b|\[(?:api_server|async_llm|loggers)\.py:/.test(
        text,
      ),
  },
  {
    is: 'a log of llama.cpp without steps or requests with their times',
    steps: llamaCppLog,
    instead:
      'start the server with --log-timestamps, which times requests (with --verbose too its steps), or give the log of a client, or the `timings` of its responses as JSON lines with --map',
    recognise: ({ text }) => /llama_|\bprint_info: |\bslot +(?:print_timing|launch_slot_)|\bsrv +\w+: /.test(text),
  },
  {
    is: 'a log of TensorRT-LLM without its steps',
    steps: trtllmLog,
    instead:
      'start the server with print_iter_log: true in its options, or give the log of a client (AIPerf, vllm bench serve --backend openai)',
    recognise: ({ text }) => /\[TensorRT-LLM\]|\[TRT-LLM\]/.test(text),
  },
];

/** Other texts of tools that are known. */
export const TEXT_STRANGERS: readonly Stranger[] = [
  {
    is: 'a log of TGI (text-generation-inference)',
    instead: `it has neither prompt tokens nor first tokens: ${A_CLIENT}`,
    recognise: ({ text }) => /text_generation_(?:router|launcher)/.test(text),
  },
  {
    is: 'what vllm bench serve printed',
    instead: 'run it again with --save-result --save-detailed and give the JSON',
    recognise: ({ text }) => /=+ Serving Benchmark Result =+/.test(text),
  },
  {
    is: 'metrics of Prometheus',
    instead: `they are sums over requests: ${A_LOG}`,
    recognise: ({ text }) => /^# (?:HELP|TYPE) \w|^[a-z_]+:\w+\{(?:\w+="[^"]*",?)*\} [\d.eE+-]+$/m.test(text),
  },
  {
    is: 'a log of LoadGen (MLPerf)',
    instead: `it tells no lengths of requests: ${A_CLIENT}`,
    recognise: ({ firstLine, text }) => firstLine.startsWith(':::MLLOG ') || /^MLPerf Results Summary$/m.test(text),
  },
  {
    is: 'a table of AIPerf or genai-perf without requests',
    instead: 'give profile_export.jsonl, which AIPerf writes into the same folder',
    recognise: ({ firstLine }) => /^Metric,avg,min,max\b/.test(firstLine),
  },
  {
    is: "a table of an engine's throughput over time",
    instead: `it counts all requests together: ${A_LOG}`,
    recognise: ({ headerNames }) =>
      isHeader(headerNames) &&
      headerNames.some((name) => /throughput/.test(name)) &&
      headerNames.some((name) => /running|waiting/.test(name)),
  },
  {
    is: 'an archive (tar)',
    instead: 'unpack it, and give the folder or the file of requests in it',
    recognise: ({ text }) => text.slice(257, 262) === 'ustar',
  },
  {
    is: 'a log of LLMServingSim',
    instead: 'give the CSV of requests that its --output names',
    recognise: ({ text, headerNames }) => /^\W*LLMServingSim/.test(text) && !isHeader(headerNames),
  },
  {
    is: 'a table of GuideLLM without requests',
    instead: 'give its JSON (guidellm run --output kind=json,path=benchmarks.json)',
    recognise: ({ firstLine }) => /^(?:Run Info|Benchmark),/.test(firstLine),
  },
  {
    is: 'the YAML of GuideLLM',
    instead: 'give its JSON (guidellm run --output kind=json,path=benchmarks.json)',
    recognise: ({ text }) => /^benchmarks:/m.test(text) && /guidellm|^\s+request_totals:/m.test(text),
  },
];

const THE_LOG =
  "give the file of requests that the client of this run wrote (vLLM's result of --save-detailed, AIPerf's profile_export.jsonl, GuideLLM's benchmarks.json)";
const PER_REQUEST =
  'per_request_lifecycle_metrics.json (`report: { request_lifecycle: { per_request: true } }` writes it)';
const COMMANDS =
  /^\s*(?:#!|\$ |(?:\w+=\S* )*(?:python3?|vllm|aiperf|genai-perf|guidellm|inference-perf|evalscope|sglang|docker|curl|llama-server)\s)/;

/** Commands of clients that leave the time of every token out unless they are told. */
const WITHOUT_TOKENS: readonly (readonly [client: string, command: RegExp, flag: string])[] = [
  ['vllm bench serve', /\bvllm bench serve\b/, '--save-detailed'],
  ['sglang.bench_serving', /\bsglang\.bench_serving\b/, '--output-details'],
  ['aiperf profile', /\baiperf profile\b/, '--streaming'],
  ['evalscope perf', /\bevalscope perf\b/, '--stream'],
];

/** What a client writes of its requests, and by which of its options. */
const WRITTEN: readonly (readonly [client: string, command: RegExp, file: string])[] = [
  ['vllm bench serve', /\bvllm bench serve\b/, 'the JSON that --save-result --save-detailed wrote'],
  ['sglang.bench_serving', /\bsglang\.bench_serving\b/, 'the JSON lines that --output-file names'],
  ['aiperf profile', /\baiperf profile\b/, 'profile_export.jsonl'],
  ['genai-perf profile', /\bgenai-perf profile\b/, 'profile_export.json'],
  ['guidellm', /\bguidellm\b/, 'its JSON (benchmarks.json)'],
  ['inference-perf', /\binference-perf\b/, PER_REQUEST],
  ['evalscope perf', /\bevalscope perf\b/, 'benchmark_data.db'],
];

const commandsOfClients: readonly Stranger[] = WRITTEN.map(([client, command, file]) => ({
  is: `a command: ${client}`,
  instead: `give what it wrote: ${file}`,
  recognise: ({ text }) => COMMANDS.test(text) && command.test(text),
}));

/** A command that must be given once more. */
const commandsWithout: readonly Stranger[] = WITHOUT_TOKENS.map(([client, command, flag]) => ({
  is: `a command: ${client} without ${flag}`,
  instead: `run it again with ${flag} and give the file of requests that it writes`,
  recognise: ({ text }) => COMMANDS.test(text) && command.test(text) && !text.includes(flag),
}));

/** Texts that lie beside logs and are none; asked last, since a log may begin with its command. */
export const TEXTS_BESIDE_LOGS: readonly Stranger[] = [
  ...commandsWithout,
  ...commandsOfClients,
  { is: 'a command', instead: THE_LOG, recognise: ({ text }) => COMMANDS.test(text) },
  {
    is: 'a configuration of inference-perf',
    instead: `give what the run wrote: ${PER_REQUEST}`,
    recognise: ({ text }) => /^load:/m.test(text) && /^(?:api|server|data):/m.test(text),
  },
  {
    is: 'a configuration (YAML)',
    instead: THE_LOG,
    recognise: ({ text }) =>
      /^(?:(?:#.*|---)?\r?\n)*[a-z][\w-]*:(?: .*)?\r?\n(?:(?: |- |[a-z][\w-]*:).*\r?\n)+/.test(text),
  },
  {
    is: 'a page (HTML)',
    instead: 'give the JSON that was written beside it',
    recognise: ({ text }) => /^\s*<(?:!doctype|html)/i.test(text),
  },
];
