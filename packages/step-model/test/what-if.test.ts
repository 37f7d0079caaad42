import '@stepclock/vitest-matchers';
import { runScenario } from '@stepclock/engine-sim';
import { describe, expect, it } from 'vitest';
import {
  type BetasFile,
  betasFileOf,
  betasOfFile,
  fitSteps,
  parseChange,
  replay,
  whatIf,
  whatIfJson,
  whatIfReport,
  whatIfText,
} from '../src/index.js';
import { baseModel } from './base-model.js';

const { requests, steps } = runScenario('kv', { requests: 300, seed: 3, engine: { stepNoise: 0.03 } });
const model: BetasFile = betasFileOf(fitSteps(steps));
const settings = { maxNumBatchedTokens: 2048, maxNumSeqs: 256 };
const ask = (text: string, options: object = {}) =>
  whatIf(requests, model, settings, parseChange(text), { draws: 0, ...options });

describe('parseChange', () => {
  it('reads clauses', () => {
    expect(parseChange('rate=x2, max-num-seqs=64 prefix-hit=50% policy=prefill-first')).toEqual({
      rate: 2,
      prefixHit: 0.5,
      limits: { maxNumSeqs: 64, prefillFirst: true },
    });
    expect(parseChange('')).toEqual({});
  });

  it.each([
    ['rate=2', 'rate: must be a factor from x0.001 to x1000; got "2"'],
    ['rate=x0', 'rate: must be a factor'],
    ['rate', 'clause: must be NAME=VALUE'],
    ['speed=x2', 'name: must be one of rate, outputs, prompts'],
    ['constructor=x2', 'name: must be one of'],
    ['max-num-seqs=x2', 'max-num-seqs: must be a whole number from 1 to 1000000000'],
    ['prefix-hit=1.5', 'prefix-hit: must be a share from 0 to 1'],
    ['prefix-blocks=1.5', 'prefix-blocks: must be a whole number of blocks of 16 tokens'],
    ['prefix-hit=0.5 prefix-blocks=3', 'prefix-blocks: cannot go with prefix-hit'],
    ['rate=x2 rate=x3', 'rate: must be given once'],
    ['policy=fast', 'policy: must be mixed or prefill-first'],
  ])('refuses %s', (text, message) => {
    expect(() => parseChange(text)).toThrow(`change, ${message}`);
  });
});

describe('whatIf', () => {
  it('changes nothing where nothing changes', () => {
    const { metrics, runs } = ask('rate=x1');
    for (const figures of Object.values(metrics)) {
      for (const { replayed, changed, difference } of Object.values(figures)) {
        expect(changed).toAgree(replayed ?? 0, 1e-9);
        expect(difference).toAgree(0, 0, 1e-9);
      }
    }
    expect(runs.changed.steps).toBe(runs.replayed.steps);
  });

  it('is the replay of the changed log', () => {
    const twice = { ...requests, arrivalSec: requests.arrivalSec.map((sec) => sec / 2) };
    const own = replay(
      twice,
      betasOfFile(model),
      { ...settings, maxNumSeqs: 20, arrivalsReadAtSteps: false, asyncScheduling: false, reserveFullPrompt: false },
      { concurrency: 0 },
    );
    const { metrics } = ask('rate=x2 max-num-seqs=20');
    expect(metrics.latency.mean.changed).toAgree(own.metrics.latency.mean.replayed ?? 0, 1e-9);
    expect(metrics.latency.mean.difference).toBeGreaterThan(0);
  });

  it.each([
    ['outputs=x1.3', 'latency', 1],
    ['prompts=x0.5', 'ttft', -1],
    ['prefix-hit=0.5', 'ttft', -1],
    ['prefix-blocks=10', 'ttft', -1],
    ['rate=x0.5', 'tpot', -1],
    ['data-parallel=2', 'tpot', -1],
  ] as const)('%s moves the %s its way', (text, metric, sign) => {
    expect(sign * (ask(text).metrics[metric].mean.difference ?? 0)).toBeGreaterThan(0.01);
  });

  it('leaves a prompt one token that is in no cache, in whole blocks', () => {
    const { changedReplay } = ask('prefix-hit=100%');
    const { promptTokens, cachedTokens } = changedReplay.simulation.requests;
    for (let i = 0; i < requests.length; i++) {
      const cached = cachedTokens?.[i] ?? Number.NaN;
      expect(cached).toBe(Math.min(promptTokens[i] - 1, 16 * Math.floor(promptTokens[i] / 16)));
    }
  });

  it('takes another model, and gives the difference a band from draws that both replays share', () => {
    const faster: BetasFile = betasFileOf(
      fitSteps(
        runScenario('kv', { requests: 300, seed: 4, coefficients: { beta0: 0.003 }, engine: { stepNoise: 0.03 } })
          .steps,
      ),
    );
    const { metrics, bands } = ask('', { other: faster, draws: 8 });
    const { difference, band } = metrics.tpot.mean;
    expect(bands?.draws).toBe(8);
    expect(difference).toBeLessThan(-0.2);
    expect(band?.[0]).toBeLessThanOrEqual(difference ?? -1);
    expect(band?.[1]).toBeGreaterThanOrEqual(difference ?? 0);
    expect((band?.[1] ?? 1) - (band?.[0] ?? 0)).toBeLessThan(0.1);
    const shared = ask('rate=x1', { draws: 8 }).metrics.tpot.mean.band;
    expect(shared?.[0]).toAgree(0, 0, 1e-9);
    expect(shared?.[1]).toAgree(0, 0, 1e-9);
  });

  it('has no bands without a covariance, and refuses engines for a log that tells them apart', () => {
    const bare = baseModel({ betas: { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4 } });
    expect(whatIf(requests, bare, settings, { rate: 2 }).bands).toBeNull();
    const apart = { ...requests, instance: new Uint32Array(requests.length) };
    expect(() => whatIf(apart, model, settings, { limits: { dataParallel: 2 } })).toThrow(
      'data-parallel: cannot be of a log that tells its engines apart',
    );
  });

  it('doubles the clients of a closed loop', () => {
    const clients = 4;
    const prompt = Float64Array.from(requests.promptTokens);
    const loop = whatIf(
      { ...requests, promptTokens: prompt },
      model,
      settings,
      { rate: 2 },
      { draws: 0, concurrency: clients },
    );
    expect(loop.clients).toEqual([4, 8]);
    expect(whatIfText(loop)).toContain('A closed loop: 4 clients, 8 with the change.');
  });

  it('is told in words, JSON and a report', () => {
    const found = ask('rate=x2', { draws: 3 });
    expect(whatIfText(found)).toMatch(/^Means: TTFT .* to .* \(\+\d.*\), TPOT .*, latency .*\.\n/);
    expect(whatIfText(found)).toContain('95 % band');
    const json = whatIfJson(found);
    expect(json).toMatchObject({ schema: 'stepclock/what-if@1', requests: 300, clients: null });
    const report = whatIfReport({ found, subtitle: '', provenance: { command: '', versions: {}, inputs: [] } });
    expect(report.sections[0].blocks).toHaveLength(1);
    expect(whatIfText(found) + JSON.stringify(json)).not.toMatch(/NaN|Infinity|undefined/);
  });
});
