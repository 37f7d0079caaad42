import '@stepclock/vitest-matchers';
import { isFault } from '@stepclock/faults';
import { DECODE, PREFILL } from '@stepclock/trace-io';
import { describe, expect, it } from 'vitest';
import { simulate, type Workload } from '../src/index.js';

const coefficients = { beta0: 10, beta1: 1, beta2: 2, beta3: 0.1 };

const workload = (...rows: [arrival: number, prompt: number, output: number][]): Workload => ({
  length: rows.length,
  arrivalSec: Float64Array.from(rows, ([arrival]) => arrival),
  promptTokens: Float64Array.from(rows, ([, prompt]) => prompt),
  outputTokens: Float64Array.from(rows, ([, , output]) => output),
});

describe('one step after the other', () => {
  it('one request: a prefill step, then a decode step for each further token, whose context grows', () => {
    const { steps, requests } = simulate(workload([5, 20, 3]), { coefficients });
    expect([...steps.startSec]).toEqual([5, 35, 49]);
    // 10 + 20; 10 + 2 + 0.1 x 20; 10 + 2 + 0.1 x 21
    expect(steps.durationSec).toAgree([30, 14, 14.1], 1e-12);
    expect([...steps.contextTokens]).toEqual([0, 20, 21]);
    expect(requests.firstTokenSec[0]).toBe(35);
    expect(requests.lastTokenSec[0]).toAgree(63.1, 1e-12);
  });

  it('a shared budget: decodes first, then the running prefill, then who came next', () => {
    const { steps, requests } = simulate(workload([0, 4, 5], [1, 15, 2], [1, 3, 2]), {
      coefficients: { beta0: 10, beta1: 0, beta2: 0 },
      maxNumBatchedTokens: 10,
      maxNumSeqs: 3,
    });
    expect([...steps.prefillTokens]).toEqual([4, 9, 9, 0, 0]);
    expect([...steps.decodeTokens]).toEqual([1, 1, 1, 3, 1].map((d, i) => (i === 0 ? 0 : d)));
    expect([...requests.scheduledSec]).toEqual([0, 10, 20]);
    expect([...requests.firstTokenSec]).toEqual([10, 30, 30]);
    expect([...requests.lastTokenSec]).toEqual([50, 40, 40]);
  });

  it('a chunk for every prefill: they advance side by side', () => {
    const { steps } = simulate(workload([0, 12, 1], [0, 5, 1]), { coefficients, chunkSize: 4 });
    expect([...steps.prefillTokens]).toEqual([8, 5, 4]);
    expect([...steps.requests]).toEqual([2, 2, 1]);
  });

  it('cached prompt tokens are context but not work', () => {
    const { steps } = simulate({ ...workload([0, 20, 2]), cachedTokens: Float64Array.of(15) }, { coefficients });
    expect([...steps.prefillTokens]).toEqual([5, 0]);
    expect([...steps.contextTokens]).toEqual([0, 20]);
  });

  it('an idle engine waits for the next arrival', () => {
    const { steps } = simulate(workload([0, 5, 1], [100, 5, 1]), { coefficients });
    expect([...steps.startSec]).toEqual([0, 100]);
  });
});

