import '@stepclock/vitest-matchers';
import { runScenario, scenarios } from '@stepclock/engine-sim';
import { seededRandom } from '@stepclock/numerics';
import { describe, expect, it } from 'vitest';
import { EnginesFitter, enginesSpread, fitSteps, pooledFit, readSteps, type StepColumns } from '../src/index.js';
import { readingOf } from '../src/step-logs/prepared-steps.js';
import { checkTime } from '../src/step-logs/step-time.js';

const run = (requests = 400, seed = 5) => runScenario('kv', { requests, seed });
const BETAS = ['beta0', 'beta1', 'beta2', 'beta3'] as const;
const close = (fit: { readonly betas: Readonly<Record<string, number>> }, truth: object, rtol: number): void => {
  for (const label of BETAS) expect(fit.betas[label]).toAgree((truth as Record<string, number>)[label] ?? 0, rtol);
};

describe('async scheduling', () => {
  /** What the engine waits for a step: it plans the next one meanwhile. */
  const waiting = (steps: ReturnType<typeof run>['steps'], resolutionSec: number): StepColumns => ({
    ...steps,
    startSec: undefined,
    stampSec: steps.durationSec.map((sec, i) => {
      const end = steps.startSec[i] + sec;
      return resolutionSec === 0 ? end : Math.floor(end / resolutionSec) * resolutionSec;
    }),
    durationSec: steps.durationSec.map((sec, i) => (i % 3 === 0 ? 0 : sec * (0.2 + 0.3 * ((i % 7) / 7)))),
  });

  it('coefficients come from the stamps, within 2 %, with a warning', () => {
    const { steps, coefficients } = run();
    const fitter = new EnginesFitter({ model: 'kv' });
    fitter.add(waiting(steps, 1e-3));
    const [engine] = fitter.fits();
    expect(engine?.reading.time).toBe('period');
    expect(engine?.warnings.map(({ code }) => code)).toContain('elapsed-is-waiting');
    if (engine) close(engine.fit, coefficients, 0.02);
  });

  it('is refused where stamps are of whole seconds, and the cure is named', () => {
    const { steps } = run();
    expect(() => readingOf(waiting(steps, 1))).toThrow('--no-async-scheduling');
    expect(readingOf(waiting(steps, 1), { time: 'elapsed' }).time).toBe('elapsed');
  });

  it('without stamps, steps of no time among the others are refused', () => {
    const { steps } = run();
    const log = { ...waiting(steps, 1), stampSec: undefined };
    expect(() => readingOf(log)).toThrow('--no-async-scheduling');
    // Nearly none: what a step waits for one that has ended.
    expect(() => readingOf({ ...log, durationSec: log.durationSec.map((sec) => sec + 2e-5) })).toThrow('no time');
    expect(readingOf({ ...log, durationSec: steps.durationSec }).clock.isWaiting).toBe(false);
    expect(readingOf({ ...log, durationSec: new Float64Array(steps.length) }).time).toBe('elapsed');
  });

  it('stamps of hundredths of a second time no step of 13 ms', () => {
    const { steps } = run();
    expect(() => readingOf(waiting(steps, 0.01))).toThrow('--no-async-scheduling');
  });

  it('a log of some of the steps, by their numbers, tells no waiting', () => {
    const { steps, coefficients } = run(1500);
    const every = Uint32Array.from({ length: Math.floor(steps.length / 20) }, (_, k) => 20 * k);
    const taken = (column: Float64Array): Float64Array => Float64Array.from(every, (i) => column[i]);
    const log: StepColumns = {
      length: every.length,
      durationSec: taken(steps.durationSec),
      prefillTokens: taken(steps.prefillTokens),
      decodeTokens: taken(steps.decodeTokens),
      contextTokens: taken(steps.contextTokens),
      startSec: taken(steps.startSec),
      iteration: Float64Array.from(every),
    };
    const reading = readingOf(log);
    expect([reading.time, reading.clock.isWaiting]).toEqual(['elapsed', false]);
    close(fitSteps(readSteps(log, reading), { model: 'kv' }), coefficients, 1e-3);
  });

  it('elapsed times that are whole stand, whatever the stamps', () => {
    const { steps } = run();
    for (const resolution of [0, 1e-3, 1]) {
      const log = { ...waiting(steps, resolution), durationSec: steps.durationSec };
      const clock = checkTime(log);
      expect(clock.isWaiting).toBe(false);
      expect(Math.abs((clock.elapsedShare ?? 1) - 1)).toBeLessThan(0.001 + 4 * clock.shareError);
    }
    // A clock that does not move tells nothing.
    expect(
      checkTime({ ...steps, startSec: undefined, stampSec: new Float64Array(steps.length) }).elapsedShare,
    ).toBeNull();
  });

  it('0 ms lines are left out and counted', () => {
    const { steps } = run(60);
    const durationSec = steps.durationSec.map((sec, i) => (i % 10 === 0 ? 0 : sec));
    const { warnings } = fitSteps({ ...steps, durationSec });
    expect(warnings.map(({ message }) => message)).toContain(
      `${Math.ceil(steps.length / 10)} steps that took no time are left out.`,
    );
  });
});

