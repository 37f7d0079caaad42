import '@stepclock/vitest-matchers';
import { expect, it } from 'vitest';
import { readTrace } from '../src/index.js';

const read = (text: string) => readTrace(new Blob([text]).stream());

/** Two requests: 41 prompt tokens and 26 of output, and one of 592, of which 80 are computed, and 9 of output. */
const OLDER = `0.00.000.438 I build: 4748 (c392e5094) with cc for x86_64-linux-gnu
0.00.011.437 I print_info: n_layer = 8
0.01.455.511 I slot launch_slot_: id  5 | task 7 | processing task
0.01.455.576 I slot update_slots: id  5 | task 7 | new prompt, n_ctx_slot = 4096, n_keep = 0, n_prompt_tokens = 41
0.01.483.859 I slot      release: id  5 | task 7 | stop processing: n_past = 66, truncated = 0
0.01.484.135 I slot print_timing: id  5 | task 7 | 
prompt eval time =       9.73 ms /    41 tokens (    0.24 ms per token,  4212.04 tokens per second)
       eval time =      18.12 ms /    26 tokens (    0.72 ms per token,  1382.10 tokens per second)
      total time =      27.85 ms /    67 tokens
1.02.834.718 I slot update_slots: id  0 | task 9 | new prompt, n_ctx_slot = 4096, n_keep = 0, n_prompt_tokens = 592
1.03.044.634 I slot      release: id  0 | task 9 | stop processing: n_past = 600, truncated = 0
1.03.044.724 I slot print_timing: id  0 | task 9 | 
prompt eval time =     200.00 ms /    80 tokens (    0.34 ms per token,  2951.53 tokens per second)
       eval time =       9.41 ms /     9 tokens (    1.05 ms per token,   955.92 tokens per second)
      total time =     209.41 ms /    89 tokens
`;

/** A newer server begins each line anew, and times a request before it releases it. */
const newer = (text: string): string =>
  text
    .replace(/^.* release: .*\n/gm, '')
    .replaceAll('n_prompt_tokens', 'task.n_tokens')
    .replace(/^(.* print_timing: .*\| )\n(.*)\n(.*)\n(.*)$/gm, '$1$2\n$1$3\n$1$4');

it.each([
  ['of 2025', OLDER, [1.483859, 63.044634]],
  ['of 2026', newer(OLDER), [1.484135, 63.044724]],
])('the times of requests in the log of a llama.cpp server %s are phases', async (_, text, [a = 0, b = 0]) => {
  const { kind, phases, requests, facts } = await read(text);
  expect([kind, facts.format, requests?.arrivalSec]).toEqual(['phases', 'llama-cpp-log', undefined]);
  expect([...(phases?.startSec ?? [])]).toAgree([a - 0.02785, a - 0.01812, b - 0.20941, b - 0.00941], 1e-12);
  expect([...(phases?.endSec ?? [])]).toAgree([a - 0.01812, a, b - 0.00941, b], 1e-12);
  expect([...(requests?.promptTokens ?? [])]).toEqual([41, 592]);
  expect([requests?.cachedTokens?.[1], phases?.prefillTokens[2]]).toEqual([512, 80]);
  expect([...(phases?.decodeTokens ?? [])]).toEqual([0, 25, 0, 8]);
});

it('drafted tokens are a setting of the engine', async () => {
  const { facts } = await read(`${OLDER}0.01.484.135 I slot print_timing: id 5 | task 7 | draft acceptance = 0.5\n`);
  expect(facts.settings).toMatchObject({ speculation: true });
});

it('a log that stamps no line is refused, and the flag is named', async () => {
  await expect(read(OLDER.replace(/^\d\S+ I /gm, ''))).rejects.toThrow('--log-timestamps');
});

it.each([
  [OLDER.replace('41 tokens', '4.1 tokens'), undefined],
  [OLDER.replace('9.73 ms', '9.7.3 ms'), 'must be a number'],
  [OLDER.replace('/    26 tokens', '/ 99999999999999 tokens'), 'must be a whole number'],
])('a broken line: %#', async (text, rule) => {
  if (rule !== undefined) await expect(read(text)).rejects.toThrow(rule);
  else expect((await read(text)).exclusions).toMatchObject([{ reason: 'no-prefill-time', count: 1 }]);
});
