import { drawWorkload, type ServedRequests, simulate } from '@stepclock/engine-sim';
import { phasesOfRequests } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { estimateStepClock, type StepClockEstimate } from '../src/index.js';

const COEFFICIENTS = { beta0: 9.5e-3, beta1: 42e-6, beta2: 75e-6, beta3: 110e-9 };
const LABELS = ['beta0', 'beta1', 'beta2', 'beta3'] as const;

const served = (requests: number): ServedRequests =>
  simulate(
    drawWorkload({
      requests,
      arrivals: { kind: 'poisson', perSec: 8 },
      prompt: { kind: 'lognormal', mean: 600, sigma: 0.8 },
      output: { kind: 'lognormal', mean: 150, sigma: 0.7 },
      seed: 2,
    }),
    { coefficients: COEFFICIENTS, maxNumBatchedTokens: 2048, maxNumSeqs: 256, stepNoise: 0.02 },
  ).requests;

const estimateOf = (requests: ServedRequests): StepClockEstimate =>
  estimateStepClock(
    phasesOfRequests(requests, { firstTokenWithPrefill: true }, (request) => request + 2),
    { maxNumBatchedTokens: 2048 },
  );

type Times = Pick<ServedRequests, 'arrivalSec' | 'scheduledSec' | 'firstTokenSec' | 'lastTokenSec'>;
const NAMES = ['arrivalSec', 'scheduledSec', 'firstTokenSec', 'lastTokenSec'] as const;
const copied = (requests: ServedRequests): Times => ({
  arrivalSec: requests.arrivalSec.slice(),
  scheduledSec: requests.scheduledSec.slice(),
  firstTokenSec: requests.firstTokenSec.slice(),
  lastTokenSec: requests.lastTokenSec.slice(),
});

/** With the times of one request later. */
const later = (requests: ServedRequests, which: number, sec: number, names: readonly (keyof Times)[]) => {
  const times = copied(requests);
  for (const name of names) times[name][which] += sec;
  return { ...requests, ...times };
};

/** Of a log whose clock was set at some moment. */
const set = (requests: ServedRequests, atSec: number, by: number): ServedRequests => {
  const times = copied(requests);
  for (const name of NAMES) for (const [i, t] of requests[name].entries()) if (t > atSec) times[name][i] = t + by;
  return { ...requests, ...times };
};

const expectLike = (estimate: StepClockEstimate, other: StepClockEstimate, share: number): void => {
  for (const label of LABELS) expect(estimate.betas[label]).toAgree(other.betas[label] ?? 0, share);
};

describe.each([300, 1500])('one bad row among %d requests', (count) => {
  const requests = served(count);
  const clean = estimateOf(requests);
  const last = requests.lastTokenSec.reduce((best, sec, i) => (sec > requests.lastTokenSec[best] ? i : best), 0);

  it.each([
    ['an hour late', 120, 3600],
    ['ten minutes late', 120, 600],
    ['ten seconds late in the middle', 120, 10],
    ['the last one ten seconds late', last, 10],
  ])('%s: named by its line, and the rest is unharmed', (_, which, sec) => {
    const estimate = estimateOf(later(requests, which, sec, ['lastTokenSec']));
    expect(estimate.oddRows).toMatchObject([{ request: `r${which}`, line: which + 2, kind: 'decode' }]);
    expect(estimate.warnings.find(({ code }) => code === 'odd-rows')?.message).toContain(`(line ${which + 2})`);
    expectLike(estimate, clean, 0.01);
  });

  it.each([
    ['a start ten minutes early', -600, ['arrivalSec', 'scheduledSec'] as const],
    ['both tokens ten minutes late', 600, ['firstTokenSec', 'lastTokenSec'] as const],
  ])('%s: the request is left out', (_, sec, names) => {
    const estimate = estimateOf(later(requests, 120, sec, names));
    expect(estimate.oddRows).toMatchObject([{ request: 'r120', line: 122, kind: 'prefill' }]);
    expectLike(estimate, clean, 0.01);
  });

  it('a clock that was set forward or back', () => {
    const atSec = requests.firstTokenSec[120] + 0.2;
    const forward = estimateOf(set(requests, atSec, 10));
    expect(forward.standstills).toHaveLength(1);
    expect(forward.standstills[0]?.seconds).toAgree(10, 0.05);
    expectLike(forward, clean, 0.01);
    expect(forward.warnings.map(({ code }) => code)).toEqual(['standstill']);
    expectLike(estimateOf(set(requests, atSec, -0.05)), clean, 0.01);
  });

  it('finds nothing where nothing is odd', () => {
    expect(clean.oddRows).toEqual([]);
    expect(clean.standstills).toEqual([]);
    expect(clean.warnings).toEqual([]);
  });
});