describe('a log with odd rows', () => {
  const { steps, coefficients } = run(300);
  const fitted = (log: Parameters<EnginesFitter['add']>[0]) => {
    const fitter = new EnginesFitter({});
    fitter.add(log);
    return fitter.fits();
  };
  const codes = (log: Parameters<EnginesFitter['add']>[0]): readonly string[] =>
    fitted(log)[0]?.warnings.map(({ code }) => code) ?? [];

  it('a fact that some steps lack: they are left out and counted, and it is none where most lack it', () => {
    const holes = (isHole: (i: number) => boolean) => ({
      ...steps,
      contextTokens: steps.contextTokens.map((tokens, i) => (isHole(i) ? Number.NaN : tokens)),
    });
    const some = fitted(holes((i) => i % 3 === 0))[0];
    expect(some?.warnings.map(({ message }) => message)).toContain(
      `${Math.ceil(steps.length / 3)} steps are left out: they lack what the log tells of the others.`,
    );
    if (some) close(some.fit, coefficients, 0.01);
    const most = fitted(holes((i) => i % 3 > 0))[0];
    expect([most?.fit.diagnostics.nSteps, most?.fit.terms.map(({ label }) => label)]).toEqual([
      steps.length,
      expect.not.arrayContaining(['beta3']),
    ]);
  });

  it('a fact that later blocks lack is no zero there', () => {
    const fitter = new EnginesFitter({ model: 'kv' });
    fitter.add(steps);
    fitter.add({ ...steps, contextTokens: undefined });
    const [engine] = fitter.fits();
    expect(engine?.fit.diagnostics.nSteps).toBe(steps.length);
    expect(engine?.warnings.map(({ code }) => code)).toContain('incomplete-steps');
  });

  it('a first step that compiles for a minute shifts no rows', () => {
    const startSec = steps.startSec.map((sec, i) => (i === 0 ? sec - 60 : sec));
    const log = { ...steps, startSec, durationSec: steps.durationSec.map((sec, i) => (i === 0 ? 60 : sec)) };
    expect(codes(log)).toEqual([]);
    const [engine] = fitted(log);
    expect(engine?.fit.diagnostics.stalls).toBe(1);
    if (engine) close(engine.fit, coefficients, 1e-3);
  });

  it('a clock that is set an hour ahead makes no waiting', () => {
    const startSec = steps.startSec.map((sec, i) => (i > 1000 ? sec + 3600 : sec));
    const [engine] = fitted({ ...steps, startSec });
    expect(engine?.reading.clock.isWaiting).toBe(false);
    expect(engine?.reading.clock.elapsedShare).toAgree(1, 0.01);
  });

  it('rows out of order have no periods, and are fitted by what they say', () => {
    const order = Uint32Array.from({ length: steps.length }, (_, i) => (i * 7919) % steps.length);
    const { length, ...columns } = steps;
    const mixed = Object.fromEntries(
      Object.entries(columns).map(([name, column]) => [name, Float64Array.from(order, (i) => column[i])]),
    ) as unknown as typeof columns;
    const [engine] = fitted({ length, ...mixed });
    expect([engine?.reading.time, engine?.warnings]).toEqual(['elapsed', []]);
    if (engine) close(engine.fit, coefficients, 1e-3);
  });

  it.each([
    ['times in another unit', { ...steps, durationSec: steps.durationSec.map((sec) => 1e3 * sec) }],
    ['stages of a pipeline', { ...steps, durationSec: steps.durationSec.map((sec) => 2 * sec) }],
    ['numbers that go back', { ...steps, startSec: undefined, iteration: steps.durationSec.map((_, i) => i % 50) }],
  ])('%s: said', (_, log) => {
    expect(codes(log)).toContain('steps-overlap');
  });

  it('an engine that did nothing is left out beside one that worked', () => {
    const instance = new Uint32Array(steps.length).fill(1);
    instance[0] = 0;
    const none = steps.prefillTokens.map((tokens, i) => (i === 0 ? 0 : tokens));
    const idle = { ...steps, prefillTokens: none, decodeTokens: steps.decodeTokens.map((n, i) => (i === 0 ? 0 : n)) };
    expect(fitted({ ...idle, instance }).map(({ name }) => name)).toEqual(['1']);
  });
});

