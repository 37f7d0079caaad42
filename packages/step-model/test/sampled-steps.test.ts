import { seededRandom } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import type { StepsFit } from '../src/index.js';
import { StepFitter } from '../src/step-fit/step-fitter.js';

const TRUE = { beta0: 0.008, beta1: 20e-6, beta2: 110e-6, beta3: 90e-9 };
const STEPS = 700_000;
const PIECE = 10_000;

/** A log that comes in pieces; `slower` multiplies its steps by place, 0 to 1. */
const fitOf = (options: { readonly allSteps?: boolean }, slower: (place: number) => number = () => 1): StepsFit => {
  const next = seededRandom(7);
  const fitter = new StepFitter(options);
  for (let from = 0; from < STEPS; from += PIECE) {
    const column = (): Float64Array => new Float64Array(PIECE);
    const [durationSec, prefillTokens, decodeTokens, contextTokens] = [column(), column(), column(), column()];
    for (let i = 0; i < PIECE; i++) {
      const n = 1 + Math.floor(32 * next());
      const p = next() < 0.7 ? 0 : Math.floor(900 * next());
      const c = n * (300 + Math.floor(800 * next()));
      const { beta0, beta1, beta2, beta3 } = TRUE;
      const noise = 1 + 0.1 * (next() - 0.5);
      const stall = next() < 0.001 ? 20 : 1;
      durationSec[i] = (beta0 + beta1 * p + beta2 * n + beta3 * c) * noise * stall * slower((from + i) / STEPS);
      [prefillTokens[i], decodeTokens[i], contextTokens[i]] = [p, n, c];
    }
    fitter.add({ length: PIECE, durationSec, prefillTokens, decodeTokens, contextTokens });
  }
  return fitter.fit();
};

describe('a log of more steps than a quarter of a million', () => {
  const every = fitOf({ allSteps: true });
  const part = fitOf({});

  it('is fitted by blocks that stand for those behind them, and says so', () => {
    expect(every.diagnostics.nSampled).toBeUndefined();
    const { nSteps, nSampled = 0, measuredSeconds, fittedSeconds, stallSeconds } = part.diagnostics;
    expect(nSteps).toBe(STEPS);
    expect(nSampled).toBeGreaterThan(STEPS / 3);
    expect(nSampled).toBeLessThan(0.7 * STEPS);
    expect(measuredSeconds).toBe(every.diagnostics.measuredSeconds);
    expect(fittedSeconds + stallSeconds).toBeCloseTo(measuredSeconds, 6);
    // A thousandth of the steps are stalls, by draw: four standard deviations.
    expect(Math.abs(part.diagnostics.stalls - STEPS / 1000)).toBeLessThan(4 * Math.sqrt((2 * STEPS) / 1000));
  });

  it('gives what all steps give, within intervals that are wider', () => {
    for (const [label, value] of Object.entries(TRUE)) {
      const [low, high] = part.intervals?.byLabel[label] ?? [0, 0];
      const [least, most] = every.intervals?.byLabel[label] ?? [0, 0];
      // Half an interval beyond its end: four labels at 95 %.
      const slack = (high - low) / 2;
      expect(part.betas[label], label).toBeGreaterThan(value - (high - low) / 2 - slack);
      expect(part.betas[label], label).toBeLessThan(value + (high - low) / 2 + slack);
      expect(Math.abs(part.betas[label] / value - 1), label).toBeLessThan(0.01);
      expect(high - low, label).toBeGreaterThan((most - least) / 2);
    }
  });

  it('weighs every part of the log by its steps: a drift is seen, and the mean step is of the whole', () => {
    const drifted = fitOf({}, (place) => 1 + 0.04 * place);
    expect(drifted.warnings.map(({ code }) => code)).toContain('engine-drifted');
    expect(drifted.betas.beta0 / TRUE.beta0).toBeGreaterThan(1.017);
    expect(drifted.betas.beta0 / TRUE.beta0).toBeLessThan(1.023);
  });
});
