import { describe, expect, it } from 'vitest';
import {
  type ExperimentOptions,
  experimentFiles,
  experimentResult,
  experimentSummary,
  gridConfigurations,
  planExperiment,
  runExperiment,
  runSeed,
  samplingPlan,
  seedsOf,
  syntheticGpuCsv,
} from '../src/index.js';
import { twoGpus } from './made-tables.js';

const small = {
  seeds: 2,
  samples: [12, 20, 500],
  families: ['log-polynomial'],
  methods: ['none', 'affine', 'auto', 'stage-mix'],
} as const;

describe('runExperiment', () => {
  it('gives the same files for the same seeds, to the last byte, and none of their numbers is missing', async () => {
    const [source, target] = await twoGpus(50);
    const once = JSON.stringify(experimentFiles(runExperiment(source, target, small)));
    const again = JSON.stringify(experimentFiles(runExperiment(source, target, small)));
    expect(again).toBe(once);
    expect(once).not.toContain('NaN');
    expect(JSON.stringify(experimentFiles(runExperiment(source, target, { ...small, seed: 1 })))).not.toBe(once);
  });

  it('leaves out an N beyond the data with a warning, and refuses when none is left', async () => {
    const [source, target] = await twoGpus(50);
    const result = runExperiment(source, target, { ...small, seeds: 1 });
    expect(result.samples).toEqual([12, 20]);
    expect(result.warnings.find(({ code }) => code === 'too-many-samples')?.message).toBe(
      'N = 500 left out: the target has 50 configurations, 13 of them for testing, so N is at most 37',
    );
    expect(() => runExperiment(source, target, { samples: [100] })).toThrow('samples: must be at most 37');
  });

  it('never calibrates on the test set: what no sample shows cannot be learnt', async () => {
    const [source, target] = await twoGpus(50);
    const result = runExperiment(source, target, { ...small, seeds: 1, samples: [20] });
    const none = result.seeds[0]?.calibration.find(({ method, stage }) => method === 'none' && stage === 'T_total');
    const auto = result.seeds[0]?.calibration.find(({ method, stage }) => method === 'auto' && stage === 'T_total');
    expect(none?.mapePercent).toBeGreaterThan(20);
    expect(auto?.mapePercent).toBeLessThan(5);
    expect(experimentSummary(result)).toHaveLength(5);
  });

  it('answers with standard errors over seeds, and claims nothing from one seed and one N', async () => {
    const [source, target] = await twoGpus(50);
    const answers = (options: ExperimentOptions) =>
      experimentSummary(runExperiment(source, target, { ...small, ...options })).map(({ answer }) => answer);
    const [, samples = '', guard = ''] = answers({ seeds: 2, samples: [12, 20] });
    expect(samples).toMatch(
      /off by 3\d ± \d\.\d+ %\. With auto: [\d.]+ ± [\d.]+ % at N = 12, [\d.]+ ± [\d.]+ % at N = 20\./,
    );
    expect(samples).toMatch(/More samples still pay|From N = 12 on/);
    expect(guard).toMatch(/^Yes\. .* and [\d.]+ ± [\d.]+ % of the totals lie below their bound/);
    const [known = '', once = '', guarded = '', cost] = answers({ seeds: 1, samples: [12] });
    expect(known).toContain('1 seed)');
    expect(`${once}${guarded}`).not.toContain('±');
    expect(once).not.toContain('More samples still pay');
    expect(cost).toBe('From N samples to the next: one N only.');
    // Too few samples for the level: no bound, nothing accepted.
    expect(answers({ seeds: 1, samples: [5] })[2]).toMatch(/^It accepts nothing\. /);
  });

  it('a method that auto has fitted as its candidate gives what it gives alone', async () => {
    const [source, target] = await twoGpus(50);
    const totals = (methods: ExperimentOptions['methods']) =>
      runExperiment(source, target, { ...small, ...(methods && { methods }), seeds: 1, samples: [12] })
        .seeds.flatMap(({ calibration }) => calibration)
        .filter(({ method }) => method === 'gaussian-process' || method === 'scale');
    const alone = totals(['scale', 'gaussian-process']);
    expect(alone).toHaveLength(10);
    expect(totals(['scale', 'gaussian-process', 'auto'])).toEqual(alone);
  });

  it('takes so few samples that half of them fit no model: the split rule is left out', async () => {
    const [source, target] = await twoGpus(50);
    const result = runExperiment(source, target, { ...small, seeds: 1, samples: [5] });
    const rules = new Set(result.seeds[0]?.guardrail.map(({ rule }) => rule));
    expect(rules.has('jackknife_plus_90')).toBe(true);
    expect(rules.has('split_conformal_90')).toBe(false);
  });

  it('seeds run one by one, in any order, and cloned as threads clone them, give the same result', async () => {
    const [source, target] = await twoGpus(50);
    const options = { ...small, samples: [12], methods: ['affine', 'scale'] } as const;
    const plan = structuredClone(planExperiment(source, target, options));
    const seeds = seedsOf(plan)
      .toReversed()
      .map((seed) => structuredClone(runSeed(structuredClone(source), target, plan, seed)));
    expect(JSON.stringify(experimentFiles(experimentResult(source, target, plan, seeds)))).toBe(
      JSON.stringify(experimentFiles(runExperiment(source, target, options))),
    );
  });

  it('refuses a target with other knobs or other stages', async () => {
    const [source, target] = await twoGpus(30);
    expect(() => runExperiment(source, { ...target, knobs: target.knobs.slice(1) })).toThrow(
      'target: must have the knobs of the source',
    );
    expect(() => runExperiment(source, { ...target, stageNames: [...target.stageNames].reverse() })).toThrow(
      'target: must have the stages of the source',
    );
    expect(() => runExperiment(source, target, { budgets: [0] })).toThrow('budgets: must be numbers above 0; got 0');
  });
});