it('periods count what the engine does between two steps', () => {
  const { steps, coefficients } = run();
  const log = { ...steps, durationSec: steps.durationSec.map((sec) => 0.9 * sec), startSec: steps.startSec };
  // Each step ends where it did: a tenth of it lies between two steps.
  const late = { ...log, startSec: steps.startSec.map((sec, i) => sec + 0.1 * steps.durationSec[i]) };
  const reading = readingOf(late, { time: 'period' });
  close(fitSteps(readSteps(late, reading), { model: 'kv' }), coefficients, 0.01);
  expect(readingOf(late).time).toBe('elapsed');
});

it.each([1, -1] as const)('times that stand %i row later are shifted back', (by) => {
  const { steps, coefficients } = run(200);
  const n = steps.length;
  const durationSec = steps.durationSec.map((_, i) => steps.durationSec[(i - by + n) % n]);
  const log = { ...steps, durationSec, startSec: undefined };
  const reading = readingOf(log);
  expect(reading.shift).toBe(by);
  close(fitSteps(readSteps(log, reading), { model: 'kv' }), coefficients, 1e-6);
  expect(readingOf({ ...steps, startSec: undefined }).shift).toBe(0);
});

it('contexts that count the own token are those without it', () => {
  const light = { ...scenarios.kv, arrivals: { kind: 'poisson', perSec: 1 } } as const;
  const { steps, coefficients } = runScenario(light, { requests: 200, seed: 5 });
  const contextTokens = steps.contextTokens.map((tokens, i) => tokens + steps.decodeTokens[i]);
  const log = { ...steps, contextTokens };
  const reading = readingOf(log);
  expect(reading.ownToken).toBe(true);
  expect(readingOf(steps).ownToken).toBe(false);
  close(fitSteps(readSteps(log, reading), { model: 'kv' }), coefficients, 1e-6);
});

describe('stalls and skewed noise', () => {
  const noisy = (draw: (random: () => number) => number) => {
    const { steps, coefficients } = run(1500, 8);
    const random = seededRandom(8, 'noise');
    const durationSec = steps.durationSec.map((sec) => sec * draw(random));
    const stalled = durationSec.map((sec) => (random() < 0.02 ? 20 * sec : sec));
    const log = { ...steps, startSec: undefined };
    return { log: { ...log, durationSec: stalled }, unstalled: { ...log, durationSec }, coefficients };
  };
  const normal = (random: () => number): number =>
    Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

  it.each([
    ['lognormal', (random: () => number) => Math.exp(0.1 * normal(random) - 0.005)],
    // A tail of index 20 above 0.95: its mean is 1.
    ['Pareto', (random: () => number) => 0.95 * (1 - random()) ** -0.05],
  ])('%s: coefficients of the time without stalls, and the measured time is met', (_, draw) => {
    const { log, unstalled, coefficients } = noisy(draw);
    const fit = fitSteps(log, { model: 'kv', level: 0.99 });
    close(fit, fitSteps(unstalled, { model: 'kv' }).betas, 0.01);
    for (const label of BETAS) {
      const [low = 1, high = 0] = fit.intervals?.byLabel[label] ?? [];
      expect(low <= (coefficients[label] ?? 0) && (coefficients[label] ?? 0) <= high).toBe(true);
    }
    const { measuredSeconds, fittedSeconds, stallSeconds, stalls, nSteps } = fit.diagnostics;
    expect(fittedSeconds + stallSeconds).toAgree(measuredSeconds, 1e-3);
    expect(stalls / nSteps).toAgree(0.02, 0.1);
    expect(fit.halves?.drifted).toBe(false);
  });

  it('the middle of steps, scaled to their time', () => {
    const { log, coefficients } = noisy((random) => Math.exp(0.3 * normal(random) - 0.045));
    const fit = fitSteps(log, { model: 'kv', estimate: 'robust' });
    expect([fit.betas.beta0, fit.betas.beta1]).toAgree([coefficients.beta0, coefficients.beta1], 0.05);
    const { measuredSeconds, fittedSeconds, stallSeconds } = fit.diagnostics;
    expect(fittedSeconds + stallSeconds).toAgree(measuredSeconds, 1e-9);
  });

  it('a kind of step that the model lacks is no stall', () => {
    const { steps } = run(200);
    const durationSec = steps.durationSec.map((sec, i) => (i % 5 === 0 ? 3 * sec : sec));
    expect(fitSteps({ ...steps, durationSec }).diagnostics.stalls).toBe(0);
  });
});

