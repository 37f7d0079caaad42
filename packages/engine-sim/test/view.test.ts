import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { drawWorkload, runScenario, type Scenario, simulate, type Workload } from '../src/index.js';

const coefficients = { beta0: 1, beta1: 0, beta2: 0 };
const workload = (...rows: [arrival: number, prompt: number, output: number][]): Workload => ({
  length: rows.length,
  arrivalSec: Float64Array.from(rows, ([arrival]) => arrival),
  promptTokens: Float64Array.from(rows, ([, prompt]) => prompt),
  outputTokens: Float64Array.from(rows, ([, , output]) => output),
});
const many = (n: number, output = 1): Workload =>
  workload(...Array.from({ length: n }, (): [number, number, number] => [0, 1, output]));

describe('limits that are not given', () => {
  it('256 requests run at once, or as many as a step has tokens', () => {
    expect(Math.max(...simulate(many(300), { coefficients }).steps.requests)).toBe(256);
    expect([...simulate(many(20), { coefficients, maxNumBatchedTokens: 8 }).steps.requests]).toEqual([8, 8, 4]);
    expect(Math.max(...simulate(many(300), { coefficients, maxNumBatchedTokens: 400 }).steps.requests)).toBe(256);
    expect(Math.max(...simulate(many(300), { coefficients, maxNumSeqs: 400 }).steps.requests)).toBe(300);
  });

  it('steps must take time: beta0 alone, or beta1 and beta2 together', () => {
    const one = many(1, 2);
    const sum = (betas: object) =>
      simulate(one, { coefficients: { beta0: 0, beta1: 0, beta2: 0, ...betas } }).steps.durationSec.reduce(
        (a, b) => a + b,
        0,
      );
    expect(sum({ beta0: 3 })).toBe(6);
    expect(sum({ beta1: 1, beta2: 2 })).toBe(3);
    for (const bad of [{}, { beta1: 1 }, { beta2: 1 }, { beta3: 1 }]) {
      const given = { beta0: 0, beta1: 0, beta2: 0, ...bad };
      expect(() => simulate(one, { coefficients: given })).toThrow(
        `coefficients: must let every step take time: beta0 > 0, or beta1 and beta2 > 0; got ${JSON.stringify(JSON.stringify(given))}`,
      );
    }
  });

  it.each(['beta0', 'beta1', 'beta2', 'beta3', 'stepNoise'])('%s is finite and not negative', (name) => {
    for (const value of [-1e-9, Number.NaN, Number.POSITIVE_INFINITY]) {
      const options =
        name === 'stepNoise'
          ? { coefficients, stepNoise: value }
          : { coefficients: { ...coefficients, [name]: value } };
      expect(() => simulate(many(1), options)).toThrow(
        expect.objectContaining({
          name: 'Fault',
          code: 'engine-sim/bad-option',
          what: name,
          rule: 'must be a finite number of at least 0',
          value,
          row: undefined,
        }),
      );
    }
  });

  it.each([
    ['maxNumSeqs', 1],
    ['maxNumBatchedTokens', 1],
    ['chunkSize', 1],
    ['kvTokens', 16],
  ] as const)('%s is a whole number of at least %d', (name, least) => {
    const rest = name === 'maxNumBatchedTokens' ? { maxNumSeqs: 1 } : {};
    expect(() => simulate(many(1), { coefficients, ...rest, [name]: least })).not.toThrow();
    for (const value of [least - 1, least + 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => simulate(many(1), { coefficients, ...rest, [name]: value })).toThrow(
        expect.objectContaining({ what: name, rule: `must be a whole number of at least ${least}`, value }),
      );
    }
  });

  it('a step has a token for every request that runs', () => {
    const engine = { coefficients, maxNumSeqs: 8 };
    expect(() => simulate(many(1), { ...engine, maxNumBatchedTokens: 8 })).not.toThrow();
    expect(() => simulate(many(1), { ...engine, maxNumBatchedTokens: 7 })).toThrow(
      expect.objectContaining({ what: 'maxNumBatchedTokens', rule: 'must be at least maxNumSeqs (8)', value: 7 }),
    );
  });
});

