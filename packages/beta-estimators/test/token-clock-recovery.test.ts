import '@stepclock/vitest-matchers';
import { STREAMED_COST, type StreamedCase, streamedRun } from '@stepclock/made-data';
import { BASE_TERMS, fitRows, rowsOf } from '@stepclock/step-cost';
import { describe, expect, it } from 'vitest';
import { estimateTokenClock, type TokenClockOptions } from '../src/index.js';

const LABELS = ['beta0', 'beta1', 'beta2', 'beta3'] as const;
const TRUE = { ...STREAMED_COST, beta3: STREAMED_COST.beta3 ?? 0 };

type Case = StreamedCase & {
  readonly told?: TokenClockOptions;
  /** Relative, of the coefficients; default 1e-6. */
  readonly within?: number;
  /** Relative, of the number of steps; default 0, or 1e-3 where the coefficients are not exact. */
  readonly steps?: number;
};

const run = (given: Case) => {
  const { simulation, tokens } = streamedRun(given, 1);
  return { steps: simulation.steps, tokens, estimate: estimateTokenClock(tokens, given.told ?? {}) };
};

const BUDGET = { maxNumBatchedTokens: 2048 };
const SMALL_CACHE = { ...BUDGET, kvTokens: 12_000 };

describe('without noise the coefficients are exact', () => {
  it.each<[string, Case]>([
    ['0.02 requests/s, the budget told', { perSec: 0.02, engine: BUDGET, told: { tokenBudget: 2048 }, requests: 100 }],
    ['0.5 requests/s, the budget told', { perSec: 0.5, engine: BUDGET, told: { tokenBudget: 2048 } }],
    ['0.5 requests/s, nothing told', { perSec: 0.5, engine: BUDGET }],
    ['4 requests/s, nothing told', { perSec: 4, engine: BUDGET }],
    ['12 requests/s, nothing told', { perSec: 12, engine: BUDGET }],
    ['saturation, the budget told', { perSec: 20, engine: { maxNumBatchedTokens: 512 }, told: { tokenBudget: 512 } }],
    ['16 users, each of whom waits for the answer', { perSec: 0, users: 16, engine: BUDGET }],
    ['a queue for 16 places', { perSec: 12, engine: { ...BUDGET, maxNumSeqs: 16 } }],
    ['64 tokens of each prompt a step', { perSec: 8, engine: { chunkSize: 64 } }],
    ['512 tokens of each prompt a step', { perSec: 12, engine: { chunkSize: 512 } }],
    ['512 tokens of each prompt a step, hardly busy', { perSec: 2, engine: { chunkSize: 512 }, steps: 1e-3 }],
    ['prefill first, nothing told', { perSec: 6, engine: { ...BUDGET, prefillFirst: true } }],
    ['prefill first', { perSec: 6, engine: { ...BUDGET, prefillFirst: true }, told: { tokenBudget: 2048 } }],
    ['asynchronous scheduling', { perSec: 8, engine: { ...BUDGET, asyncScheduling: true } }],
    ['a chunk every three steps', { perSec: 8, engine: BUDGET, client: { interval: 3 } }],
    ['a chunk every two steps', { perSec: 8, engine: BUDGET, client: { interval: 2 } }],
    ['a chunk every four steps', { perSec: 8, engine: BUDGET, client: { interval: 4 } }],
    ['5 % of the tokens held back', { perSec: 8, engine: BUDGET, client: { heldBack: 0.05 } }],
    ['10 ms between client and engine', { perSec: 4, engine: BUDGET, client: { overheadSec: 0.01 } }],
    [
      '5 % of the tokens held back, hardly busy',
      { perSec: 2, engine: BUDGET, client: { heldBack: 0.05 }, within: 1e-5 },
    ],
    ['preemption, the budget told', { perSec: 12, engine: SMALL_CACHE, told: { tokenBudget: 2048 }, steps: 1e-3 }],
    ['preemption, nothing told', { perSec: 12, engine: SMALL_CACHE, steps: 1e-3 }],
    ['two engines behind one client', { perSec: 8, engine: BUDGET, engines: 2 }],
    ['eight engines behind one client', { perSec: 40, engine: BUDGET, engines: 8, requests: 100, within: 1e-5 }],
  ])('%s', (_, given) => {
    const { estimate, steps } = run(given);
    for (const label of LABELS) expect(estimate.betas[label]).toAgree(TRUE[label], given.within ?? 1e-6);
    const found = estimate.clock.steps + estimate.clock.hiddenSteps;
    expect(found).toAgree(steps.length, given.steps ?? (given.within === undefined ? 0 : 1e-3));
    expect(estimate.clock.engines).toBe(given.engines ?? 1);
    expect(estimate.clock.clientOverheadSec ?? 0).toAgree(given.client?.overheadSec ?? 0, 1e-6, given.within ?? 1e-9);
    // A step that nobody showed makes a row as long as a stall.
    if (given.within === undefined && given.steps === undefined) expect(estimate.clock.stalls).toBe(0);
  });

  it('a fixed cost of a step with prefill is that term, not captured batches with another beta0', () => {
    const fixedSec = 4e-3;
    const stepSeconds: StreamedCase['stepSeconds'] = ({ prefillTokens, decodeSeqs, contextTokens }) =>
      TRUE.beta0 +
      (prefillTokens > 0 ? fixedSec : 0) +
      TRUE.beta1 * prefillTokens +
      TRUE.beta2 * decodeSeqs +
      TRUE.beta3 * contextTokens;
    const { estimate } = run({ perSec: 4, engine: BUDGET, stepSeconds });
    for (const label of LABELS) expect(estimate.betas[label]).toAgree(TRUE[label], 1e-6);
    expect(estimate.terms.map(({ name }) => name)).toEqual([...BASE_TERMS.map(({ name }) => name), 'prefill_step']);
    expect(estimate.betas.prefill_step).toAgree(fixedSec, 1e-6);
  });

  it('without start times: they are rebuilt, and the coefficients are exact', () => {
    const { tokens, steps } = run({ perSec: 8, engine: BUDGET });
    const chunkSec = tokens.chunkSec.slice();
    for (let r = 0; r < tokens.requestCount; r++) {
      for (let i = tokens.chunkOffsets[r]; i < tokens.chunkOffsets[r + 1]; i++) chunkSec[i] -= tokens.sentSec[r];
    }
    const estimate = estimateTokenClock(
      { ...tokens, chunkSec, sentSec: new Float64Array(tokens.requestCount), starts: 'unknown' },
      { tokenBudget: 2048 },
    );
    expect(estimate.clock.starts).toBe('rebuilt');
    expect(estimate.clock.startResidualP95Sec).toBeLessThan(1e-6);
    expect(estimate.warnings.map(({ code }) => code)).toContain('starts-rebuilt');
    // The second request meets the first alone, in steps all alike: it may be put a little off.
    expect(estimate.clock.steps).toAgree(steps.length, 0.005);
    for (const label of LABELS) expect(estimate.betas[label]).toAgree(TRUE[label], 0.02);
  });
});

