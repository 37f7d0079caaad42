import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { holdOutReplays, METRIC_NAMES, replay, replaySensitivity, sensitivityWarnings } from '../src/index.js';

const LIMITS = { maxNumBatchedTokens: 2048, maxNumSeqs: 256 };

describe('hold-out by replay', () => {
  const { requests, coefficients } = runScenario('kv', { seed: 1, requests: 300 });
  const middle = requests.arrivalSec[150];
  const slow = Object.fromEntries(Object.entries(coefficients).map(([label, value]) => [label, 1.1 * value]));
  const parts = [
    { window: [0, middle] as const, betas: coefficients },
    { window: [middle, Infinity] as const, betas: slow },
  ];

  it('serves every part with the fit of every part, and counts what arrives in it', () => {
    const all = holdOutReplays(requests, parts, { ...LIMITS, asyncScheduling: false, arrivalsReadAtSteps: false });
    expect(all.map(({ isHeldOut }) => isHeldOut)).toEqual([false, true, true, false]);
    expect(all.map(({ counted }) => counted.ttft)).toEqual([150, 150, 150, 150]);
    expect(all.map(({ served }) => served)).toEqual([
      parts[0].window,
      parts[1].window,
      parts[0].window,
      parts[1].window,
    ]);
    for (const metric of METRIC_NAMES) {
      // The true coefficients: no error, and the second part does not start on an empty engine.
      for (const { metrics } of all.slice(0, 2)) expect(metrics[metric].mean.error ?? 1).toAgree(0, 0, 1e-9);
      for (const { metrics } of all.slice(2)) expect(metrics[metric].mean.error ?? 0).toBeGreaterThan(0.08);
    }
  });

  it("takes a part's own overhead, rules and prompts", () => {
    const overhead = { seconds: 0.5, secondsPerPromptToken: 0, errorSec: 0 };
    const rules = { asyncScheduling: true, arrivalsReadAtSteps: false, reserveFullPrompt: false };
    const from = { asyncScheduling: 'log', arrivalsReadAtSteps: 'default', reserveFullPrompt: 'default' } as const;
    const [own] = holdOutReplays(
      requests,
      [{ ...parts[0], serving: { rules, from, overhead }, promptOffsetTokens: 100 }],
      LIMITS,
    );
    const [plain] = holdOutReplays(requests, [parts[0]], LIMITS);
    const added = (own.metrics.ttft.mean.replayed ?? 0) - (plain.metrics.ttft.mean.replayed ?? 0);
    // Half a second, a step in flight of some 10 ms, 100 tokens.
    expect(added).toBeGreaterThan(0.505);
    expect(added).toBeLessThan(0.56);
  });
});

describe('how far a replay hangs on its step time', () => {
  const of = (perSecondFactor: number) => {
    const { requests, coefficients } = runScenario('kv', { seed: 1, requests: 1500 });
    const faster = { ...requests, arrivalSec: requests.arrivalSec.map((sec) => sec / perSecondFactor) };
    const done = replay(faster, coefficients, {
      ...LIMITS,
      maxNumSeqs: 32,
      asyncScheduling: false,
      arrivalsReadAtSteps: false,
    });
    return replaySensitivity(faster, coefficients, done);
  };

  it('by about as much as the step time where the load is light', () => {
    const light = of(0.05);
    expect(light?.ttftChange ?? 0).toAgree(0.02, 0.6);
    expect(light?.utilisation ?? 2).toBeLessThan(1);
    expect(sensitivityWarnings(light)).toEqual([]);
  });

  it('by far more near saturation, which is a warning', () => {
    const full = of(1.25);
    expect(full?.ttftChange ?? 0).toBeGreaterThan(0.1);
    expect(full?.utilisation ?? 0).toBeGreaterThan(0.95);
    expect(sensitivityWarnings(full)).toEqual([
      { code: 'near-saturation', message: expect.stringMatching(/^near saturation \(steps run .* % of the time\)/) },
    ]);
  });

  it('is nothing where no request has a first token', () => {
    expect(sensitivityWarnings(null)).toEqual([]);
  });
});
