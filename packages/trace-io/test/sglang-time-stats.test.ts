import '@stepclock/vitest-matchers';
import { expect, it } from 'vitest';
import { readTrace } from '../src/index.js';

const read = (text: string) => readTrace(new Blob([text]).stream());

const line = (fields: string, times: string): string =>
  `[2026-09-30 08:54:56] ReqTimeStats(rid=bde3, input_len=1000, cached_input_len=900, ${fields}): queue_duration=1.50ms, ${times}\n`;
const SPLIT =
  'initial_prefill_elapsed=5.00ms, post_prefill_elapsed=95.00ms, forward_duration=100.00ms, entry_time=1790758489.264';
const WHOLE = 'forward_duration=100.00ms, entry_time=1790758489.264';

it('a request waits, is prefilled and decoded', async () => {
  const { phases, requests, facts } = await read(line('output_len=50, attempts=0, type=unified', SPLIT));
  expect([facts.format, requests?.cachedTokens?.[0], phases?.prefillTokens[0]]).toEqual([
    'sglang-time-stats',
    900,
    100,
  ]);
  const since = (column: Float64Array | undefined) => [...(column ?? [])].map((sec) => sec - 1790758489);
  expect(since(requests?.arrivalSec)).toAgree([0.264], 1e-5);
  expect(since(phases?.startSec)).toAgree([0.2655, 0.2705], 1e-5);
  expect(since(phases?.endSec)).toAgree([0.2705, 0.3655], 1e-5);
});

it('lines that a container engine wrapped in JSON', async () => {
  const wrapped = JSON.stringify({ log: line('output_len=50, attempts=0, type=unified', SPLIT), stream: 'stderr' });
  expect((await read(wrapped)).requests?.length).toBe(1);
});

it('a version that does not tell the end of the prefill gives requests of one token, else it is refused with the way out', async () => {
  const one = line('output_len=1, type=unified', WHOLE);
  const { phases, exclusions } = await read(one + line('output_len=50, type=unified', WHOLE).replace('bde3', 'bde4'));
  expect(phases?.length).toBe(1);
  expect(exclusions).toMatchObject([{ reason: 'no-tokens', count: 1 }]);
  const old =
    'Req Time Stats(rid=a, input len=38, output len=484, type=unified): queue_duration=0.10ms, forward_duration=20.00ms, start_time=12.5\n';
  await expect(read(old)).rejects.toThrow(/initial_prefill_elapsed.*--export-metrics-to-file/);
});

it('prefill and decode servers, and a request without an entry, are left out', async () => {
  const { exclusions } = await read(
    line('output_len=50, type=unified', SPLIT) +
      line('output_len=1, type=prefill', WHOLE) +
      line('output_len=9, type=decode', WHOLE) +
      line('output_len=9, type=unified', SPLIT.replace('1790758489.264', '0.0')),
  );
  expect(exclusions.map(({ reason, count }) => [reason, count])).toEqual([
    ['disaggregated', 2],
    ['no-arrival', 1],
  ]);
});

it.each([
  [line('output_len=5.5, type=unified', SPLIT), 'must be a whole number'],
  [line('output_len=50, type=unified', SPLIT.replace('100.00ms', 'soon')), 'must be a number'],
  [line('output_len=50, type=unified', 'forward_duration=100.00ms'), 'entry_time'],
])('a broken line: %#', async (text, rule) => {
  await expect(read(text)).rejects.toThrow(rule);
});
