import { describe, expect, it } from 'vitest';
import { trainEstimator } from '../src/index.js';
import { powerLaw, tableOf, twoGpus } from './made-tables.js';
import { estimatorFrom } from './reading-models.js';

describe('trainEstimator', () => {
  it('recovers power laws by the log polynomial and says so out of fold', () => {
    const table = tableOf(powerLaw(60));
    const { estimator } = trainEstimator(table, { families: ['linear', 'log-polynomial'] });
    expect(estimator.parts.reports.map(({ family }) => family)).toEqual(['log-polynomial', 'log-polynomial']);
    expect(estimator.parts.totalHeldOut?.mapePercent).toBeLessThan(0.1);
  });

  it.each(['linear', 'polynomial', 'log-polynomial', 'physics', 'gaussian-process', 'mlp'] as const)(
    '%s: what is written and read predicts the same to the last bit',
    async (family) => {
      const [source] = await twoGpus(40);
      const { estimator } = trainEstimator(source, { families: [family], folds: 2 });
      const again = estimatorFrom(JSON.parse(JSON.stringify(estimator)));
      expect(again.predict(source).totalMs).toEqual(estimator.predict(source).totalMs);
      expect(estimator.predict(source).totalMs.every((ms) => ms > 0)).toBe(true);
    },
  );

  it('does not let repeats leak: random times cannot be predicted from their own repeats', () => {
    // Each configuration has a time of its own that no knob explains; a leak would find it among the repeats.
    const records = Array.from({ length: 90 }, (_, i) => ({
      vision_tokens: 64 + Math.floor(i / 3),
      T_LLM_prefill: 10 + ((Math.floor(i / 3) * 7919) % 13),
    }));
    const table = tableOf(records);
    expect(table.length).toBe(30);
    const { estimator } = trainEstimator(table, { families: ['gaussian-process'] });
    expect(estimator.parts.totalHeldOut?.mapePercent).toBeGreaterThan(10);
  });

  it('warns of a single-knob sweep and refuses to move what never moved', () => {
    const sweep = tableOf(
      [64, 128, 256, 512].map((vision_tokens) => ({ vision_tokens, top_k: 2, T_LLM_prefill: vision_tokens })),
    );
    const { estimator, warnings } = trainEstimator(sweep, { families: ['linear'] });
    expect(warnings.map(({ code }) => code)).toContain('single-knob-sweep');
    expect(() => estimator.predict(tableOf([{ vision_tokens: 64, top_k: 4, T_LLM_prefill: 1 }]))).toThrow(
      'top_k: must be 2, its only value in the training data',
    );
  });

  it('warns when knobs move one at a time, or always together', () => {
    const rows = [
      [1, 1],
      [2, 1],
      [3, 1],
      [1, 2],
      [1, 3],
    ].map(([vision_tokens, top_k]) => ({ vision_tokens, top_k, T_LLM_prefill: 1 + (vision_tokens ?? 0) }));
    expect(trainEstimator(tableOf(rows), { families: ['linear'] }).warnings.map(({ code }) => code)).toContain(
      'one-knob-at-a-time',
    );
    const tied = [1, 2, 3, 4].map((k) => ({ vision_tokens: k, top_k: 2 * k, T_LLM_prefill: k }));
    expect(trainEstimator(tableOf(tied), { families: ['linear'] }).warnings.map(({ code }) => code)).toContain(
      'tied-knobs',
    );
  });

  it('refuses other knobs, unknown levels and too few configurations', async () => {
    const [source] = await twoGpus(30);
    const { estimator } = trainEstimator(source, { families: ['log-polynomial'] });
    expect(() => estimator.predict({ ...source, knobs: source.knobs.slice(1) })).toThrow(
      /vision_tokens: must be a numeric knob, as the model has it/,
    );
    const tasks = source.knobs.map((knob) =>
      knob.kind === 'category' ? { ...knob, levels: ['QA', 'dubbing'] } : knob,
    );
    expect(() => estimator.predict({ ...source, knobs: tasks })).toThrow(
      'task: must be one of QA, captioning; got "dubbing"',
    );
    expect(() => trainEstimator(tableOf(powerLaw(2)))).toThrow('configurations: must be at least 3');
    expect(() => estimatorFrom({})).toThrow('schema');
  });
});