describe('preemption', () => {
  // 4 blocks of 16: each request holds 2 with its prompt of 17, and needs a third for its 33rd token.
  const run = simulate(workload([0, 17, 18], [0, 17, 18]), {
    coefficients: { beta0: 1, beta1: 0, beta2: 0 },
    kvTokens: 64,
  });

  it('takes the last admitted, which computes its prompt and output so far again once there is room', () => {
    // Step 0 prefills both; steps 1 to 15 fill their second blocks; step 16 has room for one; it ends with step 17.
    expect([...run.steps.preemptions].indexOf(1)).toBe(16);
    expect([...run.steps.decodeTokens]).toEqual([0, ...Array(15).fill(2), 1, 1, 0, 1]);
    expect(run.steps.prefillTokens[18]).toBe(17 + 16);
    expect([...run.truth.preemptions]).toEqual([0, 1]);
    expect([...run.truth.recomputedTokens]).toEqual([0, 32]);
  });

  it('shows in the log only as lost time: first scheduled, first and last token', () => {
    expect([...run.requests.scheduledSec]).toEqual([0, 0]);
    expect([...run.requests.firstTokenSec]).toEqual([1, 1]);
    expect([...run.requests.lastTokenSec]).toEqual([18, 20]);
  });

  it('admits nothing in a step that preempted', () => {
    // The third request would fit into the block that the second one gives up in step 16.
    const { requests } = simulate(workload([0, 17, 18], [0, 17, 18], [15.5, 1, 1]), {
      coefficients: { beta0: 1, beta1: 0, beta2: 0 },
      kvTokens: 64,
    });
    expect(requests.scheduledSec[2]).toBe(18);
  });

  it('with prefix caching recomputes only what others have overwritten', () => {
    const { truth, steps } = simulate(workload([0, 17, 18], [0, 17, 18]), {
      coefficients: { beta0: 1, beta1: 0, beta2: 0 },
      kvTokens: 64,
      prefixCaching: true,
    });
    // Of the two blocks given back the first request took the later one.
    expect([...truth.recomputedTokens]).toEqual([0, 16]);
    expect(steps.prefillTokens[18]).toBe(33 - 16);
  });

  it('with reserved prompts admits only what fits as a whole', () => {
    const long = workload([0, 30, 4], [0, 40, 2]);
    const engine = {
      coefficients: { beta0: 1, beta1: 0, beta2: 0 },
      kvTokens: 64,
      maxNumBatchedTokens: 40,
      maxNumSeqs: 4,
    };
    expect([...simulate(long, engine).requests.scheduledSec]).toEqual([0, 0]);
    expect([...simulate(long, { ...engine, reserveFullPrompt: true }).requests.scheduledSec]).toEqual([0, 4]);
  });
});

describe('asynchronous scheduling', () => {
  const engine = { coefficients: { beta0: 10, beta1: 0, beta2: 0 }, asyncScheduling: true };

  it('plans a step while the one before is running: a request waits one step longer', () => {
    const { requests } = simulate(workload([0, 4, 9], [12, 4, 2]), engine);
    // Planned at 20, while the step from 20 to 30 is already decided; its own runs from 30 to 40.
    expect([...requests.scheduledSec]).toEqual([0, 20]);
    expect([...requests.firstTokenSec]).toEqual([10, 40]);
  });

  it('an ended request keeps its place for the step that was planned already', () => {
    const one = { ...engine, maxNumSeqs: 1 };
    const { steps } = simulate(workload([0, 4, 1], [0, 4, 1]), one);
    expect([...steps.startSec]).toEqual([0, 10]);
    const three = simulate(workload([0, 4, 2], [0, 4, 2], [0, 4, 2]), { ...engine, maxNumSeqs: 2 });
    expect([...three.steps.requests]).toEqual([2, 2, 1, 1]);
  });

  it('arrival times read at step boundaries are matched with the nearest one, which is the arrival in the log', () => {
    const at = (arrival: number, arrivalsReadAtSteps = true) => {
      const { requests } = simulate(workload([0, 4, 9], [arrival, 4, 2]), { ...engine, arrivalsReadAtSteps });
      return [requests.arrivalSec[1], requests.firstTokenSec[1]];
    };
    expect(at(13)).toEqual([10, 30]);
    expect(at(17)).toEqual([20, 40]);
    expect(at(13, false)).toEqual([13, 40]);
  });
});