it('an engine that slows down is named', () => {
  const { steps } = runScenario('kv-noisy', { requests: 400, seed: 2 });
  const half = steps.length / 2;
  const slower = { ...steps, durationSec: steps.durationSec.map((sec, i) => (i < half ? sec : 1.1 * sec)) };
  const { halves, warnings } = fitSteps(slower);
  expect((halves?.differenceSec ?? 0) / (halves?.firstSec ?? 1)).toAgree(0.1, 0.2);
  expect(warnings.map(({ code }) => code)).toContain('engine-drifted');
  expect(fitSteps(steps).warnings.map(({ code }) => code)).not.toContain('engine-drifted');
});

it('a drift that is sure, and smaller than any other error, is no news', () => {
  const next = seededRandom(3);
  const length = 30_000;
  const decodeTokens = Float64Array.from({ length }, () => 1 + Math.floor(32 * next()));
  const prefillTokens = Float64Array.from({ length }, () => (next() < 0.7 ? 0 : Math.floor(900 * next())));
  const noise = Float64Array.from({ length }, () => 1 + 0.02 * (next() - 0.5));
  const slowedBy = (share: number) => {
    const durationSec = decodeTokens.map(
      (n, i) => (0.008 + 20e-6 * prefillTokens[i] + 110e-6 * n) * noise[i] * (i < length / 2 ? 1 : 1 + share),
    );
    return fitSteps({ length, durationSec, prefillTokens, decodeTokens });
  };
  const small = slowedBy(0.003);
  // Far beyond what halves that are alike differ by: the figure stands, the warning does not.
  expect(Math.abs(small.halves?.differenceSec ?? 0)).toBeGreaterThan(3 * (small.halves?.withinSec ?? 1));
  expect(small.halves?.drifted).toBe(false);
  expect(small.warnings.map(({ code }) => code)).not.toContain('engine-drifted');
  expect(slowedBy(0.007).warnings.map(({ code }) => code)).toContain('engine-drifted');
});

