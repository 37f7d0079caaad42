import { expect, test } from 'vitest';
import { readTrace } from '../src/index.js';

const refusalOf = async (text: string): Promise<string> => {
  try {
    await readTrace(new Blob([text]).stream());
  } catch (error) {
    return String(error);
  }
  return 'read';
};

test.each([
  ['gpu,request_rate,mean_ttft_ms,p99_ttft_ms,total_input_tokens\nA,1,30,50,100\n', 'a summary of requests'],
  ['Successful requests,Mean TTFT (ms),P99 TTFT (ms)\n1,2,3\n', 'a summary of requests'],
  ['{"rate":1,"ttft_mean_ms":3,"ttft_p95_ms":5}\n', 'a summary of requests'],
  ['{"elapsed_time":1,"requests_per_second":2,"tokens_per_second":3}\n', 'a summary of requests'],
  ['{"backend":"sglang","total_output_tokens_retokenized":5,"median_ttft_ms":3}\n', '--output-details'],
  ['{"cmd":"genai-bench","benchmark_version":"0.1","api_backend":"openai"}\n', 'the settings of a run of genai-bench'],
  ['{"panels":[],"schemaVersion":38,"title":"vLLM"}\n', 'a dashboard of Grafana'],
  ['───── LLMServingSim2.0 ─────\nINFO vLLM scheduler\n', 'a log of LLMServingSim'],
  [',min,max,size\n0,1,2,3\n', 'a table with the columns'],
  ['{"input_toks":5,"output_toks":6,"arrival_time_ns":7}\n', '--time-unit ns: a workload without latencies'],
])('%j is named as %s', async (text, named) => {
  expect(await refusalOf(text)).toContain(named);
});

test('an archive is named', async () => {
  const tar = `${'requests.jsonl'.padEnd(257, '\0')}ustar  \0${'\0'.repeat(300)}`;
  expect(await refusalOf(tar)).toContain('unpack it');
});

test('why a request finished is no moment', async () => {
  const record = { arrival_ts: 1, n_prompt: 5, n_gen: 2, prefill_s: 0.1, decode_s: 0.2, finish: 'length' };
  expect(await refusalOf(`${JSON.stringify(record)}\n`)).toContain(
    'arrival=arrival_ts,prefill=prefill_s,decode=decode_s,prompt=n_prompt,output=n_gen',
  );
});

test('JSON lines behind a head with other fields are named by theirs', async () => {
  const text = '{"record":"meta","host":"a"}\n{"ts":1,"exec_s":0.1,"n_ctx_toks":5,"n_gen_reqs":2}\n';
  expect(await refusalOf(text)).toContain('seconds=exec_s,end=ts,prefill_tokens=n_ctx_toks,decode_seqs=n_gen_reqs');
});
