import type { Fault } from '@stepclock/faults';
import { mapFor, readTrace, refusedAs } from '@stepclock/trace-io';
import { describe, expect, test } from 'vitest';
import { text } from './streams.js';

const refused = async (content: string): Promise<Fault> =>
  readTrace(text(content), { fileName: 'f' }).then(
    () => expect.unreachable('it was read'),
    (fault: Fault) => fault,
  );

const points = {
  metric: 'http_req_duration',
  type: 'Point',
  data: { time: '2026-11-30T10:00:00+01:00', value: 412.1 },
};
const k6 = { root_group: { name: '', path: '' }, metrics: { http_reqs: { count: 1200, rate: 20 } } };
const oha = { summary: { successRate: 1, total: 10 }, responseTimeHistogram: { '0.2': 3 }, rps: { mean: 16 } };
const batch = {
  ...{ id: 'batch_req_1', custom_id: 'r1', error: null },
  response: { status_code: 200, body: { created: 1711475054, usage: { prompt_tokens: 24, completion_tokens: 15 } } },
};
const matrix = {
  status: 'success',
  data: { resultType: 'matrix', result: [{ metric: {}, values: [[1764500000, '3']] }] },
};
const llmperf = [{ inter_token_latency_s: 0.02, ttft_s: 0.2, number_output_tokens: 100, number_input_tokens: 550 }];
const throughput =
  'Engine 000: Avg prompt throughput: 2.3 tokens/s, Avg generation throughput: 0.5 tokens/s, Running: 0 reqs, Waiting: 0 reqs, GPU KV cache usage: 0.0%';

describe('what people have and no format reads is named, with a command that gets what is read', () => {
  test.each([
    ['the summary of k6', JSON.stringify(k6, null, 2)],
    ['the points of k6', `${JSON.stringify(points)}\n${JSON.stringify(points)}\n`],
    ['the points of k6', 'metric_name,timestamp,metric_value,check,error\nhttp_req_duration,1764500000,412.1,,\n'],
    ['a result of oha', JSON.stringify(oha)],
    [
      'statistics of Locust',
      'Type,Name,Request Count,Failure Count,Median Response Time\nPOST,/v1/completions,550,2,990\n',
    ],
    ['statistics of Locust', 'Timestamp,User Count,Type,Name,Requests/s\n1764500000,16,,Aggregated,9.3\n'],
    ['the table of hey', 'response-time,DNS+dialup,DNS,Request-write\n0.4,0.001,0,0.0001\n'],
    [
      'what a load tester of HTTP printed (wrk, hey, ab)',
      'Running 30s test @ http://127.0.0.1:8000/v1/completions\n  12 threads and 400 connections\n',
    ],
    [
      'an access log of a web server',
      '10.0.0.1 - - [30/Nov/2026:10:00:00 +0000] "POST /v1/completions HTTP/1.1" 200 5000\n',
    ],
    ["an output of OpenAI's batches", `${JSON.stringify(batch)}\n`],
    ['an answer of Prometheus', JSON.stringify(matrix)],
    ['metrics of Prometheus', 'vllm:num_requests_running{engine="0",model_name="m"} 4.0\n'],
    ['metrics of Prometheus', '# TYPE vllm:num_requests_running gauge\nvllm:num_requests_running{engine="0"} 4.0\n'],
    ['a log of LoadGen (MLPerf)', ':::MLLOG {"key": "effective_scenario", "value": "Server", "time_ms": 273.0}\n'],
    ['requests of LLMPerf', JSON.stringify(llmperf)],
    ['a log of vLLM without its steps', `(APIServer pid=1) INFO 11-30 07:08:57 [loggers.py:259] ${throughput}\n`],
    ['a log of vLLM without its steps', `INFO 01-27 19:04:07 metrics.py:467] ${throughput}\n`],
  ])('%s', async (is, content) => {
    const fault = await refused(content);
    expect(fault.code).toBe('trace-io/unusable-file');
    expect(refusedAs(fault)).toBe(is);
    expect(fault.hint).toMatch(/vllm bench serve .*--save-result --save-detailed/);
  });
});

describe('a log of vLLM without its steps', () => {
  const line = (prompts: number, generated: number, running: number): string =>
    `INFO 11-30 07:08:57 [loggers.py:259] Engine 000: Avg prompt throughput: ${prompts} tokens/s, Avg generation throughput: ${generated} tokens/s, Running: ${running} reqs, Waiting: 0 reqs\n`;

  test('tells a rough step of ten seconds without prompts, and calls it so', async () => {
    const log = [line(0, 400, 4), line(900, 100, 4), line(0, 250, 3), line(0, 90, 1), line(0, 0, 0)].join('');
    expect((await refused(log)).hint).toContain(
      '; its throughput lines give a rough first value, and no estimate: about 11 ms a step at 1 running (the middle one of 3 lines without prompts)',
    );
  });

  test('tells nothing by fewer lines', async () => {
    expect((await refused(line(0, 400, 4) + line(0, 250, 3) + line(5, 90, 1))).hint).not.toContain('rough');
  });
});

describe('a table from a spreadsheet', () => {
  const bytes = (content: string) => new TextEncoder().encode(content);
  test('with `;` between cells is mapped by its names, blanks in them or not', () => {
    expect(mapFor(bytes('\ufeffRequest ID;Arrival;First Token;Last Token;Prompt Tokens;Output Tokens\r\n'))).toEqual({
      ...{ id: 'request id', arrival: 'arrival', first: 'first token', last: 'last token' },
      ...{ prompt: 'prompt tokens', output: 'output tokens' },
    });
  });

  test('whose times count from the start is not mapped unasked: each may be in a unit of its own', async () => {
    const table =
      'Request ID;Start Time (s);TTFT (ms);Total Latency (ms);Prompt Tokens;Output Tokens\r\na;0,1;40,2;900,1;9;9\r\n';
    expect(mapFor(bytes(table))).toBeUndefined();
    expect((await refused(table)).hint).toContain(
      'try --map "id=request id,arrival=start time (s),ttft=ttft (ms),latency=total latency (ms),prompt=prompt tokens,output=output tokens", with all times in one unit',
    );
  });
});
