import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { requestsOf } from '../src/trace-view.js';

const workload = {
  length: 2,
  arrivalSec: Float64Array.of(9, 9),
  promptTokens: Float64Array.of(20, 7),
  outputTokens: Float64Array.of(3, 2),
};
const times = {
  arrivalSec: Float64Array.of(0.12, 0.26),
  scheduledSec: Float64Array.of(0.23, 0.37),
  firstTokenSec: Float64Array.of(0.34, 0.48),
  lastTokenSec: Float64Array.of(0.45, 0.59),
};
const view = { queueInPrefill: false, roundToSec: undefined };

describe('the requests that a run shows', () => {
  it('have their times as they happened, names by their rows, tokens as asked', () => {
    const { requestIds, ...rest } = requestsOf(workload, times, view);
    const { promptTokens, outputTokens } = workload;
    expect(rest).toEqual({ length: 2, ...times, promptTokens, outputTokens });
    expect([requestIds.length, requestIds.at(0), requestIds.at(1)]).toEqual([2, 'r0', 'r1']);
  });

  it('rounded, have the nearest multiples', () => {
    const shown = requestsOf(workload, times, { ...view, roundToSec: 0.1 });
    expect(shown.arrivalSec).toAgree([0.1, 0.3], 1e-12);
    expect(shown.scheduledSec).toAgree([0.2, 0.4], 1e-12);
    expect(shown.firstTokenSec).toAgree([0.3, 0.5], 1e-12);
    expect(shown.lastTokenSec).toAgree([0.5, 0.6], 1e-12);
  });

  it('seen from the client, are scheduled when they arrive', () => {
    const shown = requestsOf(workload, times, { queueInPrefill: true, roundToSec: 0.1 });
    expect(shown.scheduledSec).toEqual(shown.arrivalSec);
    expect(shown.arrivalSec).toAgree([0.1, 0.3], 1e-12);
  });

  it('keep what was cached, and the engine of each where there are several', () => {
    const cachedTokens = Float64Array.of(5, 0);
    expect(requestsOf({ ...workload, cachedTokens }, times, view).cachedTokens).toBe(cachedTokens);
    const names = (...engines: number[]) => {
      const { instance, instanceIds } = requestsOf({ ...workload, instance: Uint32Array.from(engines) }, times, view);
      expect([...(instance ?? [])]).toEqual(engines);
      return Array.from({ length: instanceIds?.length ?? 0 }, (_, i) => instanceIds?.at(i));
    };
    expect(names(0, 0)).toEqual(['engine-0']);
    expect(names(2, 1)).toEqual(['engine-0', 'engine-1', 'engine-2']);
  });
});
