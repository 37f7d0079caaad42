import { Fault, listed } from '@stepclock/faults';

/** Where a client puts its requests: the file that serves, and the files by which its folder is known where that one is missing. */
interface Layout {
  readonly client: string;
  readonly serves: RegExp;
  readonly knownBy: RegExp;
  /** What to do where the folder lacks the file. */
  readonly instead: string;
}

const LAYOUTS: readonly Layout[] = [
  {
    client: 'AIPerf',
    serves: /^profile_export\.jsonl(?:\.gz)?$/,
    knownBy: /^profile_export_aiperf\./,
    instead: 'AIPerf writes profile_export.jsonl with --export-level records',
  },
  {
    client: 'inference-perf',
    serves: /^per_request_lifecycle_metrics\.json(?:\.gz)?$/,
    knownBy: /^(?:summary|stage_\d+)_lifecycle_metrics\.json/,
    instead:
      'inference-perf writes per_request_lifecycle_metrics.json with `report: { request_lifecycle: { per_request: true } }` in its configuration (off by default)',
  },
  {
    client: 'GuideLLM',
    serves: /^benchmarks\.json(?:\.gz)?$/,
    knownBy: /^benchmarks\.(?:csv|html|ya?ml)/,
    instead: 'GuideLLM writes benchmarks.json with --output kind=json,path=benchmarks.json',
  },
  {
    client: 'evalscope',
    serves: /^benchmark_data\.db(?:\.gz)?$/,
    knownBy: /^benchmark_(?:summary|percentile|args)\.json/,
    instead: 'evalscope keeps its requests in benchmark_data.db',
  },
];

/** Files that may be traces where no layout is known, and those that never are. */
const MAY_BE_TRACE = /\.(?:jsonl|ndjson|json|csv|tsv|log|parquet)(?:\.gz)?$/;
const NEVER_TRACE = /(?:^|[.-])meta\.json$|^(?:config|args|settings)\b|_args\.json$|summary/;

/**
 * The traces in a folder, by the names of its files: those of a load client whose layout is known, or else its only file that may be one.
 *
 * @param names of the folder's files, without the folder
 * @param folder for messages
 * @throws Fault `trace-io/unusable-folder` with what to do
 * @example
 * traceFilesOf(['profile_export.jsonl', 'profile_export_aiperf.csv'], 'artifacts'); // => ['profile_export.jsonl']
 */
export function traceFilesOf(names: readonly string[], folder: string): readonly string[] {
  const fault = (rule: string, hint: string) =>
    new Fault('trace-io/unusable-folder', { what: 'folder', file: folder, rule, hint });
  const known = LAYOUTS.map((layout) => ({ layout, found: names.filter((name) => layout.serves.test(name)) }));
  const served = known.find(({ found }) => found.length > 0);
  if (served !== undefined) return served.found;
  const lacking = LAYOUTS.find(({ knownBy }) => names.some((name) => knownBy.test(name)));
  if (lacking !== undefined) throw fault(`must hold the requests of ${lacking.client}`, lacking.instead);
  const candidates = names.filter((name) => MAY_BE_TRACE.test(name) && !NEVER_TRACE.test(name)).sort();
  if (candidates.length === 1) return candidates;
  if (candidates.length === 0) throw fault('must hold a trace', 'give the file itself');
  throw fault(
    'must hold one trace, or the files of a client that is known',
    `give the files themselves: ${listed(candidates)}`,
  );
}
