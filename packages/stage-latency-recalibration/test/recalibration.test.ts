import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import {
  METHODS,
  predictStages,
  recalibrate,
  trainEstimator,
  trainTransferNetworks,
  transferSamples,
} from '../src/index.js';
import { blendWeights } from '../src/recalibration/auto-blend.js';
import { takeSamples } from '../src/recalibration/samples.js';
import { powerLaw, tableOf, twoGpus } from './made-tables.js';
import { recalibrationFrom } from './reading-models.js';

describe('recalibrate', () => {
  it.each(['scale', 'affine', 'affine-relative', 'log-affine', 'global-affine', 'stage-mix', 'ridge', 'auto'] as const)(
    '%s of a model on its own predictions is the identity',
    (method) => {
      const table = tableOf(powerLaw(40));
      const { estimator } = trainEstimator(table, { families: ['log-polynomial'] });
      const samples = transferSamples(estimator, table);
      const own = { ...samples, targetMs: samples.sourceMs, targetTotalMs: estimator.predict(table).totalMs };
      expect(recalibrate(method, own).predict(own).totalMs).toAgree(own.targetTotalMs, 1e-6);
    },
  );

  it('finds the line of each stage', () => {
    const table = tableOf(powerLaw(30));
    const { estimator } = trainEstimator(table, { families: ['log-polynomial'] });
    const samples = transferSamples(estimator, table);
    const target = samples.sourceMs.map((ms, k) => ms.map((value) => (k === 0 ? 2 * value + 1 : 1.5 * value)));
    for (const method of ['affine', 'affine-relative'] as const) {
      const { stagesMs } = recalibrate(method, { ...samples, targetMs: target }).predict(samples);
      target.forEach((ms, k) => {
        expect(stagesMs?.[k]).toAgree(ms, 1e-9);
      });
    }
  });

  it('auto beats the per-stage affine where the ratio depends on size', async () => {
    const [source, target] = await twoGpus(100);
    const { estimator } = trainEstimator(source, { families: ['log-polynomial', 'gaussian-process'] });
    const all = transferSamples(estimator, target);
    const some = takeSamples(
      all,
      Array.from({ length: 40 }, (_, i) => 2 * i),
    );
    const error = (method: 'auto' | 'affine') => {
      const { totalMs } = recalibrate(method, some).predict(all);
      return totalMs.reduce((sum, ms, i) => sum + Math.abs(ms / all.targetTotalMs[i] - 1), 0) / totalMs.length;
    };
    expect(error('auto')).toBeLessThan(0.8 * error('affine'));
  });

  it('names the knobs that no sample had, and flags a stage that no sample backs', async () => {
    const [source, target] = await twoGpus(60);
    const { estimator } = trainEstimator(source, { families: ['log-polynomial'] });
    const all = transferSamples(estimator, target);
    const knob = all.knobs.columns[0];
    const least = knob.reduce((a, b) => Math.min(a, b));
    const narrow = takeSamples(
      all,
      [...knob.keys()].filter((row) => knob[row] === least),
    );
    const wild = { ...narrow, targetMs: narrow.sourceMs.map((ms) => ms.map((value) => value ** 3)) };
    const written = JSON.parse(JSON.stringify(recalibrate('log-affine', wild)));
    const recalibration = recalibrationFrom(written);
    const { warnings, far } = predictStages({ source: estimator, transfer: { recalibration } }, target);
    const [outside] = warnings.filter(({ code }) => code === 'outside-samples');
    expect(outside.message).toMatch(/lie outside of what the samples on the target measured \(they all have \d+\)$/);
    expect(far.reduce((a, b) => a + b, 0)).toBeGreaterThan(0);
    const sound = recalibrate('scale', all);
    expect(predictStages({ source: estimator, transfer: { recalibration: sound } }, target).warnings).toEqual([]);
  });

  it.each(METHODS)('%s: what is written and read predicts the same to the last bit', async (method) => {
    const [source, target] = await twoGpus(30);
    const { estimator } = trainEstimator(source, { families: ['log-polynomial'], folds: 2 });
    const samples = transferSamples(estimator, target);
    const networks =
      method === 'fine-tuned'
        ? { networks: trainTransferNetworks(estimator, source, 0, 'lean'), effort: 'lean' as const }
        : {};
    const model = recalibrate(method, samples, networks);
    const again = recalibrationFrom(JSON.parse(JSON.stringify(model)));
    expect(again.predict(samples).totalMs).toEqual(model.predict(samples).totalMs);
  });

  it('networks see the knobs alone, not the sizes that follow from them', async () => {
    const [source] = await twoGpus(20);
    const { estimator } = trainEstimator(source, { families: ['log-polynomial'] });
    const { names } = estimator.encode(source).scaled;
    const derived = ['context_tokens', 'context_tiles'];
    expect(names).toEqual(expect.arrayContaining(derived));
    for (const { featureNames } of trainTransferNetworks(estimator, source, 0, 'lean')) {
      expect(featureNames).toEqual(names.filter((name) => !derived.includes(name)));
    }
  });

  it('says how many samples a method needs', async () => {
    const [source, target] = await twoGpus(20);
    const { estimator } = trainEstimator(source, { families: ['log-polynomial'] });
    const two = takeSamples(transferSamples(estimator, target), [0, 1]);
    expect(() => recalibrate('affine', two)).toThrow('samples: must be at least 3 for affine; got 2');
    expect(() => recalibrate('fine-tuned', transferSamples(estimator, target))).toThrow(
      "must have the source's networks",
    );
    expect(() => transferSamples(estimator, { ...target, stageNames: ['a', 'b', 'c', 'd'] })).toThrow(
      'stages: must be those of the source',
    );
  });
});

describe('blendWeights', () => {
  it('shares among equals, and picks the better one the more samples there are', () => {
    expect(blendWeights([0.01, 0.01], 50)).toAgree([0.5, 0.5], 1e-12);
    const [few = 0] = blendWeights([0.01, 0.02], 4);
    const [many = 0] = blendWeights([0.01, 0.02], 40);
    expect(few).toAgree(0.8, 1e-12);
    expect(many).toBe(1);
  });
});
