import { describe, expect, test } from 'vitest';
import { traceFilesOf } from '../src/index.js';

describe('the traces of a folder', () => {
  test.each([
    [['profile_export.jsonl', 'profile_export_aiperf.csv', 'inputs.json'], ['profile_export.jsonl']],
    [
      ['stage_0_lifecycle_metrics.json', 'per_request_lifecycle_metrics.json.gz'],
      ['per_request_lifecycle_metrics.json.gz'],
    ],
    [['benchmarks.csv', 'benchmarks.json'], ['benchmarks.json']],
    [['result.jsonl', 'meta.json', 'command.txt'], ['result.jsonl']],
  ])('%j', (names, found) => {
    expect(traceFilesOf(names, 'out')).toEqual(found);
  });

  test.each([
    [
      ['profile_export_aiperf.json'],
      'folder: must hold the requests of AIPerf (out): AIPerf writes profile_export.jsonl',
    ],
    [['summary_lifecycle_metrics.json'], 'must hold the requests of inference-perf (out)'],
    [['benchmarks.html'], 'must hold the requests of GuideLLM (out)'],
    [['benchmark_summary.json'], 'must hold the requests of evalscope (out)'],
    [['meta.json'], 'must hold a trace (out): give the file itself'],
    [['b.csv', 'a.jsonl'], 'give the files themselves: a.jsonl, b.csv'],
  ])('%j is refused with what to do', (names, message) => {
    expect(() => traceFilesOf(names, 'out')).toThrow(message);
  });
});