describe('ranks of one engine', () => {
  /** Ranks with loads of their own: each step takes as long as the rank with the most work needs. */
  const ranksLog = (inLockstep: boolean) => {
    const parts = [1, 2, 3, 4].map((seed) => run(250, 40 + seed));
    const { coefficients } = run(1);
    const perRank = Math.min(...parts.map(({ steps }) => steps.length));
    const next = seededRandom(9, 'ranks');
    const rows = { durationSec: [], startSec: [], prefillTokens: [], decodeTokens: [], contextTokens: [] };
    const columns: Record<keyof typeof rows, number[]> = rows;
    const instance: number[] = [];
    const clock = [0, 0, 0, 0];
    for (let i = 0; i < perRank; i++) {
      const noise = 1 + 0.01 * (next() - 0.5);
      const longest = Math.max(...parts.map(({ steps }) => steps.durationSec[i]));
      for (const [rank, { steps }] of parts.entries()) {
        const sec = (inLockstep ? longest : steps.durationSec[i]) * noise * (1 + 1e-3 * next());
        columns.durationSec.push(sec);
        columns.startSec.push(clock[rank] ?? 0);
        columns.prefillTokens.push(steps.prefillTokens[i]);
        columns.decodeTokens.push(steps.decodeTokens[i]);
        columns.contextTokens.push(steps.contextTokens[i]);
        instance.push(rank);
        clock[rank] = (clock[rank] ?? 0) + (inLockstep ? longest * noise * 1.001 : sec);
      }
    }
    const length = instance.length;
    const columnsOf = Object.fromEntries(
      Object.entries(columns).map(([name, column]) => [name, Float64Array.from(column)]),
    ) as Record<keyof typeof rows, Float64Array>;
    const iteration = Float64Array.from(instance, (_, k) => Math.floor(k / 4));
    return { log: { ...columnsOf, length, instance: Uint32Array.from(instance) }, iteration, perRank, coefficients };
  };
  const fitted = (log: Parameters<EnginesFitter['add']>[0]) => {
    const fitter = new EnginesFitter({ model: 'kv' });
    fitter.add(log);
    return fitter.fits();
  };
  const { log, iteration, perRank, coefficients } = ranksLog(true);
  const whole = {
    ...log,
    startSec: undefined,
    stampSec: log.startSec.map((s, i) => Math.floor(s + log.durationSec[i])),
  };

  const logs = {
    'fine stamps': log,
    'numbers and whole seconds': { ...whole, iteration },
    'fine stamps beside numbers of their own': { ...log, iteration: iteration.map((k, i) => k + 1000 * (i % 4)) },
  };
  it.each(Object.keys(logs) as (keyof typeof logs)[])('in lockstep, by %s: the slowest rules', (told) => {
    const [engine, ...others] = fitted(logs[told]);
    expect(others).toEqual([]);
    expect(engine?.fit.diagnostics.nSteps).toBe(perRank);
    expect(engine?.warnings.map(({ code }) => code)).toContain('ranks-in-lockstep');
    if (engine) close(engine.fit, coefficients, 0.01);
  });

  it('in lockstep, in blocks: a last one that is too short to tell is of the same engine', () => {
    const part = (from: number, to: number) => {
      const { instance, length: _, ...columns } = log;
      const cut = Object.entries(columns).map(([name, column]) => [name, column.subarray(from, to)]);
      return {
        ...(Object.fromEntries(cut) as typeof columns),
        length: to - from,
        instance: instance.subarray(from, to),
      };
    };
    const fitter = new EnginesFitter({ model: 'kv' });
    fitter.add(part(0, log.length - 40));
    fitter.add(part(log.length - 40, log.length));
    expect(fitter.fits().map(({ name, fit }) => [name, fit.diagnostics.nSteps])).toEqual([
      ['4 ranks in lockstep', perRank],
    ]);
  });

  it('that go their own ways, or whose log does not tell, are engines', () => {
    const apart = ranksLog(false);
    expect(fitted(apart.log)).toHaveLength(4);
    expect(fitted({ ...apart.log, iteration: apart.iteration })).toHaveLength(4);
    expect(fitted(whole)).toHaveLength(4);
    expect(fitted({ ...whole, stampSec: undefined })).toHaveLength(4);
  });
});

describe('several engines', () => {
  const log = (factors: readonly number[]) => {
    const parts = factors.map((factor, e) => {
      const { steps } = runScenario('kv-noisy', { requests: 150, seed: 20 + e });
      return { ...steps, durationSec: steps.durationSec.map((sec) => factor * sec) };
    });
    const joined = (of: (steps: (typeof parts)[number]) => Float64Array): Float64Array =>
      Float64Array.from(parts.flatMap((steps) => [...of(steps)]));
    return {
      length: parts.reduce((sum, { length }) => sum + length, 0),
      durationSec: joined((s) => s.durationSec),
      prefillTokens: joined((s) => s.prefillTokens),
      decodeTokens: joined((s) => s.decodeTokens),
      contextTokens: joined((s) => s.contextTokens),
      instance: Uint32Array.from(parts.flatMap(({ length }, e) => new Array<number>(length).fill(e))),
    };
  };

  it('are fitted apart and compared; pooled, what lies between them is in the intervals', () => {
    const steps = log([1, 1.1, 0.9]);
    const fitter = new EnginesFitter({ model: 'kv' });
    fitter.add(steps);
    const fits = fitter.fits();
    expect(fits.map(({ name }) => name)).toEqual(['0', '1', '2']);
    const { betweenSec, stepSec } = enginesSpread(fits);
    const mean = stepSec.reduce((sum, sec) => sum + sec, 0) / 3;
    expect((betweenSec ?? 0) / mean).toAgree(0.1, 0.3);
    const pooled = pooledFit(steps, fits, { model: 'kv' });
    const [low = 0, high = 0] = pooled.intervals?.byLabel.beta0 ?? [];
    for (const { fit } of fits) expect(fit.betas.beta0 > low && fit.betas.beta0 < high).toBe(true);
    expect(pooled.betas.beta0).toAgree(
      fits.reduce((sum, { fit }) => sum + fit.betas.beta0 / 3, 0),
      0.02,
    );
  });

  it('that are alike do not differ', () => {
    const fitter = new EnginesFitter({ model: 'kv' });
    fitter.add(log([1, 1, 1]));
    const { betweenSec, stepSec } = enginesSpread(fitter.fits());
    expect((betweenSec ?? 1) / (stepSec[0] ?? 1)).toBeLessThan(0.01);
  });
});