describe('the trace', () => {
  it('has a prefill and a decode a request, one decode step less than output tokens, none for a single token', () => {
    const { phases } = simulate(workload([0, 20, 3], [0, 7, 1]), { coefficients });
    expect([...phases.kind]).toEqual([PREFILL, DECODE, PREFILL]);
    expect([...phases.prefillTokens]).toEqual([20, 0, 7]);
    expect([...phases.decodeTokens]).toEqual([0, 2, 0]);
    expect([...phases.request]).toEqual([0, 0, 1]);
    expect(phases.requestIds.at(1)).toBe('r1');
    expect([...phases.endSec]).toEqual([37, 37 + 14 + 14.1, 37].map((t) => expect.closeTo(t, 9)));
  });

  it('seen from the client, a prefill starts at the arrival', () => {
    const load = workload([0, 20, 3], [1, 7, 1]);
    const { phases, requests } = simulate(load, { coefficients }, { queueInPrefill: true });
    expect([...phases.startSec]).toEqual([0, 30, 1]);
    expect(requests.scheduledSec).toEqual(requests.arrivalSec);
  });

  it('can be rounded; the step log is not', () => {
    const load = workload([0.1234, 20, 3]);
    const { phases, requests, steps } = simulate(load, { coefficients }, { roundToSec: 1e-3 });
    expect(requests.arrivalSec).toAgree([0.123], 1e-12);
    expect(phases.startSec).toAgree([0.123, 30.123], 1e-12);
    expect(steps.startSec[0]).toBe(0.1234);
  });

  it('does not depend on the order of the rows', () => {
    const rows: [number, number, number][] = [
      [3, 20, 3],
      [0, 9, 5],
      [1, 7, 2],
    ];
    const a = simulate(workload(...rows), { coefficients }).requests.lastTokenSec;
    const b = simulate(workload(...rows.reverse()), { coefficients }).requests.lastTokenSec;
    expect([...a]).toEqual([...b].reverse());
  });
});

describe('bad input', () => {
  const fine = workload([0, 20, 3]);
  const code = (run: () => unknown) => {
    try {
      run();
    } catch (error) {
      if (isFault(error, 'engine-sim')) return `${error.code} ${error.message}`;
      throw error;
    }
    return 'nothing thrown';
  };

  it.each([
    [{ maxNumBatchedTokens: 4, maxNumSeqs: 8 }, 'maxNumBatchedTokens: must be at least maxNumSeqs (8); got 4'],
    [{ maxNumSeqs: 0 }, 'maxNumSeqs: must be a whole number of at least 1; got 0'],
    [{ chunkSize: 1.5 }, 'chunkSize: must be a whole number of at least 1; got 1.5'],
    [{ kvTokens: 15 }, 'kvTokens: must be a whole number of at least 16; got 15'],
    [{ stepNoise: Number.NaN }, 'stepNoise: must be a finite number of at least 0; got NaN'],
    [{ coefficients: { ...coefficients, beta1: -1 } }, 'beta1: must be a finite number of at least 0; got -1'],
    [{ coefficients: { beta0: 0, beta1: 1, beta2: 0 } }, 'coefficients: must let every step take time'],
  ])('option %j', (options, message) => {
    expect(code(() => simulate(fine, { coefficients, ...options }))).toContain(`engine-sim/bad-option ${message}`);
  });

  it.each([
    [workload([Number.NaN, 1, 1]), 'bad-workload arrivalSec: must be finite; got NaN (row 0)'],
    [workload([0, 1, 1], [0, 0, 1]), 'bad-workload promptTokens: must be a whole number of at least 1; got 0 (row 1)'],
    [workload([0, 1, 1.5]), 'bad-workload outputTokens: must be a whole number of at least 1; got 1.5 (row 0)'],
    [
      { ...fine, cachedTokens: Float64Array.of(20) },
      'bad-workload cachedTokens: must be a whole number from 0 to promptTokens - 1 (19); got 20 (row 0)',
    ],
    [
      workload([0, 20, 30]),
      'request-exceeds-kv prompt and output: must fit into the KV cache of 3 blocks of 16 tokens; got 50 (row 0)',
    ],
  ])('workload %#', (load, message) => {
    expect(code(() => simulate(load, { coefficients, kvTokens: 48 }))).toBe(`engine-sim/${message}`);
  });

  it('view and seed', () => {
    expect(code(() => simulate(fine, { coefficients }, { seed: 0.5 }))).toContain(
      'seed: must be a safe integer; got 0.5',
    );
    expect(code(() => simulate(fine, { coefficients }, { roundToSec: 0 }))).toContain(
      'roundToSec: must be a finite number above 0; got 0',
    );
  });
});
