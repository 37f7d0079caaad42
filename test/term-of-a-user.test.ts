import '@stepclock/vitest-matchers';
import { estimateStepClock } from '@stepclock/beta-estimators';
import { drawWorkload, simulate } from '@stepclock/engine-sim';
import { betasOf, CATALOGUE, type StepComposition, stepCost, stretchOfStep, type Term } from '@stepclock/step-cost';
import {
  betasFileOf,
  estimateReport,
  exportModel,
  fitSteps,
  parseBetasFile,
  predictStepTime,
  replay,
} from '@stepclock/step-model';
import { describe, expect, it } from 'vitest';

/** A cost that the catalogue does not know: 0.4 ms times the root of the decode batch, as a reduction tree would have. */
const ROOT: Term = {
  name: 'root_of_batch',
  label: 'root_of_batch',
  unit: 's/step',
  phrase: 'per root of the batch',
  smallUnit: 'us',
  sentence: 'per square root of the decode batch',
  sum: ({ steps, decodeSeqs }) => steps * Math.sqrt(decodeSeqs),
  needs: ['decodeSeqs'],
  sign: 'non-negative',
  priorShare: null,
  role: 'open',
};
const catalogue = [...CATALOGUE, ROOT];
const truth = { beta0: 0.006, beta1: 20e-6, beta2: 60e-6, root_of_batch: 0.002 };
const names = ['step', 'prefill_tokens', 'decode_seqs', 'root_of_batch'];

const cost = stepCost(truth, catalogue);
const run = simulate(
  drawWorkload({
    requests: 600,
    arrivals: { kind: 'poisson', perSec: 10 },
    prompt: { kind: 'lognormal', mean: 600, sigma: 0.8, atLeast: 1 },
    output: { kind: 'lognormal', mean: 150, sigma: 0.7, atLeast: 2 },
    seed: 1,
  }),
  { stepSeconds: (step: StepComposition) => cost.secondsOf(stretchOfStep(step)), maxNumBatchedTokens: 2048 },
);

describe('a term that a user of the library adds is known everywhere', () => {
  const estimate = estimateStepClock(run.phases, { terms: names, catalogue });
  const file = betasFileOf(estimate, catalogue);

  it('the simulated engine costs it', () => {
    const { prefillTokens, decodeTokens, durationSec } = run.steps;
    const expected = durationSec.map(
      (_, i) => 0.006 + 20e-6 * prefillTokens[i] + 60e-6 * decodeTokens[i] + 0.002 * Math.sqrt(decodeTokens[i]),
    );
    expect(durationSec).toAgree(expected, 1e-12);
  });

  it('estimate finds it, with an interval, from phases and from steps', () => {
    expect(Object.keys(estimate.betas)).toEqual(['beta0', 'beta1', 'beta2', 'root_of_batch']);
    expect(Object.values(estimate.betas)).toAgree(Object.values(truth), 1e-3);
    const [low, high] = estimate.intervals?.byLabel.root_of_batch ?? [1, 0];
    expect(low).toBeLessThan(0.0020001);
    expect(high).toBeGreaterThan(0.0019999);
    expect(betasOf(estimate.terms, Object.values(estimate.betas))).toEqual(estimate.betas);
    expect(Object.values(fitSteps(run.steps, { terms: names, catalogue }).betas)).toAgree(Object.values(truth), 1e-9);
  });

  it('its file holds it, and predict, replay and the plain export use it', () => {
    const read = parseBetasFile(JSON.stringify(file), 'betas.json', catalogue);
    expect(read.terms.at(-1)).toMatchObject({ name: 'root_of_batch', unit: 's/step' });
    const step = { prefillTokens: 0, decodeSeqs: 16, contextTokens: 0 };
    expect(predictStepTime(read, step, catalogue).durationSec).toAgree(0.006 + 16 * 60e-6 + 4 * 0.002, 1e-3);
    expect(exportModel(read, 'json', { catalogue }).text).toContain('root_of_batch');
    const { metrics } = replay(run.requests, estimate.betas, { maxNumBatchedTokens: 2048 }, { catalogue });
    expect(metrics.tpot.mean.error ?? 1).toAgree(0, 0, 2e-3);
  });

  it('the report shows it', () => {
    const { terms, betas } = estimate;
    const report = estimateReport({
      algo: estimate.algo,
      coefficients: terms.map(({ label, phrase, unit }) => ({ name: label, phrase, unit, value: betas[label] })),
      converged: estimate.converged,
      provenance: { command: 'a test', versions: {}, inputs: [] },
    });
    expect(JSON.stringify(report)).toContain('per root of the batch');
  });

  it('without the catalogue it is refused by its name', () => {
    expect(() => estimateStepClock(run.phases, { terms: names })).toThrow('got "root_of_batch"');
    expect(() => parseBetasFile(JSON.stringify(file), 'betas.json')).toThrow('root_of_batch');
    expect(() => replay(run.requests, estimate.betas)).toThrow('root_of_batch');
  });
});
