import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { expect, it } from 'vitest';
import { RollingFitter, type StepColumns } from '../src/index.js';

const { steps } = runScenario('kv', { requests: 400, seed: 3 });

/** Steps [from, from + 100), each `times` as long; every thirtieth of them a stall of a second where asked. */
const window = (from: number, times = 1, stalls = false): StepColumns => {
  const part = (column: Float64Array): Float64Array => column.slice(from, from + 100);
  return {
    length: 100,
    durationSec: part(steps.durationSec).map((sec, i) => times * sec + (stalls && i % 30 === 0 ? 1 : 0)),
    prefillTokens: part(steps.prefillTokens),
    decodeTokens: part(steps.decodeTokens),
    contextTokens: part(steps.contextTokens),
  };
};

it('the level is what the last window took over what the fit of all says, stalls apart', () => {
  const fitter = new RollingFitter(10);
  const levels = Array.from({ length: 9 }, (_, k) => fitter.add(window(100 * k))[0]?.level);
  expect(levels.map((level) => level ?? 0)).toAgree(new Array(9).fill(1), 1e-6);
  const [stalled] = fitter.add(window(900, 1, true));
  expect(stalled?.level ?? 0).toAgree(1, 1e-3);
  // The window is in the fit, and draws it to itself.
  const [slow] = fitter.add(window(1000, 1.3));
  expect(slow?.level ?? 0).toBeGreaterThan(1.05);
  expect(slow?.level ?? 0).toBeLessThan(1.3);
});

it('a window without work has none, and gives no fit before the first step', () => {
  const none = new Float64Array(100);
  const idle = { ...window(100), prefillTokens: none, decodeTokens: none };
  const fitter = new RollingFitter(2);
  expect(fitter.add(idle)).toEqual([]);
  expect(fitter.add(window(0))).toHaveLength(1);
  expect(fitter.add(idle)[0]?.level).toBeNull();
  // The last step has left.
  expect(fitter.add(idle)).toEqual([]);
});