describe('a cost of the batch that is no line', () => {
  const CURVED = { perSec: 11, engine: { ...BUDGET, stepNoise: 0.02 }, requests: 600 };

  it('comes in with its curve, told or not', () => {
    const stepSeconds: NonNullable<StreamedCase['stepSeconds']> = ({ prefillTokens, decodeSeqs, contextTokens }) =>
      6e-3 + 20e-6 * prefillTokens + 4e-4 * Math.min(decodeSeqs, 16) + 1e-7 * contextTokens;
    const { estimate, tokens } = run({ ...CURVED, stepSeconds });
    expect(estimate.betas.decode_seqs_over_16).toAgree(-4e-4, 0.05);
    expect(estimate.betas.beta2).toAgree(4e-4, 0.05);
    expect(estimate.warnings).toEqual([]);
    const line = estimateTokenClock(tokens, { terms: BASE_TERMS.map(({ name }) => name) });
    expect(line.terms).toEqual(BASE_TERMS);
    expect(estimate.clock.rowResidual).toBeLessThan(0.8 * line.clock.rowResidual);
  });

  it('of a line there is none, but terms that were asked for stay', () => {
    const { estimate, tokens } = run(CURVED);
    expect(estimate.terms).toEqual(BASE_TERMS);
    const asked = estimateTokenClock(tokens, { terms: [...BASE_TERMS.map(({ name }) => name), 'decode_seqs_over_8'] });
    expect(asked.betas.decode_seqs_over_8).not.toBe(0);
    expect(Math.abs(asked.betas.decode_seqs_over_8)).toBeLessThan(1e-5);
  });
});

describe('jitter of 1 ms in the mean on steps of 6 ms that vary by 2 %', () => {
  it.each([3, 8])('%d requests/s: no coefficient is further off than 2 %, every step is found', (perSec) => {
    const { estimate, steps } = run({
      perSec,
      engine: { ...BUDGET, stepNoise: 0.02 },
      client: { jitterSec: 1e-3 },
      requests: 600,
    });
    expect(estimate.clock.steps + estimate.clock.hiddenSteps).toBe(steps.length);
    expect(estimate.clock.stepsPerRow).toBeGreaterThan(1);
    for (const label of LABELS) expect(estimate.betas[label]).toAgree(TRUE[label], 0.02);
    // The fit of the engine's own step log is no nearer than half of that.
    const table = rowsOf(
      {
        length: steps.length,
        steps: new Float64Array(steps.length).fill(1),
        prefillTokens: steps.prefillTokens,
        decodeSeqs: steps.decodeTokens,
        contextTokens: steps.contextTokens,
      },
      steps.durationSec,
      BASE_TERMS,
    );
    const best = fitRows(table).coefficients;
    const seconds = (betas: ArrayLike<number>): number => betas[0] + 8 * betas[2] + 6000 * betas[3];
    expect(seconds(LABELS.map((label) => estimate.betas[label]))).toAgree(seconds(best), 0.003);
  });
});
