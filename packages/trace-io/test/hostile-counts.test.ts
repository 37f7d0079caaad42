import { describe, expect, test } from 'vitest';
import { formats, readTrace } from '../src/index.js';
import { text } from './streams.js';

const HEADER = 'request_id,phase_type,t_start,t_end,prefill_tokens,decode_tokens,N_steps\n';
const log = (...rows: object[]): string =>
  rows
    .map((row, i) =>
      JSON.stringify({
        request_id: `r${i}`,
        input_toks: 10,
        output_toks: 5,
        queued_ts: 0,
        scheduled_ts: 1,
        first_token_ts: 2,
        last_token_ts: 3,
        ...row,
      }),
    )
    .join('\n');

describe('counts that no engine has are refused with their line', () => {
  test.each([
    [
      'an output of 1e8 tokens',
      log({}, { output_toks: 1e8 }),
      2,
      'outputTokens: must be a whole number from 0 to 10000000',
    ],
    ['an output of 1e15 tokens', log({}, { output_toks: 1e15 }), 2, 'outputTokens'],
    [
      'a prompt of 1e10 tokens',
      log({}, { input_toks: 1e10 }),
      2,
      'promptTokens: must be a whole number from 0 to 1000000000',
    ],
    [
      '200,000 tokens in a second',
      log({}, { output_toks: 200_000 }),
      2,
      'outputTokens: must be at most 100000 steps in 1 s, 0.00001 s each',
    ],
    ['200,000 steps in a second', log({ decode_steps: 200_000 }), 1, 'decodeSteps: must be at most 100000 steps'],
    [
      'a workload of 1e8 tokens',
      '{"queued_ts":1,"request_id":"a","input_toks":1,"output_toks":100000000}\n',
      1,
      'outputTokens',
    ],
    [
      'phases of 1e8 tokens a second',
      `${HEADER}a,decode,0,1,0,100000000,\n`,
      2,
      'decode_tokens: must be at most 100000 steps in 1 s',
    ],
    ['phases of 1e8 steps a second', `${HEADER}a,decode,0,1,0,4,100000000\n`, 2, 'N_steps: must be at most'],
    [
      'phases of 1e15 tokens',
      `${HEADER}a,prefill,0,1,1000000000000000,0,\n`,
      2,
      'prefill_tokens: must be a whole number from 0 to 1000000000',
    ],
    [
      'unused tokens of 1e15',
      `${HEADER}a,prefill,0,1,5,1000000000000000,\n`,
      2,
      'decode_tokens: must be a whole number',
    ],
  ])('%s', async (_, content, line, message) => {
    const reading = readTrace(text(content), { fileName: 'a' });
    await expect(reading).rejects.toMatchObject({ code: 'trace-io/bad-count', line });
    await expect(reading).rejects.toThrow(message);
  });
});

describe('what says nothing is given up, in every format', () => {
  /** More than a reader may want before it says so. */
  const PATIENCE = 2 ** 25;

  async function* endless(before: string, piece: string): AsyncGenerator<Uint8Array> {
    const chunk = new TextEncoder().encode(piece.repeat(2 ** 14));
    yield new TextEncoder().encode(before);
    for (let given = 0; given < PATIENCE; given += chunk.length) yield chunk;
    throw new Error('nobody ends this');
  }

  const MAPS: Readonly<Record<string, Record<string, string>>> = {
    mapped: { start: 'a', first: 'b', last: 'c', prompt: 'd', output: 'e' },
    'mapped-steps': { seconds: 'a', prefill_tokens: 'b', decode_seqs: 'c' },
  };

  test.each(formats.map(({ name }) => name))('%s', async (format) => {
    const map = MAPS[format];
    for (const [before, piece] of [
      ['{}\n', '{}\n'],
      ['[{}\n', ',{}\n'],
      ['\n', '\n'],
    ] as const) {
      const reading = readTrace(endless(before, piece), { fileName: 'a', format, ...(map && { map }) });
      await expect(reading, JSON.stringify(piece)).rejects.toMatchObject({
        code: expect.stringMatching(/^trace-io\//),
      });
    }
  });
});

describe('requests of several engines', () => {
  test('name their instance all or none', async () => {
    const reading = readTrace(text(log({ instance_id: 'a' }, {}, { instance_id: 'b' })));
    await expect(reading).rejects.toMatchObject({ code: 'trace-io/partial-instance', line: 2 });
  });

  test('as spans: one unnamed resource among named ones', async () => {
    const batch = (id: string, instance?: string) => ({
      resource: {
        attributes: instance === undefined ? [] : [{ key: 'service.instance.id', value: { stringValue: instance } }],
      },
      scopeSpans: [
        {
          spans: [
            {
              spanId: id,
              startTimeUnixNano: '1000000000000000000',
              endTimeUnixNano: '1000000003000000000',
              attributes: Object.entries({
                'gen_ai.latency.time_to_first_token': 1,
                'gen_ai.latency.time_in_model_decode': 2,
                'gen_ai.usage.prompt_tokens': 10,
                'gen_ai.usage.completion_tokens': 5,
              }).map(([key, doubleValue]) => ({ key, value: { doubleValue } })),
            },
          ],
        },
      ],
    });
    const lines = [batch('a', 'one'), batch('b'), batch('c', 'two')].map((b) => JSON.stringify({ resourceSpans: [b] }));
    await expect(readTrace(text(lines.join('\n')))).rejects.toMatchObject({
      code: 'trace-io/partial-instance',
      line: 2,
    });
    const document = JSON.stringify({ resourceSpans: [batch('a', 'one'), batch('b')] }, null, 1);
    await expect(readTrace(text(document))).rejects.toMatchObject({ code: 'trace-io/partial-instance' });
    const named = JSON.stringify({ resourceSpans: [batch('a', 'one'), batch('a', 'two')] }, null, 1);
    expect((await readTrace(text(named))).phases?.instanceIds?.length).toBe(2);
    const twice = JSON.stringify({ resourceSpans: [batch('a', 'one'), batch('a', 'one')] }, null, 1);
    expect((await readTrace(text(twice))).exclusions).toMatchObject([{ reason: 'duplicate-request', count: 1 }]);
    const changed = twice.replace(/"doubleValue": 2(?![\s\S]*"doubleValue": 2)/, '"doubleValue": 2.5');
    await expect(readTrace(text(changed))).rejects.toMatchObject({ code: 'trace-io/duplicate-request' });
  });
});
