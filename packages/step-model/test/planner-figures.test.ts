import '@stepclock/vitest-matchers';
import { runScenario, simulate } from '@stepclock/engine-sim';
import { expect, it } from 'vitest';
import {
  capacity,
  decodeIntervalSeconds,
  loadShapeOf,
  parseSlos,
  queuedPrefillSeconds,
  rateHeld,
} from '../src/index.js';
import { baseModel } from './base-model.js';

const betas = { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, beta3: 1e-7 };
const model = baseModel({ betas });

it('a queue takes as long as the simulated engine takes to its last first token', () => {
  const prompts = [700, 2100, 3, 900, 512];
  const { requests } = simulate(
    {
      length: prompts.length,
      arrivalSec: new Float64Array(prompts.length),
      promptTokens: Float64Array.from(prompts),
      outputTokens: new Float64Array(prompts.length).fill(1),
    },
    { coefficients: betas, maxNumBatchedTokens: 512 },
  );
  expect(queuedPrefillSeconds(model, prompts, 512)).toAgree(Math.max(...requests.firstTokenSec), 1e-12);
  // 4215 tokens in steps of 502, each beside ten decodes.
  const beside = queuedPrefillSeconds(model, prompts, 512, { decodeSeqs: 10, contextTokens: 5000 });
  expect(beside).toAgree(9 * (0.006 + 10 * 1.2e-4 + 5000 * 1e-7) + 4215 * 2e-5, 1e-12);
  expect(queuedPrefillSeconds(model, [], 512)).toBe(0);
});

it('a decode interval is a step that only decodes, and the rate that is held is that of capacity', () => {
  expect(decodeIntervalSeconds(model, 32, 700)).toAgree(0.006 + 32 * (1.2e-4 + 700e-7), 1e-12);
  const shape = loadShapeOf(runScenario('kv', { requests: 200, seed: 1 }).requests);
  const slos = parseSlos('tpot:p95:30ms');
  expect(rateHeld(model, shape, slos)).toBe(capacity(model, shape, slos, {}, { draws: 0 }).ratePerSec);
  expect(rateHeld(model, shape, parseSlos('tpot:mean:1ms'))).toBe(0);
});

it.each([
  [() => queuedPrefillSeconds(model, [0], 512), 'promptTokens[0]: must be a whole number of at least 1; got 0'],
  [
    () => queuedPrefillSeconds(model, [9], 8, { decodeSeqs: 8 }),
    'beside the decodes: must be a whole number of at least 1; got 0',
  ],
  [() => queuedPrefillSeconds(model, [9], Number.NaN), 'tokenBudget: must be a whole number'],
  [() => decodeIntervalSeconds(model, -1, 9), 'decodeSeqs: must be a number of at least 0; got -1'],
])('refuses what is no queue and no batch (%#)', (ask, message) => {
  expect(ask).toThrow(message);
});
