import '@stepclock/vitest-matchers';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EngineOptions, resolveEngine } from '../src/engine-options.js';
import type { Scenario } from '../src/scenarios.js';
import { type ClusterRun, serveTogether } from '../src/scheduler/cluster.js';
import type { EngineRun } from '../src/scheduler/engine.js';
import type { Workload } from '../src/workload.js';
import { arbitraryRun, tightRun } from './arbitrary-run.js';
import { plainEngine } from './plain-engine.js';

const runOf = (
  workload: Workload,
  options: EngineOptions,
  noise = () => 1,
): Omit<ClusterRun, 'engines'> & EngineRun => {
  const { cachedTokens = new Float64Array(workload.length) } = workload;
  const { engines, ...columns } = serveTogether({ ...workload, cachedTokens }, resolveEngine(options), () => noise);
  return { ...columns, ...engines[0] };
};

const workload = (...rows: [arrival: number, prompt: number, output: number][]): Workload => ({
  length: rows.length,
  arrivalSec: Float64Array.from(rows, ([arrival]) => arrival),
  promptTokens: Float64Array.from(rows, ([, prompt]) => prompt),
  outputTokens: Float64Array.from(rows, ([, , output]) => output),
});

describe('a run obeys', () => {
  it.each([
    ['of every kind', arbitraryRun],
    ['short of blocks, with steps planned ahead', tightRun],
  ])('a plain simulator gives the same steps and times, token for token: %s', (_, runs) => {
    fc.assert(
      fc.property<[{ workload: Workload; engine: Scenario['engine'] }]>(runs, ({ workload: load, engine }) => {
        const run = runOf(load, engine);
        const { steps } = run;
        const plain = plainEngine(load, engine);
        const counts = Array.from({ length: steps.length }, (_, i) => ({
          prefill: steps.prefillTokens[i],
          prefillContext: steps.prefillContext[i],
          prefills: steps.prefillRequests[i],
          decode: steps.decodeTokens[i],
          context: steps.contextTokens[i],
          requests: steps.requests[i],
          preemptions: steps.preemptions[i],
        }));
        const told = plain.steps.map(({ prefill, prefillContext, decode, context, requests, preemptions }) => ({
          prefill,
          prefillContext,
          prefills: requests - decode,
          decode,
          context,
          requests,
          preemptions,
        }));
        expect(JSON.stringify(counts)).toBe(JSON.stringify(told));
        expect(String(run.preemptions)).toBe(String(plain.rows.map((r) => r.preemptions)));
        // The same additions in the same order, up to the order inside a step's duration.
        const times = [...steps.startSec, ...run.scheduledSec, ...run.firstTokenSec, ...run.lastTokenSec];
        const { rows } = plain;
        const want = [plain.steps.map((s) => s.start), rows.map((r) => r.scheduled), rows.map((r) => r.first)].flat();
        expect(times).toAgree([...want, ...rows.map((r) => r.last)], 1e-12);
      }),
      { numRuns: 100 },
    );
  });

  it('arrivals that are step boundaries are found again: the run of its own log is the same run', () => {
    fc.assert(
      fc.property(arbitraryRun, ({ workload: load, engine }) => {
        // With asynchronous scheduling two steps may be planned at one time.
        const settings = { ...engine, asyncScheduling: false, arrivalsReadAtSteps: true };
        const once = runOf(load, settings);
        const again = runOf({ ...load, arrivalSec: once.takenInSec }, settings);
        const times = ({
          takenInSec,
          steps,
          lastTokenSec,
        }: Pick<ClusterRun & EngineRun, 'takenInSec' | 'steps' | 'lastTokenSec'>) =>
          `${takenInSec} ${steps.startSec} ${lastTokenSec}`;
        expect(times(again)).toBe(times(once));
      }),
      { numRuns: 50 },
    );
  });
});

describe('a step', () => {
  it('takes its expected duration times its factor', () => {
    let steps = 0;
    const coefficients = { beta0: 10, beta1: 1, beta2: 2, beta3: 0.1 };
    const { steps: table } = runOf(workload([5, 20, 3]), { coefficients }, () => ++steps);
    // 10 + 20; 10 + 2 + 0.1 x 20; 10 + 2 + 0.1 x 21
    expect(table.durationSec).toAgree([30, 2 * 14, 3 * 14.1], 1e-12);
    expect(table.startSec).toAgree([5, 35, 63], 1e-12);
  });

  it('tells what it recomputes: all that the request had, or what is not found again', () => {
    // 4 blocks: each request fills two with 32 tokens and then needs a third; the second loses its place with 32 tokens.
    const load = workload([0, 17, 18], [0, 17, 18]);
    const engine = { coefficients: { beta0: 1, beta1: 0, beta2: 0 }, kvTokens: 64 };
    const again = runOf(load, engine);
    expect([[...again.preemptions], [...again.recomputedTokens]]).toEqual([
      [0, 1],
      [0, 32],
    ]);
    expect([...again.takenInSec]).toEqual([0, 0]);
    // One of its two blocks is taken by the first request, and the other is found again; or its first 10 tokens always are.
    expect(runOf(load, { ...engine, prefixCaching: true }).recomputedTokens[1]).toBe(16);
    const cached = { ...load, cachedTokens: Float64Array.of(0, 10) };
    expect(runOf(cached, engine).recomputedTokens[1]).toBe(32 - 10);
  });
});

