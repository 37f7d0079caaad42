import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { DECODE, type PhaseTable, PREFILL } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { estimateStepClock } from '../src/index.js';
import { codes, sum } from './estimate-parts.js';

const BETA = [6e-3, 2e-5, 1.2e-4] as const;

/**
 * An engine of which every step is written down: a request comes every other step, its prompt is prefilled whole in that step, and then it decodes one token a step
 * with the others. Prompts and answers repeat in cycles of different lengths; after every 50 requests the engine runs empty.
 */
const plainTrace = (
  requests: number,
): { readonly phases: PhaseTable; readonly steps: number; readonly busySec: number } => {
  const columns = { kind: new Uint8Array(2 * requests), request: new Uint32Array(2 * requests) };
  const [startSec, endSec, prefillTokens, decodeTokens] = [0, 0, 0, 0].map(() => new Float64Array(2 * requests)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  let [now, steps, busySec] = [0, 0, 0];
  let active: { readonly row: number; left: number }[] = [];
  let begun = 0;
  for (let step = 0; begun < requests || active.length > 0; step++) {
    const pauses = begun % 50 === 0;
    const waits = pauses && active.length > 0;
    if (pauses && !waits) now += 0.01;
    const prompt = step % 2 === 0 && begun < requests && !waits ? 100 + 37 * ((begun * 7) % 29) : 0;
    const start = now;
    const stepSec = BETA[0] + BETA[1] * prompt + BETA[2] * active.length;
    now += stepSec;
    if (prompt > 0 || active.length > 0) {
      steps++;
      busySec += stepSec;
    }
    for (const own of active) own.left--;
    for (const { row, left } of active) if (left === 0) endSec[row] = now;
    active = active.filter(({ left }) => left > 0);
    if (prompt === 0) continue;
    const row = 2 * begun;
    columns.kind.set([PREFILL, DECODE], row);
    columns.request.fill(begun, row, row + 2);
    startSec.set([start, now], row);
    endSec[row] = now;
    prefillTokens[row] = prompt;
    const tokens = 3 + ((begun * 5) % 11);
    decodeTokens[row + 1] = tokens;
    active.push({ row: row + 1, left: tokens });
    begun++;
  }
  const phases = {
    length: 2 * requests,
    ...columns,
    startSec,
    endSec,
    prefillTokens,
    decodeTokens,
    requestIds: { length: requests, at: (i: number) => `q${i}` },
  };
  return { phases, steps, busySec };
};

const rowsOf = (phases: PhaseTable, kind: number) => [...phases.kind.keys()].filter((row) => phases.kind[row] === kind);
describe('a trace that is fitted as it is', () => {
  it('says what the engine did: coefficients, steps, busy seconds', () => {
    const { phases, steps, busySec } = plainTrace(400);
    const progress: number[] = [];
    const { model, betas, diagnostics, history, iterations, clock, warnings } = estimateStepClock(phases, {
      model: 'linear',
      onProgress: (share) => progress.push(share),
    });
    expect([betas.beta0, betas.beta1, betas.beta2]).toAgree(BETA, 1e-11);
    expect([model, Object.keys(betas)]).toEqual(['linear', ['beta0', 'beta1', 'beta2']]);
    expect(diagnostics).toMatchObject({ n_phases: 800, n_prefills: 400, n_decodes: 400, steps });
    expect(diagnostics.mean_step_seconds).toAgree(busySec / steps, 1e-10);
    expect(diagnostics.rmse_seconds).toBeLessThan(1e-12);
    expect(clock.steps).toBe(steps);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(1);
    const waited = estimateStepClock(phases, { model: 'linear', queueInPrefill: 'yes' });
    expect(codes(waited.warnings)).toContain('queue-in-prefill');
    expect(codes(warnings)).toEqual([]);
    // An even clock to begin with: the decodes' seconds over their tokens.
    const decodes = rowsOf(phases, DECODE);
    const seconds = sum(decodes.map((row) => (phases.endSec[row] ?? 0) - (phases.startSec[row] ?? 0)));
    const [start = [], ...after] = history.beta;
    expect(start).toAgree([seconds / sum(phases.decodeTokens), 0, 0], 1e-9);
    expect(after).toHaveLength(iterations);
    expect(history.deltaBetaL2[0]).toAgree(Math.hypot(...(after[0] ?? []).map((b, j) => b - (start[j] ?? 0))), 1e-12);
  });
});

describe('a trace of many windows', () => {
  const long = plainTrace(60_000);

  it('is fitted on some of them, then laid under what they found as a whole', () => {
    const progress: number[] = [];
    const { betas, diagnostics, history, iterations, converged, clock, warnings, windows } = estimateStepClock(
      long.phases,
      { model: 'linear', onProgress: (share) => progress.push(share) },
    );
    expect([betas.beta0, betas.beta1, betas.beta2]).toAgree(BETA, 1e-10);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(diagnostics.n_phases).toBe(120_000);
    // A phase over an edge counts on both sides.
    expect(diagnostics.n_decodes).toBeGreaterThanOrEqual(60_000);
    expect(diagnostics.n_decodes).toBeLessThan(60_000 * 1.02);
    expect(diagnostics.mean_step_seconds).toAgree(long.busySec / long.steps, 1e-2);
    expect(clock.steps).toAgree(long.steps, 1e-3);
    expect([clock.wholeSteps, clock.fittedWindows, clock.windowsSetAside]).toEqual([true, clock.windows, 0]);
    expect(clock.windows).toBeGreaterThan(24);
    expect(windows.length).toBe(clock.windows);
    expect([converged, warnings]).toEqual([true, []]);
    expect(history.beta).toHaveLength(iterations + 1);
    expect(iterations).toBe(3);
  });

  it('reports every window in the order of time, each with what it says by itself', () => {
    const { byWindow, clock } = estimateStepClock(long.phases, { model: 'linear' });
    expect(byWindow).toHaveLength(clock.windows);
    for (const [w, { startSec, endSec, steps, rows, betas, relativeResidual, setAside }] of byWindow.entries()) {
      expect([betas?.beta0, betas?.beta1, betas?.beta2]).toAgree(BETA, 1e-8);
      expect([rows > 0, steps > 0, relativeResidual < 1e-8, setAside]).toEqual([true, true, true, null]);
      expect(endSec).toBeGreaterThan(startSec);
      if (w > 0) expect(startSec).toAgree(byWindow[w - 1]?.endSec ?? 0, 1e-3);
    }
    expect(byWindow[0]?.startSec).toBe(0.01);
  });

  it('takes as many passes as it may, and one on the whole at least', () => {
    for (const [maxOuterIters, iterations] of [
      [1, 2],
      [3, 3],
      [4, 4],
    ] as const) {
      const got = estimateStepClock(long.phases, { model: 'linear', maxOuterIters, tol: 0 });
      expect([got.iterations, got.converged]).toEqual([iterations, false]);
      expect(got.clock.fittedWindows).toBe(got.clock.windows);
    }
  });

  it('is converged where a pass moved no coefficient by more than what was asked', () => {
    const got = estimateStepClock(long.phases, { model: 'linear', tol: 1e-3, maxOuterIters: 10 });
    expect(got.converged).toBe(true);
    expect(got.iterations).toBeLessThan(10);
  });
});

it('of a long trace with preemptions some windows are fitted', () => {
  const preempting = runScenario('preempting', { requests: 6000, seed: 3 }).phases;
  const { clock, warnings } = estimateStepClock(preempting, { model: 'linear' });
  expect(codes(warnings)).toContain('preemption');
  expect(clock.fittedWindows).toBeLessThanOrEqual(4);
  expect(clock.windows).toBeGreaterThan(4);
});
