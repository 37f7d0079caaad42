import { A_CLIENT, A_LOG, type Stranger, withKeys } from './stranger.js';

const AIPERF = 'give profile_export.jsonl, which AIPerf writes into the same folder';
const INFERENCE_PERF =
  'give per_request_lifecycle_metrics.json: inference-perf writes it with `report: { request_lifecycle: { per_request: true } }` in its configuration (off by default)';
const EVALSCOPE = 'give benchmark_data.db, which evalscope writes into the same folder';
const NO_STARTS = `it has no time at which a request was sent: ${A_CLIENT}`;

/** JSON files of tools that are known, by their keys. */
export const JSON_STRANGERS: readonly Stranger[] = [
  { is: 'the summary of AIPerf', instead: AIPERF, recognise: withKeys('aiperf_version') },
  {
    is: "a summary of inference-perf's requests",
    instead: INFERENCE_PERF,
    recognise: withKeys('load_summary', 'successes'),
  },
  { is: 'the summary of evalscope', instead: EVALSCOPE, recognise: withKeys('Total Requests', 'Success Requests') },
  { is: 'the percentiles of evalscope', instead: EVALSCOPE, recognise: withKeys('Percentiles') },
  { is: 'the timeline of evalscope', instead: EVALSCOPE, recognise: withKeys('wall_start', 'points') },
  { is: 'the arguments of evalscope', instead: EVALSCOPE, recognise: withKeys('tokenizer_path', 'warmup_num') },
  {
    is: 'answers of llama.cpp with their `timings`',
    instead:
      'they do not tell when a request was sent: log it beside them and give, with its name, --map start=NAME,prefill=timings.prompt_ms,decode=timings.predicted_ms,prompt=timings.prompt_n,output=timings.predicted_n --time-unit ms',
    recognise: ({ keys, text }) => keys.includes('timings') && /"predicted_ms"\s*:/.test(text),
  },
  { is: 'requests of LLMPerf', instead: NO_STARTS, recognise: withKeys('inter_token_latency_s', 'ttft_s') },
  { is: 'the summary of LLMPerf', instead: NO_STARTS, recognise: withKeys('results_ttft_s_mean') },
  {
    is: 'the settings of a run of genai-bench',
    instead: NO_STARTS,
    recognise: withKeys('benchmark_version', 'api_backend'),
  },
  {
    is: 'a dashboard of Grafana',
    instead: `it shows sums over requests: ${A_LOG}`,
    recognise: (head) => withKeys('panels')(head) && /"(?:schemaVersion|templating|__requires)"/.test(head.text),
  },
  {
    is: 'a result of sglang.bench_serving without its requests one by one',
    instead: 'run the benchmark again with --output-details',
    recognise: ({ keys, firstObject }) =>
      keys.includes('total_output_tokens_retokenized') && firstObject?.ttfts === undefined,
  },
  {
    is: 'a result of genai-bench',
    instead: NO_STARTS,
    recognise: (head) => head.keys.includes('individual_request_metrics'),
  },
  {
    is: "an output of OpenAI's batches",
    instead: `it has no time of a token: ${A_CLIENT}`,
    recognise: withKeys('custom_id', 'response'),
  },
  {
    is: 'an answer of Prometheus',
    instead: `its series are sums over requests: ${A_LOG}`,
    recognise: (head) => withKeys('status', 'data')(head) && /"resultType"\s*:/.test(head.text),
  },
  {
    is: 'a trace of a profiler (Chrome, Perfetto, PyTorch)',
    instead: A_LOG,
    recognise: withKeys('traceEvents'),
  },
  {
    is: 'a result of a benchmark of functions (Google Benchmark, pytest-benchmark)',
    instead: A_LOG,
    recognise: (head) =>
      withKeys('benchmarks')(head) && (head.keys.includes('machine_info') || head.keys.includes('context')),
  },
  {
    is: 'a file that stepclock wrote',
    instead: 'give the trace that it was made from',
    recognise: ({ text }) => /^\s*\{\s*"schema"\s*:\s*"stepclock\//.test(text),
  },
  {
    is: 'settings of an engine',
    instead: 'give them beside a trace, as meta.json in its folder or with --meta',
    recognise: ({ keys }) =>
      ['engine_kwargs', 'engine_args', 'resolved_config', 'max_num_batched_tokens'].some((key) => keys.includes(key)),
  },
];