describe('rows of a workload', () => {
  it('a request may fill the cache to its last token, and no further', () => {
    // 17 + 16 - 1 = 32 tokens are cached: two blocks.
    expect(() => simulate(workload([0, 17, 16]), { coefficients, kvTokens: 47 })).not.toThrow();
    expect(() => simulate(workload([0, 1, 1], [0, 17, 17]), { coefficients, kvTokens: 47 })).toThrow(
      expect.objectContaining({
        code: 'engine-sim/request-exceeds-kv',
        what: 'prompt and output',
        rule: 'must fit into the KV cache of 2 blocks of 16 tokens',
        value: 34,
        row: 1,
      }),
    );
  });

  it.each<[string, Partial<Workload>, string, number]>([
    [
      'arrivalSec',
      { arrivalSec: Float64Array.of(0, Number.POSITIVE_INFINITY) },
      'must be finite',
      Number.POSITIVE_INFINITY,
    ],
    ['promptTokens', { promptTokens: Float64Array.of(1, 0.5) }, 'must be a whole number of at least 1', 0.5],
    ['promptTokens', { promptTokens: Float64Array.of(1, 0) }, 'must be a whole number of at least 1', 0],
    ['outputTokens', { outputTokens: Float64Array.of(1, 0) }, 'must be a whole number of at least 1', 0],
    [
      'cachedTokens',
      { cachedTokens: Float64Array.of(0, -1) },
      'must be a whole number from 0 to promptTokens - 1 (8)',
      -1,
    ],
    [
      'cachedTokens',
      { cachedTokens: Float64Array.of(0, 9) },
      'must be a whole number from 0 to promptTokens - 1 (8)',
      9,
    ],
    [
      'cachedTokens',
      { cachedTokens: Float64Array.of(0, 1.5) },
      'must be a whole number from 0 to promptTokens - 1 (8)',
      1.5,
    ],
  ])('%s is checked: %j', (what, change, rule, value) => {
    expect(() => simulate({ ...workload([0, 9, 1], [0, 9, 1]), ...change }, { coefficients })).toThrow(
      expect.objectContaining({ code: 'engine-sim/bad-workload', what, rule, value, row: 1 }),
    );
  });

  it('all but one token of a prompt may be cached', () => {
    const load = { ...workload([0, 9, 1]), cachedTokens: Float64Array.of(8) };
    const { steps, requests } = simulate(load, { coefficients });
    expect(steps.prefillTokens[0]).toBe(1);
    expect(requests.cachedTokens).toEqual(load.cachedTokens);
    expect(simulate(workload([0, 9, 1]), { coefficients }).requests).not.toHaveProperty('cachedTokens');
  });

  it('requests that arrive together are served in the order of their rows', () => {
    const { requests } = simulate(workload([1, 1, 1], [0, 1, 1], [0, 1, 1], [0, 1, 1]), {
      coefficients,
      maxNumSeqs: 1,
    });
    expect([...requests.scheduledSec]).toEqual([3, 0, 1, 2]);
  });
});