describe('a step planned ahead', () => {
  const engine = { coefficients: { beta0: 1, beta1: 0, beta2: 0 }, asyncScheduling: true };

  it('takes the blocks of the last admitted where that has ended: no preemption', () => {
    // Both hold 2 of 4 blocks; the second has its last token with the step to 16, the first then needs a third block.
    const { steps, preemptions, lastTokenSec } = runOf(workload([0, 17, 18], [0, 17, 16]), { ...engine, kvTokens: 64 });
    expect([...preemptions]).toEqual([0, 0]);
    expect([...steps.preemptions]).toEqual(Array(18).fill(0));
    expect([...lastTokenSec]).toEqual([18, 16]);
  });

  it('lets go one that has ended once, and the others that ended with it when that is known', () => {
    // The first needs a third block for the step from 16 on and keeps three to its end at 30.
    const first: [number, number, number] = [0, 17, 30];
    const ends: [number, number, number] = [0, 17, 16];
    // 4 blocks: one is left to the third request, which needs two and waits for the end of the first.
    const short = runOf(workload(first, ends, [16.5, 17, 1]), { ...engine, kvTokens: 64 });
    expect([short.scheduledSec[2], short.firstTokenSec[2]]).toEqual([30, 31]);
    // 6 blocks: the last gives up its two at once, the second when its end is known; that leaves three, as the fourth needs.
    const enough = runOf(workload(first, ends, ends, [16.5, 33, 1]), { ...engine, kvTokens: 96 });
    expect([enough.scheduledSec[3], enough.firstTokenSec[3]]).toEqual([17, 19]);
    expect([...enough.lastTokenSec]).toEqual([30, 16, 16, 19]);
  });

  it('waits for the step in flight where nothing is left to plan', () => {
    const slow = { ...engine, coefficients: { beta0: 10, beta1: 0, beta2: 0 } };
    const { takenInSec, scheduledSec, lastTokenSec } = runOf(workload([0, 4, 1], [5, 4, 1]), slow);
    expect([takenInSec[1], scheduledSec[1], lastTokenSec[1]]).toEqual([10, 10, 20]);
  });
});

describe('arrival times read at step boundaries', () => {
  const read = { arrivalsReadAtSteps: true };
  /** When the second request is taken in, scheduled, and has its first token. */
  const second = (arrival: number, engine: EngineOptions, first: [arrival: number, prompt: number, output: number]) => {
    const { takenInSec, scheduledSec, firstTokenSec } = runOf(workload(first, [arrival, 4, 2]), engine);
    return [takenInSec[1], scheduledSec[1], firstTokenSec[1]];
  };

  it('are those of the nearest boundary, the earlier one of two', () => {
    const engine = { coefficients: { beta0: 10, beta1: 0, beta2: 0 }, ...read };
    const at = (arrival: number) => second(arrival, engine, [0, 4, 9]);
    // Steps of 10 s from 0 on.
    expect(at(12)).toEqual([10, 10, 20]);
    expect(at(15)).toEqual([10, 10, 20]);
    expect(at(15.1)).toEqual([20, 20, 30]);
    expect(at(20)).toEqual([20, 20, 30]);
    // Without it, the first boundary after the time.
    expect(second(12, { ...engine, arrivalsReadAtSteps: false }, [0, 4, 9])).toEqual([20, 20, 30]);
  });

  it('the boundary ahead is where the running requests alone would bring it', () => {
    // 4 tokens of 8 take 10 + 4 s, twice; then decodes of 10 + 2 s and 0.5 s a token of context.
    const engine = { coefficients: { beta0: 10, beta1: 1, beta2: 2, beta3: 0.5 }, chunkSize: 4, ...read };
    const at = (arrival: number) => second(arrival, engine, [0, 8, 3])[0];
    // Boundaries at 14, 28, then 12 + 4 and 12 + 4.5 s further.
    expect([20.9, 21.1, 35.9, 36.1].map(at)).toEqual([14, 28, 28, 44]);
  });

  it('with a step planned ahead, the boundary ahead is the end of the step in flight', () => {
    const engine = { coefficients: { beta0: 10, beta1: 0, beta2: 0 }, asyncScheduling: true, ...read };
    // Nearest to 13 is 10, when the step from 20 on is planned; nearest to 17 is 20.
    expect(second(13, engine, [0, 4, 9])).toEqual([10, 10, 30]);
    expect(second(17, engine, [0, 4, 9])).toEqual([20, 20, 40]);
    // Two chunks of 10 + 4 s, then steps of 10: when the step from 28 on is planned, at 14, the boundary ahead is 28.
    const chunked = { ...engine, coefficients: { beta0: 10, beta1: 1, beta2: 0 }, chunkSize: 4 };
    expect([20.9, 21.1].map((arrival) => second(arrival, chunked, [0, 8, 9])[0])).toEqual([14, 28]);
  });

  it('an idle engine takes a request in when it comes', () => {
    const engine = { coefficients: { beta0: 10, beta1: 0, beta2: 0 }, ...read };
    expect(second(100.5, engine, [0, 4, 1])).toEqual([100.5, 100.5, 110.5]);
    // The one step is over at 10: a request of the time before waits for that.
    expect(second(9, engine, [0, 4, 1])).toEqual([10, 10, 20]);
    expect(second(100.5, { ...engine, asyncScheduling: true }, [0, 4, 1])).toEqual([100.5, 100.5, 110.5]);
  });
});