describe('samplingPlan', () => {
  const grid = gridConfigurations({ a: [1, 2, 3, 4], b: [10, 20, 30], task: ['x', 'y'] });

  it.each(['random', 'stratified', 'space-filling'] as const)(
    '%s: as many as asked for, all different, the same by seed',
    (kind) => {
      const plan = samplingPlan(grid, 12, kind, 5);
      expect(new Set(plan).size).toBe(12);
      expect(samplingPlan(grid, 12, kind, 5)).toEqual(plan);
      expect(new Set(samplingPlan(grid, grid.length, kind)).size).toBe(grid.length);
      expect(() => samplingPlan(grid, 25, kind)).toThrow(
        'samples: must be a whole number from 1 to the configurations there are (24); got 25',
      );
    },
  );

  it('stratified covers every value of every knob', () => {
    const plan = samplingPlan(grid, 12, 'stratified');
    for (const { values } of grid.knobs)
      expect(new Set(Array.from(plan, (row) => values[row])).size).toBe(new Set(values).size);
  });

  it('refuses a knob of numbers and levels', () => {
    expect(() => gridConfigurations({ a: [1, 'x'] })).toThrow('a: must be all numbers or all levels; got "1, x"');
    expect(() => gridConfigurations({})).toThrow('grid: must have 1 to');
  });
});

describe('syntheticGpuCsv', () => {
  it('makes a ratio between the GPUs that grows with the input', async () => {
    const [source, target] = await twoGpus(200, 0);
    const prefill = source.stageNames.indexOf('T_LLM_prefill');
    const tokens = source.knobs.find(({ name }) => name === 'vision_tokens')?.values ?? new Float64Array(0);
    const ratios = (wanted: (tokens: number) => boolean) =>
      [...tokens.keys()]
        .filter((i) => wanted(tokens[i]))
        .map((i) => (target.stagesMs[prefill]?.[i] ?? 0) / (source.stagesMs[prefill]?.[i] ?? 1));
    expect(Math.max(...ratios((t) => t <= 64))).toBeLessThan(Math.min(...ratios((t) => t >= 1536)));
  });

  it('is reproducible by seed', () => {
    expect(syntheticGpuCsv({ configurations: 5, seed: 1 })).toBe(syntheticGpuCsv({ configurations: 5, seed: 1 }));
    expect(syntheticGpuCsv({ configurations: 5, seed: 2 })).not.toBe(syntheticGpuCsv({ configurations: 5, seed: 1 }));
  });
});