describe('views of a run', () => {
  const load = workload([0.123, 20, 3], [0.456, 7, 2]);
  const engine = { coefficients: { beta0: 0.111, beta1: 0, beta2: 0 }, maxNumSeqs: 1 };

  it('are in seconds as they happened, unless rounded; the workload is left alone', () => {
    const { requests, truth } = simulate(load, engine);
    expect(requests.arrivalSec).toEqual(load.arrivalSec);
    expect(requests.arrivalSec).not.toBe(load.arrivalSec);
    expect(requests.scheduledSec).toAgree([0.123, 0.456], 1e-12);
    expect(requests.firstTokenSec).toAgree([0.234, 0.567], 1e-12);
    expect(requests.lastTokenSec).toAgree([0.456, 0.678], 1e-12);
    expect([requests.length, requests.requestIds.length, requests.requestIds.at(1)]).toEqual([2, 2, 'r1']);
    expect([requests.promptTokens, requests.outputTokens]).toEqual([load.promptTokens, load.outputTokens]);
    expect(requests).not.toHaveProperty('instance');
    expect([[...truth.preemptions], [...truth.recomputedTokens]]).toEqual([
      [0, 0],
      [0, 0],
    ]);
  });

  it('rounded ones are multiples in every column', () => {
    const { requests } = simulate(load, engine, { roundToSec: 0.1 });
    expect(requests.arrivalSec).toAgree([0.1, 0.5], 1e-12);
    expect(requests.scheduledSec).toAgree([0.1, 0.5], 1e-12);
    expect(requests.firstTokenSec).toAgree([0.2, 0.6], 1e-12);
    expect(requests.lastTokenSec).toAgree([0.5, 0.7], 1e-12);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('cannot be rounded to %d s', (roundToSec) => {
    expect(() => simulate(load, engine, { roundToSec })).toThrow(
      expect.objectContaining({
        code: 'engine-sim/bad-option',
        what: 'roundToSec',
        rule: 'must be a finite number above 0',
        value: roundToSec,
      }),
    );
  });

  it('engines are named and counted up to the highest, used or not; each has its own steps and noise', () => {
    const instance = Uint32Array.of(2, 0);
    const { requests, steps } = simulate({ ...load, instance }, { ...engine, stepNoise: 0.1 });
    expect([requests.instance, requests.instanceIds?.length, requests.instanceIds?.at(2)]).toEqual([
      instance,
      3,
      'engine-2',
    ]);
    expect([...(steps.instance ?? [])]).toEqual([0, 0, 2, 2, 2]);
    expect([steps.startSec[0], steps.startSec[2]]).toEqual([0.456, 0.123]);
    expect(steps.durationSec[0]).not.toBe(steps.durationSec[2]);
    const alone = simulate({ ...load, instance: Uint32Array.of(0, 0) }, engine).steps;
    expect(alone).not.toHaveProperty('instance');
  });

  it('every engine serves its own requests, in the order of their arrival', () => {
    // One at a time, a step of a second a token. The first engine: rows 3, 0, 4; the second: rows 2, 1.
    const rows = workload([2, 1, 3], [1, 1, 2], [0, 1, 2], [0, 1, 1], [2.5, 1, 1]);
    const { requests, steps } = simulate(
      { ...rows, instance: Uint32Array.of(0, 1, 1, 0, 0) },
      { coefficients, maxNumSeqs: 1 },
    );
    expect([...requests.lastTokenSec]).toEqual([5, 4, 2, 1, 6]);
    expect([...(steps.instance ?? [])]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1]);
    expect([...steps.startSec]).toEqual([0, 2, 3, 4, 5, 0, 1, 2, 3]);
  });

  it('the seed is 0 unless given; another gives other noise, none no noise', () => {
    const durations = (seed?: number, stepNoise = 0.1) =>
      simulate(load, { ...engine, stepNoise }, seed === undefined ? {} : { seed }).steps.durationSec;
    expect(durations()).toEqual(durations(0));
    expect(durations(1)).not.toEqual(durations(0));
    expect(durations(1, 0)).toEqual(durations(0, 0));
    expect(() => durations(0.5)).toThrow(
      expect.objectContaining({
        code: 'engine-sim/bad-option',
        what: 'seed',
        rule: 'must be a safe integer',
        value: 0.5,
      }),
    );
  });

  it('noise is cut at a fifth of the duration', () => {
    const { durationSec } = simulate(many(1, 3000), { coefficients, stepNoise: 1 }).steps;
    expect(Math.min(...durationSec)).toBe(0.2);
    expect(durationSec.filter((sec) => sec === 0.2).length / 3000).toAgree(0.212, 0.1);
  });

  it('a long run keeps every step', () => {
    const { steps } = simulate(many(1, 5000), { coefficients });
    expect(steps.length).toBe(5000);
    expect(steps.startSec).toEqual(Float64Array.from({ length: 5000 }, (_, i) => i));
    expect(steps.contextTokens).toEqual(Float64Array.from({ length: 5000 }, (_, i) => i));
    expect(steps.decodeTokens.every((d, i) => d === (i === 0 ? 0 : 1))).toBe(true);
  });
});

describe('workloads', () => {
  const constant = { kind: 'constant', tokens: 5 } as const;
  const given = { kind: 'given', timesSec: [3, 1, 2] } as const;

  it('take given columns from their start, one engine unless told, served in turn', () => {
    const load = drawWorkload({
      requests: 3,
      arrivals: given,
      prompt: { kind: 'given', tokens: [7, 8, 9, 10] },
      output: constant,
      instances: 2,
    });
    expect(load).toEqual({
      length: 3,
      arrivalSec: Float64Array.of(3, 1, 2),
      promptTokens: Float64Array.of(7, 8, 9),
      outputTokens: Float64Array.of(5, 5, 5),
      instance: Uint32Array.of(0, 1, 0),
    });
    expect(drawWorkload({ requests: 1, arrivals: given, prompt: constant, output: constant })).not.toHaveProperty(
      'instance',
    );
  });

  it('are drawn with seed 0 unless told; prompts, outputs and arrivals are streams of their own', () => {
    const lengths = { kind: 'lognormal', mean: 50, sigma: 1 } as const;
    const options = {
      requests: 20,
      arrivals: { kind: 'poisson', perSec: 1 },
      prompt: lengths,
      output: lengths,
    } as const;
    expect(drawWorkload(options)).toEqual(drawWorkload({ ...options, seed: 0 }));
    const { promptTokens, outputTokens } = drawWorkload(options);
    expect(promptTokens).not.toEqual(outputTokens);
    const short = { ...options, prompt: { ...lengths, mean: 0.1 }, output: { ...lengths, mean: 0.1 } };
    expect(new Set(drawWorkload(short).promptTokens)).toEqual(new Set([1]));
    expect(new Set(drawWorkload(short).outputTokens)).toEqual(new Set([2]));
  });

  it.each<[object, string, string, unknown]>([
    [{ requests: 4 }, 'arrivals', 'must have at least 4 values', 3],
    [{ requests: 1.5 }, 'requests', 'must be a whole number of at least 1', 1.5],
    [{ instances: 0 }, 'instances', 'must be a whole number of at least 1', 0],
    [{ prompt: { kind: 'given', tokens: [1] } }, 'prompt', 'must have at least 2 values', 1],
    [{ output: { kind: 'given', tokens: [] } }, 'output', 'must have at least 2 values', 0],
    [
      { arrivals: { kind: 'poisson', perSec: Number.POSITIVE_INFINITY } },
      'arrivals.perSec',
      'must be a finite number above 0',
      Number.POSITIVE_INFINITY,
    ],
    [{ arrivals: { kind: 'gamma', perSec: 1, shape: 0 } }, 'arrivals.shape', 'must be a finite number above 0', 0],
    [{ prompt: { kind: 'lognormal', mean: 0, sigma: 1 } }, 'prompt.mean', 'must be a finite number above 0', 0],
    [
      { output: { kind: 'lognormal', mean: 9, sigma: Number.POSITIVE_INFINITY } },
      'output.sigma',
      'must be a finite number of at least 0',
      Number.POSITIVE_INFINITY,
    ],
    [
      { output: { kind: 'lognormal', mean: 9, sigma: 0, atLeast: 5, atMost: 4 } },
      'output.atLeast',
      'must not exceed atMost (4)',
      5,
    ],
  ])('refuse %j', (change, what, rule, value) => {
    const options = { requests: 2, arrivals: given, prompt: constant, output: constant };
    expect(() => drawWorkload({ ...options, ...change })).toThrow(
      expect.objectContaining({ code: 'engine-sim/bad-option', what, rule, value }),
    );
  });

  it('lengths without scatter are their mean, and bounds may meet', () => {
    const options = { requests: 3, arrivals: given, output: constant };
    const { promptTokens } = drawWorkload({ ...options, prompt: { kind: 'lognormal', mean: 9.4, sigma: 0 } });
    expect([...promptTokens]).toEqual([9, 9, 9]);
    const met = drawWorkload({ ...options, prompt: { kind: 'lognormal', mean: 9, sigma: 1, atLeast: 4, atMost: 4 } });
    expect([...met.promptTokens]).toEqual([4, 4, 4]);
  });
});

describe('scenarios of one’s own', () => {
  const own: Scenario = {
    engine: { coefficients },
    arrivals: { kind: 'given', timesSec: Array.from({ length: 1000 }, (_, i) => i / 10) },
    prompt: { kind: 'constant', tokens: 3 },
    output: { kind: 'constant', tokens: 2 },
    view: { queueInPrefill: true },
  };

  it('1000 requests, one engine, seed 0; given arrivals stay as they are however many engines serve them', () => {
    const run = runScenario(own);
    expect(run.requests.length).toBe(1000);
    expect(run.requests.scheduledSec).toEqual(run.requests.arrivalSec);
    expect(runScenario(own, { requests: 4, instances: 2 }).requests.arrivalSec).toAgree([0, 0.1, 0.2, 0.3], 1e-12);
    expect(runScenario('noisy', { requests: 20 }).steps).toEqual(runScenario('noisy', { requests: 20, seed: 0 }).steps);
    expect(runScenario('noisy', { requests: 20, seed: 1 }).requests.arrivalSec).not.toEqual(
      runScenario('noisy', { requests: 20 }).requests.arrivalSec,
    );
  });

  it('two engines get twice the arrivals', () => {
    const last = (instances: number) => runScenario('kv', { requests: 400, instances }).requests.arrivalSec?.[399] ?? 0;
    expect(last(2)).toAgree(last(1) / 2, 1e-12);
  });

  it('the view of a scenario holds until another is asked for', () => {
    const { requests } = runScenario(own, { requests: 3, queueInPrefill: false });
    expect([...requests.scheduledSec]).toEqual([0, 1, 1]);
  });

  it.each(['chunky', 'toString'])('an unknown name is refused: %s', (name) => {
    expect(() => runScenario(name as 'kv')).toThrow(
      expect.objectContaining({
        code: 'engine-sim/unknown-scenario',
        what: 'scenario',
        value: name,
        rule: expect.stringMatching(/^must be one of chunk-64-light, chunk-64-medium, .*, preempting$/),
      }),
    );
  });
});
