import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { type MatchedColumns, matchStepLogs, stepPeriods } from '../src/index.js';

/** Steps of 10 ms, of one sequence more every seventh, up to twelve. */
const log = (length: number): MatchedColumns & { readonly contextTokens: Float64Array } => ({
  endSec: Float64Array.from({ length }, (_, k) => 0.01 * (k + 1)),
  prefillTokens: Float64Array.from({ length }, (_, k) => (k % 7 === 0 ? 100 : 0)),
  decodeSeqs: Float64Array.from({ length }, (_, k) => 1 + (Math.floor(k / 7) % 12)),
  contextTokens: Float64Array.from({ length }, (_, k) => 50 * k),
});

const without = (columns: ReturnType<typeof log>, step: number): MatchedColumns => {
  const kept = (column: Float64Array): Float64Array => column.filter((_, k) => k !== step);
  return {
    endSec: kept(columns.endSec),
    prefillTokens: kept(columns.prefillTokens),
    decodeSeqs: kept(columns.decodeSeqs),
    contextTokens: kept(columns.contextTokens),
  };
};

describe('matchStepLogs', () => {
  it('counts steps that stand in the same place and hold other work apart', () => {
    const theirs = log(400);
    const other = { ...log(400), decodeSeqs: theirs.decodeSeqs.map((n) => n + 1000) };
    expect(matchStepLogs(other, theirs)).toMatchObject({ extra: 0, missed: 0, unlike: 400, sameDecodes: 0 });
    expect(matchStepLogs(theirs, theirs).unlike).toBe(0);
  });

  it('takes periods of neighbouring steps only', () => {
    const whole = log(400);
    expect(matchStepLogs(without(whole, 200), whole).periodP95Sec).toBeLessThan(1e-9);
  });

  it('a log beside itself, on another clock: every step found, nothing off', () => {
    const theirs = log(400);
    const mine = { ...theirs, endSec: theirs.endSec.map((sec) => sec + 1e9) };
    const match = matchStepLogs(mine, theirs);
    expect(match).toMatchObject({ extra: 0, missed: 0, samePrefill: 1, sameDecodes: 1, sameContext: 1 });
    // The epoch leaves a tenth of a microsecond.
    expect(match.boundaryP95Sec).toBeLessThan(1e-6);
    expect(match.periodP95Sec).toBeLessThan(1e-6);
  });

  it('a step that one of them lacks is missed, or extra', () => {
    const whole = log(400);
    expect(matchStepLogs(without(whole, 200), whole)).toMatchObject({ steps: 399, extra: 0, missed: 1 });
    expect(matchStepLogs(whole, without(whole, 200))).toMatchObject({ steps: 400, extra: 1, missed: 0 });
  });

  it('without context, prompts tell the steps apart', () => {
    const { contextTokens: _, ...whole } = log(400);
    const match = matchStepLogs(without(log(400), 210), whole);
    expect(match).toMatchObject({ extra: 0, missed: 1, sameContext: null });
  });

  it('ends that a log does not tell give no distance', () => {
    const theirs = { ...log(50), endSec: new Float64Array(50).fill(Number.NaN) };
    expect(matchStepLogs(log(50), theirs)).toMatchObject({ missed: 0, boundaryP50Sec: null, periodP50Sec: null });
  });

  it('a late end is off by its lateness, and so are both its periods', () => {
    const theirs = log(400);
    const endSec = theirs.endSec.map((sec, k) => sec + (k % 3 === 0 ? 2e-3 : 0));
    const match = matchStepLogs({ ...theirs, endSec }, theirs);
    expect(match.boundaryP95Sec).toAgree(2e-3, 1e-9);
    expect(match.periodP50Sec).toAgree(2e-3, 1e-9);
  });
});

describe('stepPeriods', () => {
  it('runs from end to end, and leaves out the first step and those after a rest', () => {
    const startSec = Float64Array.from([0, 0.011, 0.05, 0.061]);
    const column = Float64Array.from([1, 2, 3, 4]);
    const steps = {
      length: 4,
      durationSec: new Float64Array(4).fill(0.01),
      prefillTokens: column,
      decodeTokens: column,
    };
    const periods = stepPeriods(
      steps,
      startSec.map((sec, k) => sec + steps.durationSec[k]),
    );
    expect(periods.durationSec).toAgree([0.011, 0.011], 1e-9);
    expect([...periods.prefillTokens]).toEqual([2, 4]);
    expect(periods.contextTokens).toBeUndefined();
  });
});
