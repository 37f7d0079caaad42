import { runScenario } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import { estimateStepClock } from '../src/index.js';
import { fitStepClock } from '../src/step-clock/fit/fit-step-clock.js';
import { resolvedStepClock } from '../src/step-clock/fit/step-clock-options.js';
import { fittedWindows } from '../src/step-clock/trace/sample-windows.js';
import { traceColumns, WHOLE_TRACE } from '../src/step-clock/trace/trace-columns.js';

const { phases, coefficients } = runScenario('budget-2048-medium', { requests: 60_000, seed: 9 });

describe('a trace of more phases than are fitted as a whole', () => {
  it('is fitted on sixteen stretches, in the order of time and spread evenly over its decodes', () => {
    const windows = fittedWindows(phases, WHOLE_TRACE, 30_000);
    expect(windows).toHaveLength(16);
    const starts = phases.startSec.filter((_, i) => phases.kind[i] === 1).sort();
    const share = (sec: number): number => starts.findIndex((start) => start >= sec) / starts.length;
    for (const [w, [from, to]] of windows.entries()) {
      expect((share(from) + share(to)) / 2).toAgree((w + 0.5) / 16, 0, 1e-3);
    }
  });

  it('is fitted as a whole where it is not longer, or where stretches would be most of it', () => {
    expect(fittedWindows(phases, WHOLE_TRACE, phases.length)).toEqual([WHOLE_TRACE]);
    expect(fittedWindows(phases, [0, 100], 30_000)).toEqual([[0, 100]]);
  });

  it('gives the coefficients of the engine', () => {
    const { fit, stretches, problem } = fitStepClock(phases, resolvedStepClock({}), undefined, 30_000);
    const { beta0, beta1, beta2 } = coefficients;
    expect(stretches).toBe(16);
    expect(problem.columns.decodes.length).toBeLessThan(0.6 * 60_000);
    expect(fit.coefficients.slice(0, 3)).toAgree([beta0, beta1, beta2], 2e-3);
  });

  it('knows the prompts of requests whose prefill lies before a stretch', () => {
    const [, second] = fittedWindows(phases, WHOLE_TRACE, 30_000);
    if (second === undefined) throw new Error('no stretch');
    const { decodes } = traceColumns(phases, [second]);
    const promptOf = new Map<number | undefined, number | undefined>();
    for (const [i, kind] of phases.kind.entries())
      if (kind === 0) promptOf.set(phases.request[i], phases.prefillTokens[i]);
    const inside = Array.from(decodes.row.keys()).filter(
      (d) => (phases.startSec[decodes.row[d] ?? 0] ?? 0) >= second[0],
    );
    expect(inside.length).toBeGreaterThan(1000);
    for (const d of inside) expect(decodes.context[d]).toBe(promptOf.get(phases.request[decodes.row[d] ?? 0]));
    expect(decodes.context.every((tokens) => tokens > 0)).toBe(true);
  });
});

it('an estimate says that it comes from a part of the trace', () => {
  const preempting = runScenario('preempting', { requests: 25_000, seed: 3 }).phases;
  const { warnings, diagnostics } = estimateStepClock(preempting, { model: 'linear' });
  const fitted = diagnostics.n_prefills + diagnostics.n_decodes;
  expect(warnings.find(({ code }) => code === 'part-of-trace')?.message).toContain(
    `4 stretches, spread evenly over the trace, with ${fitted} of its ${preempting.length} phases`,
  );
  const short = runScenario('budget-2048-medium', { requests: 300, seed: 3 }).phases;
  expect(estimateStepClock(short).warnings.map(({ code }) => code)).not.toContain('part-of-trace');
});
