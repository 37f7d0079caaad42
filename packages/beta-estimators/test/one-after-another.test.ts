import { streamedRun } from '@stepclock/made-data';
import { expect, test } from 'vitest';
import { estimateTokenClock } from '../src/index.js';

test('a run of one user without start times is laid out one request after another, by its length', () => {
  const { tokens } = streamedRun({ perSec: 0, users: 1, engine: { maxNumBatchedTokens: 2048 }, requests: 60 }, 1);
  const { chunkOffsets, sentSec, requestCount } = tokens;
  const order = Array.from({ length: requestCount }, (_, r) => r).sort((a, b) => sentSec[a] - sentSec[b]);
  expect(order).toEqual([...order.keys()]);
  const durationSec = tokens.chunkSec[chunkOffsets[requestCount] - 1] - sentSec[0];
  const chunkSec = tokens.chunkSec.slice();
  for (let r = 0; r < requestCount; r++)
    for (let i = chunkOffsets[r]; i < chunkOffsets[r + 1]; i++) chunkSec[i] -= sentSec[r];
  const without = {
    ...tokens,
    chunkSec,
    sentSec: new Float64Array(requestCount),
    durationSec,
    starts: 'unknown',
  } as const;
  const given = estimateTokenClock(tokens);
  const found = estimateTokenClock(without);
  expect(found.clock.engines).toBe(1);
  expect(found.clock.steps).toBe(given.clock.steps);
  expect(found.betas.beta0 + found.betas.beta2).toAgree(given.betas.beta0 + given.betas.beta2, 1e-3);
  expect(found.warnings.map(({ code }) => code)).not.toContain('several-instances');
});
