import '@stepclock/vitest-matchers';
import { featureTable } from '@stepclock/regression';
import { describe, expect, it } from 'vitest';
import { roundedDeep, spreadOf } from '../src/experiment/aggregate.js';
import { mostSamples } from '../src/experiment/draw-sets.js';
import { withDefaults } from '../src/experiment/experiment-options.js';
import { guardBudgets } from '../src/experiment/guard-budgets.js';
import { firstSamples, seedFits } from '../src/experiment/seed-fits.js';
import { guardrailPoints, totalCurve } from '../src/experiment/transfer-curves.js';
import {
  type CalibrationResult,
  conformalSelection,
  crossFit,
  drawSets,
  type ExperimentOptions,
  type ExperimentResult,
  errorFigures,
  experimentFiles,
  experimentResult,
  experimentSummary,
  type GuardrailResult,
  guardrailFigures,
  jackknifeBounds,
  METHODS,
  type Method,
  measuredTotals,
  planExperiment,
  type Recalibration,
  recalibrate,
  runExperiment,
  runSeed,
  type SeedResult,
  type StageTable,
  seedsOf,
  splitBounds,
  type TransferSamples,
  takeConfigurations,
  testSize,
  trainEstimator,
  transferInput,
  transferPoints,
  transferSamples,
} from '../src/index.js';
import { takeSamples } from '../src/recalibration/samples.js';
import { faultWith } from './fault.js';
import { tableOf } from './made-tables.js';

const faultOf = faultWith('message', 'value', 'file');

describe('spreadOf', () => {
  it('is mean, standard deviation of one and standard error of the mean', () => {
    expect(spreadOf([2, 4, 9])).toEqual({
      mean: 5,
      sd: expect.closeTo(Math.sqrt(13), 12),
      standardError: expect.closeTo(Math.sqrt(13 / 3), 12),
      seeds: 3,
    });
    expect(spreadOf([7])).toEqual({ mean: 7, sd: 0, standardError: 0, seeds: 1 });
    expect(spreadOf([1, 3]).sd).toAgree(Math.SQRT2, 1e-12);
  });
});

describe('roundedDeep', () => {
  it('rounds to six digits wherever a number stands, and has no number for what is none', () => {
    expect(
      roundedDeep({ a: 1.23456789, b: [1234567.8, null, 'x', true, undefined], c: { d: Number.NaN, e: -1e-9 / 3 } }),
    ).toEqual({ a: 1.23457, b: [1234570, null, 'x', true, undefined], c: { d: null, e: -3.33333e-10 } });
    expect(roundedDeep(Number.POSITIVE_INFINITY)).toBeNull();
    expect(roundedDeep(null)).toBeNull();
  });
});

const figures = (mapePercent: number) => ({
  maeMs: 2 * mapePercent,
  mapePercent,
  p95Ms: 3 * mapePercent,
  medianApePercent: mapePercent / 2,
  r2: 0.5,
});

const calibrated = (
  method: Method,
  samples: number,
  seed: number,
  stage: string,
  mapePercent: number,
): CalibrationResult => ({ method, samples, seed, stage, far: 0, ...figures(mapePercent) });

const guarded = (
  rule: string,
  samples: number,
  seed: number,
  budget: number,
  numbers: Partial<GuardrailResult> = {},
): GuardrailResult => ({
  rule,
  samples,
  seed,
  budget,
  violationsWithoutPercent: 40,
  violationsWithPercent: 4,
  coveragePercent: 90 + 3 * seed,
  falseAcceptPercent: 10,
  falseRejectPercent: 20,
  acceptedPercent: 50,
  ...numbers,
});

const seedOf = (seed: number, parts: Partial<SeedResult> = {}): SeedResult => ({
  seed,
  source: {
    stages: [{ stage: 'prefill', family: 'linear', heldOut: figures(3 + seed), scores: [] }],
    total: figures(4 + seed),
    model: seed === 0 ? { exact: 1.23456789012 } : null,
  },
  calibration: [],
  guardrail: [],
  blends: [],
  picture: null,
  notPossible: [],
  models: {},
  ...parts,
});

const resultOf = (seeds: readonly SeedResult[], parts: Partial<ExperimentResult> = {}): ExperimentResult => ({
  options: withDefaults({}),
  samples: [10, 25],
  testConfigurations: 13,
  sourceConfigurations: 60,
  targetConfigurations: 50,
  stageNames: ['prefill'],
  seeds,
  warnings: [],
  ...parts,
});

describe('transferPoints', () => {
  const seeds = [0, 1].map((seed) =>
    seedOf(seed, {
      calibration: [
        calibrated('none', 0, seed, 'T_total', 40 + 2 * seed),
        calibrated('auto', 10, seed, 'prefill', 5),
        calibrated('auto', 10, seed, 'T_total', 4 + 2 * seed),
        calibrated('affine', 10, seed, 'T_total', 8),
        calibrated('auto', 25, seed, 'T_total', 2),
      ],
    }),
  );
  const made = () => transferPoints(resultOf(seeds));

  it('are means over seeds, a method, number of samples and stage each, in the order of the first seed', () => {
    const points = made();
    expect(points.map(({ method, samples, stage }) => [method, samples, stage])).toEqual([
      ['none', 0, 'T_total'],
      ['auto', 10, 'prefill'],
      ['auto', 10, 'T_total'],
      ['affine', 10, 'T_total'],
      ['auto', 25, 'T_total'],
    ]);
    expect(points[2]).toEqual({
      method: 'auto',
      samples: 10,
      stage: 'T_total',
      mapePercent: spreadOf([4, 6]),
      maeMs: spreadOf([8, 12]),
      p95Ms: spreadOf([12, 18]),
    });
  });

  it('of one method and the total are its curve', () => {
    const points = made();
    expect(totalCurve(points, 'auto').map(({ samples }) => samples)).toEqual([10, 25]);
    expect(totalCurve(points, 'ridge')).toEqual([]);
  });
});

describe('guardrailPoints', () => {
  const seeds = [0, 1].map((seed) =>
    seedOf(seed, {
      guardrail: [
        guarded('margin_1.1', 10, seed, 0.5, { violationsWithoutPercent: 60 + seed, falseAcceptPercent: null }),
        guarded('margin_1.1', 10, seed, 1, { violationsWithPercent: seed === 0 ? null : 8, acceptedPercent: 90 }),
        guarded('margin_1.1', 25, seed, 1),
        guarded('jackknife_plus_90', 10, seed, 1, { falseRejectPercent: 30 + 10 * seed }),
      ],
    }),
  );
  const made = () => guardrailPoints(resultOf(seeds));

  it('are means over the seeds that have a share, a rule, number of samples and budget each', () => {
    const { byBudget } = made();
    expect(byBudget.map(({ rule, samples, budget }) => [rule, samples, budget])).toEqual([
      ['margin_1.1', 10, 0.5],
      ['margin_1.1', 10, 1],
      ['margin_1.1', 25, 1],
      ['jackknife_plus_90', 10, 1],
    ]);
    expect(byBudget[0]).toEqual({
      rule: 'margin_1.1',
      samples: 10,
      budget: 0.5,
      violationsWithoutPercent: 60.5,
      violationsWithPercent: 4,
      coveragePercent: spreadOf([90, 93]),
      falseAcceptPercent: null,
      falseRejectPercent: 20,
      acceptedPercent: 50,
    });
    expect(byBudget[1]?.violationsWithPercent).toBe(8);
    expect(byBudget[3]?.falseRejectPercent).toBe(35);
  });

  it('of all budgets together count the coverage once a seed', () => {
    const { overall } = made();
    expect(overall.map(({ rule, samples, budget }) => [rule, samples, budget])).toEqual([
      ['margin_1.1', 10, null],
      ['margin_1.1', 25, null],
      ['jackknife_plus_90', 10, null],
    ]);
    expect(overall[0]).toMatchObject({
      violationsWithoutPercent: (60 + 40 + 61 + 40) / 4,
      violationsWithPercent: (4 + 4 + 8) / 3,
      coveragePercent: spreadOf([90, 93]),
      falseAcceptPercent: 10,
      acceptedPercent: 70,
    });
  });
});

describe('experimentSummary', () => {
  const errors = (auto: readonly number[], others: Partial<Record<Method, readonly number[]>> = {}, seed = 0) => [
    calibrated('none', 0, seed, 'prefill', 77),
    calibrated('none', 0, seed, 'T_total', 40),
    calibrated('affine', 25, seed, 'prefill', 77),
    ...Object.entries({ auto, ...others }).flatMap(([method, list]) =>
      list.map((mape, i) => calibrated(method as Method, [10, 25, 50][i], seed, 'T_total', mape)),
    ),
    calibrated('auto', 10, seed, 'prefill', 1),
  ];
  const answers = (seeds: readonly SeedResult[], parts: Partial<ExperimentResult> = {}) =>
    experimentSummary(resultOf(seeds, { samples: [10, 25, 50], ...parts })).map(({ answer }) => answer);

  it('asks four questions', () => {
    expect(experimentSummary(resultOf([seedOf(0)])).map(({ question }) => question)).toEqual([
      'Can latency be predicted from the knobs, without full profiling?',
      'How many samples does a transfer to another GPU need?',
      'Does the estimator filter violations of a latency budget?',
      'What does accuracy cost in samples?',
    ]);
  });

  it('says whether latency can be predicted: yes below 5 %, largely below 15 %', () => {
    const heldOut = (total: number | null, ...stages: [number, 'linear' | 'mlp' | 'physics'][]) =>
      seedOf(0, {
        source: {
          stages: stages.map(([mape, family]) => ({ stage: 'prefill', family, heldOut: figures(mape), scores: [] })),
          total: total === null ? null : figures(total),
          model: null,
        },
      });
    expect(answers([heldOut(4.99, [3, 'linear'])])[0]).toBe(
      'Yes: on configurations never seen, the total is off by 5.0 % on average (mean absolute error over the time, 1 seed). By stage: prefill 3.0 % (linear).',
    );
    expect(answers([heldOut(5, [12.4, 'mlp'])])[0]).toBe(
      'Largely: on configurations never seen, the total is off by 5.0 % on average (mean absolute error over the time, 1 seed). By stage: prefill 12 % (mlp).',
    );
    const three = [heldOut(20, [0.5, 'mlp']), heldOut(10, [0.3, 'physics']), heldOut(15, [0.4, 'physics'])];
    expect(answers(three)[0]).toBe(
      'Not well: on configurations never seen, the total is off by 15 % on average (mean absolute error over the time, 3 seeds). By stage: prefill 0.40 % (physics).',
    );
    expect(answers([heldOut(4, [3, 'linear']), heldOut(null, [5, 'mlp'])])[0]).toBe(
      'Yes: on configurations never seen, the total is off by 4.0 % on average (mean absolute error over the time, 1 seed). By stage: prefill 4.0 % (linear).',
    );
    expect(answers([heldOut(4, [3, 'linear'], [0.2, 'mlp'])], { stageNames: ['prefill', 'decode'] })[0]).toMatch(
      /By stage: prefill 3\.0 % \(linear\), decode 0\.20 % \(mlp\)\.$/,
    );
  });

  it('says from which N on more samples take off less than a tenth of the error', () => {
    const plateau = [seedOf(0, { calibration: errors([8, 4, 3.7], { affine: [9, 8, 7], ridge: [1, 1, 1] }) })];
    expect(answers(plateau)[1]).toBe(
      'Unadapted, the source model is off by 40 %. With auto: 8.0 % at N = 10, 4.0 % at N = 25, 3.7 % at N = 50. From N = 25 on, the next step in N takes off less than 10 % of the error. At N = 25: affine 8.0 %.',
    );
    const falling = [seedOf(0, { calibration: errors([8, 4, 3.6]) })];
    expect(answers(falling)[1]).toBe(
      'Unadapted, the source model is off by 40 %. With auto: 8.0 % at N = 10, 4.0 % at N = 25, 3.6 % at N = 50. More samples still pay at the largest N tried.',
    );
    const seeds = [0, 1].map((seed) =>
      seedOf(seed, { calibration: errors([8 + 2 * seed], { 'global-affine': [30] }, seed) }),
    );
    expect(answers(seeds, { samples: [10] })[1]).toBe(
      'Unadapted, the source model is off by 40 ± 0.00 %. With auto: 9.0 ± 1.0 % at N = 10. At N = 10: global-affine 30 ± 0.00 %.',
    );
  });

  it('takes the best method of each N where auto was not run, and none where nothing was', () => {
    const calibration = [
      calibrated('affine', 10, 0, 'T_total', 9),
      calibrated('scale', 10, 0, 'T_total', 12),
      calibrated('ridge', 10, 0, 'prefill', 1),
      calibrated('affine', 25, 0, 'T_total', 8),
      calibrated('fine-tuned', 25, 0, 'T_total', 6),
    ];
    expect(answers([seedOf(0, { calibration })])[1]).toBe(
      'Unadapted, the source model is off by n/a. With affine: 9.0 % at N = 10, 6.0 % at N = 25. From N = 25 on, the next step in N takes off less than 10 % of the error. At N = 25: affine 8.0 %, fine-tuned 6.0 %.',
    );
    expect(answers([seedOf(0, { calibration: [] })])[1]).toBe(
      'Unadapted, the source model is off by n/a. No method could be tried.',
    );
  });

  it('says whether the guardrail filters, at 25 samples or the most there are', () => {
    const rules = (samples: number, numbers: Partial<GuardrailResult>) => [
      guarded('margin_1.1', samples, 0, 1, { violationsWithPercent: samples === 10 ? 77 : 7, coveragePercent: 80 }),
      guarded('margin_1.2', samples, 0, 1, { violationsWithPercent: 77 }),
      guarded('jackknife_plus_90', samples, 0, 1, numbers),
    ];
    const filtering = (numbers: Partial<GuardrailResult>, samples = [10, 25, 50]) =>
      answers(
        [seedOf(0, { guardrail: samples.flatMap((n) => rules(n, n === samples.at(-1) || n === 25 ? numbers : {})) })],
        {
          samples,
        },
      )[2];
    expect(filtering({})).toBe(
      'Yes. With the conformal bound (jackknife+, 90 %, N = 25): violations among the accepted fall from 40 % to 4.0 %, 20 % of the valid are turned away, and 90 % of the totals lie below their bound. With the fixed margin of 1.1: violations among the accepted fall from 40 % to 7.0 %, 20 % of the valid are turned away, and 80 % of the totals lie below their bound; a fixed margin promises no coverage. The winner of a search must be measured again.',
    );
    expect(filtering({ violationsWithPercent: 50 })).toMatch(/^No\. .*to 50 %/);
    expect(filtering({ violationsWithPercent: 40 })).toMatch(/^No\. /);
    expect(filtering({ violationsWithPercent: null, falseRejectPercent: null })).toMatch(
      /^It accepts nothing\. .*fall from 40 % to n\/a, n\/a of the valid/,
    );
    expect(filtering({ violationsWithoutPercent: 0, violationsWithPercent: 0 })).toMatch(/^None to filter\. /);
    expect(filtering({ violationsWithPercent: 1 }, [10, 20])).toMatch(/^Yes\. .*N = 20\): .*to 1\.0 %/);
    expect(answers([seedOf(0)], { samples: [10] })[2]).toBe('Not computed; the warnings say why.');
    const own = answers(
      [seedOf(0, { guardrail: [guarded('jackknife_plus_80', 25, 0, 1), guarded('margin_1.3', 25, 0, 1)] })],
      {
        options: withDefaults({ level: 0.8, margin: 1.3 }),
      },
    )[2];
    expect(own).toMatch(/^Yes\. With the conformal bound \(jackknife\+, 80 %, N = 25\): viol.*margin of 1\.3: viol/);
  });

  it('says what accuracy costs, and where the lines stay', () => {
    expect(answers([seedOf(0, { calibration: errors([8, 4, 5], { affine: [9, 8.5, 8] }) })])[3]).toBe(
      'From N samples to the next: 10 to 25: 50 % less error; 25 to 50: no gain. The per-stage affine stays at 9.0 %, 8.5 %, 8.0 %.',
    );
    expect(answers([seedOf(0, { calibration: errors([8, 8], { affine: [9] }) })])[3]).toBe(
      'From N samples to the next: 10 to 25: 0 % less error.',
    );
    expect(answers([seedOf(0, { calibration: errors([8]) })])[3]).toBe('From N samples to the next: one N only.');
  });
});

describe('experimentFiles', () => {
  const blends = [
    {
      samples: 10,
      stages: [
        {
          stage: 'prefill',
          winner: 'scale' as const,
          candidates: [{ candidate: 'scale' as const, weight: 1, crossValidatedPercent: 2.3456789 }],
        },
      ],
    },
  ];
  const calibration = (seed: number) => [
    calibrated('none', 0, seed, 'T_total', 40),
    calibrated('affine', 10, seed, 'T_total', 8 + 3 * seed),
    calibrated('auto', 10, seed, 'T_total', 4),
  ];
  const guardrail = (seed: number) => [
    guarded('margin_1', 10, seed, 0.5),
    guarded('margin_1.1', 10, seed, 0.5),
    guarded('jackknife_plus_90', 10, seed, 0.5),
  ];
  const warning = { code: 'few-configurations', message: 'few' } as const;
  const result = resultOf(
    [0, 1].map((seed) => seedOf(seed, { calibration: calibration(seed), guardrail: guardrail(seed), blends })),
    { warnings: [warning] },
  );
  const made = () => experimentFiles(result);
  const settings = {
    samples: [10, 25],
    seeds: [0, 1],
    source_configurations: 60,
    test_configurations: 13,
    target_configurations: 50,
    stages: ['prefill'],
  };
  const json = (mape: number) => ({
    mae_ms: 2 * mape,
    mape_percent: mape,
    p95_ms: 3 * mape,
    median_ape_percent: mape / 2,
    r2: 0.5,
  });
  const spread = (mean: number, sd: number, standard_error: number) => ({ mean, sd, standard_error });

  it('are four, with the settings in each', () => {
    const files = made();
    expect(Object.keys(files)).toEqual([
      'e3_estimator_model',
      'e3_calibration_results',
      'e3_transfer_curves',
      'e3_guardrail_analysis',
    ]);
    for (const file of Object.values(files)) expect(file.settings).toMatchObject(settings);
    const few = experimentFiles({ ...result, options: withDefaults({ sourceConfigurations: 30 }) });
    expect(few.e3_estimator_model.settings).toMatchObject({ source_configurations: 30 });
  });

  it('hold the source model with all its digits, and its errors seed by seed', () => {
    const files = made();
    expect(files.e3_estimator_model).toEqual({
      schema: 'stepclock/stage-experiment-estimator@1',
      settings,
      held_out_by_seed: [0, 1].map((seed) => ({
        seed,
        total: json(4 + seed),
        stages: [{ stage: 'prefill', family: 'linear', ...json(3 + seed) }],
      })),
      model: { exact: 1.23456789012 },
    });
    const none = experimentFiles(resultOf([seedOf(1, { source: { stages: [], total: null, model: null } })]));
    expect(none.e3_estimator_model).toMatchObject({
      held_out_by_seed: [{ seed: 1, total: null, stages: [] }],
      model: null,
    });
    expect(experimentFiles(resultOf([])).e3_estimator_model.model).toBeNull();
  });

  it('hold every calibration, with the letters of the classical methods, and how auto decided', () => {
    const files = made();
    expect(files.e3_calibration_results).toEqual({
      schema: 'stepclock/stage-calibration-results@1',
      settings,
      results: [0, 1].flatMap((seed) => [
        { method: 'none', samples: 0, seed, stage: 'T_total', ...json(40), far_from_samples: 0 },
        {
          method: 'affine',
          plan_name: 'A',
          samples: 10,
          seed,
          stage: 'T_total',
          ...json(8 + 3 * seed),
          far_from_samples: 0,
        },
        { method: 'auto', samples: 10, seed, stage: 'T_total', ...json(4), far_from_samples: 0 },
      ]),
      not_possible: [],
      auto: [0, 1].map((seed) => ({
        seed,
        samples: 10,
        stages: [
          {
            stage: 'prefill',
            winner: 'scale',
            candidates: [{ candidate: 'scale', weight: 1, cross_validated_percent: 2.34568 }],
          },
        ],
      })),
    });
    const letters = (method: Method) => {
      const one = resultOf([seedOf(0, { calibration: [calibrated(method, 10, 0, 'T_total', 1)] })]);
      const { e3_calibration_results: results, e3_transfer_curves: curves } = experimentFiles(one);
      const [a] = results.results as { plan_name?: string }[];
      const [b] = curves.curves as { plan_name?: string }[];
      expect(a?.plan_name).toBe(b?.plan_name);
      return a?.plan_name;
    };
    expect(METHODS.map(letters)).toEqual(
      METHODS.map((method) => ({ affine: 'A', 'global-affine': 'B', 'fine-tuned': 'C' })[method as string]),
    );
  });

  it('hold the curves, with the baseline apart, answers and warnings', () => {
    const files = made();
    expect(files.e3_transfer_curves).toEqual({
      schema: 'stepclock/stage-transfer-curves@1',
      settings,
      baseline: [{ stage: 'T_total', mape_percent: spread(40, 0, 0), mae_ms: spread(80, 0, 0) }],
      curves: [
        {
          method: 'affine',
          plan_name: 'A',
          samples: 10,
          stage: 'T_total',
          mape_percent: spread(9.5, 2.12132, 1.5),
          mae_ms: spread(19, 4.24264, 3),
          p95_ms: spread(28.5, 6.36396, 4.5),
        },
        {
          method: 'auto',
          samples: 10,
          stage: 'T_total',
          mape_percent: spread(4, 0, 0),
          mae_ms: spread(8, 0, 0),
          p95_ms: spread(12, 0, 0),
        },
      ],
      summary: experimentSummary(result),
      warnings: [warning],
    });
  });

  it('hold what the guardrail did: rules by budget, over all budgets, and the sweep of margins', () => {
    const files = made();
    const point = (rule: string) => ({
      rule,
      samples: 10,
      violation_rate_without_percent: 40,
      violation_rate_with_percent: 4,
      coverage_percent: spread(91.5, 2.12132, 1.5),
      false_accept_percent: 10,
      false_reject_percent: 20,
      accepted_percent: 50,
    });
    const at = (rule: string) => ({ ...point(rule), budget_fraction: 0.5 });
    expect(files.e3_guardrail_analysis).toEqual({
      schema: 'stepclock/stage-guardrail-analysis@1',
      settings: {
        ...settings,
        level: 0.9,
        margin: 1.1,
        predicts_with: 'auto',
        budgets: [0.5, 0.7, 0.85, 1],
        budget_unit: 'share of the 95th percentile of the true totals of the test set',
      },
      rules: [at('margin_1.1'), at('jackknife_plus_90')],
      over_all_budgets: [point('margin_1'), point('margin_1.1'), point('jackknife_plus_90')],
      threshold_sweep: [at('margin_1'), at('margin_1.1')],
      note: 'Coverage and rates hold for configurations drawn like the samples. An optimiser that picks the best of the accepted picks where the model errs in its favour: measure the winner again.',
    });
    const [overall] = files.e3_guardrail_analysis.over_all_budgets as object[];
    expect('budget_fraction' in (overall ?? {})).toBe(false);
  });
});

/** Configurations of two knobs; the target is twice the source but for what no knob explains. */
const records = (n: number, factor = 1, from = 0): object[] =>
  Array.from({ length: n }, (_, j) => {
    const i = j + from;
    return {
      vision_tokens: 64 + 8 * i,
      active_blocks: 8 + ((i * 5) % 13),
      output_tokens: 5,
      T_LLM_prefill: factor * (10 + i + ((i * 7919) % 11)),
      T_LLM_decode_per_token: factor * (1 + ((i * 5) % 13) / 13),
    };
  });

describe('planExperiment', () => {
  const [source, target] = [tableOf(records(60)), tableOf(records(40, 2))];

  it('has the options of the plan where none are given', () => {
    expect(planExperiment(source, target).options).toEqual({
      samples: [10, 25, 50, 100],
      budgets: [0.5, 0.7, 0.85, 1],
      seeds: 10,
      seed: 0,
      methods: METHODS,
      families: ['linear', 'polynomial', 'log-polynomial', 'physics', 'gaussian-process'],
      testConfigurations: 0,
      sourceConfigurations: 150,
      level: 0.9,
      margin: 1.1,
      guardrailMethod: 'auto',
      effort: 'full',
    });
    const own: Required<ExperimentOptions> = {
      samples: [3],
      budgets: [2],
      seeds: 1,
      seed: 4,
      methods: ['scale'],
      families: ['mlp'],
      testConfigurations: 7,
      sourceConfigurations: 8,
      level: 0.8,
      margin: 1.5,
      guardrailMethod: 'scale',
      effort: 'lean',
    };
    expect(planExperiment(source, target, own).options).toEqual(own);
    expect(seedsOf(planExperiment(source, target, { seed: 4, seeds: 3 }))).toEqual([4, 5, 6]);
  });

  it('tests on a quarter, at least one and at most 100, unless told otherwise', () => {
    expect(testSize(tableOf(records(40)), 0)).toBe(10);
    expect(testSize(tableOf(records(50)), 0)).toBe(13);
    expect(testSize(tableOf(records(1)), 0)).toBe(1);
    expect(testSize(tableOf(records(500)), 0)).toBe(100);
    expect(testSize(tableOf(records(40)), 7)).toBe(7);
    expect(planExperiment(source, target).testConfigurations).toBe(10);
  });

  it('takes each N once, in order, as far as the data goes, and says which it leaves out', () => {
    const plan = planExperiment(source, target, { samples: [30, 12, 30, 31, 100] });
    expect(plan.samples).toEqual([12, 30]);
    expect(plan.warnings.map(({ code, message }) => `${code}: ${message}`)).toContain(
      'too-many-samples: N = 31, 100 left out: the target has 40 configurations, 10 of them for testing, so N is at most 30',
    );
    expect(faultOf(() => planExperiment(source, target, { samples: [31, 100] }))).toEqual({
      code: 'stage/too-many-samples',
      message: 'samples: must be at most 30 (40 target configurations less 10 for testing); got "31, 100"',
      value: '31, 100',
    });
    // With rows of equal knobs fewer are sure: the last ones may carry the test set past its size.
    const thrice = tableOf(records(30).flatMap((row) => [5, 6, 7].map((output_tokens) => ({ ...row, output_tokens }))));
    expect(mostSamples(thrice, 20)).toBe(90 - 20 + 1 - 3);
    expect(mostSamples(target, 10)).toBe(30);
  });

  it('passes on warnings, those of both tables once', () => {
    const warned = (table: StageTable, ...messages: string[]): StageTable => ({
      ...table,
      warnings: messages.map((message) => ({ code: 'zero-stage', message })),
    });
    const { warnings } = planExperiment(warned(source, 'a', 'b'), warned(tableOf(records(40, 2, 30)), 'b', 'c'));
    expect(warnings.slice(0, 3).map(({ message }) => message)).toEqual(['a', 'b', 'c']);
    expect(warnings.slice(3).map(({ code }) => code)).toEqual(['outside-training-range', 'too-many-samples']);
    const still = (n: number) => tableOf(records(n).map((row) => ({ ...row, top_k: 2 })));
    expect(planExperiment(still(60), still(40), { samples: [10] }).warnings.map(({ code }) => code)).toEqual([
      'constant-knob',
    ]);
  });

  it('refuses numbers that are none', () => {
    const fault = (name: string, rule: string, value: unknown) => ({
      code: 'stage/bad-option',
      message: `${name}: must be ${rule}; got ${value ?? '"nothing"'}`,
      value: value ?? 'nothing',
    });
    for (const value of [0, -1, 10.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(faultOf(() => planExperiment(source, target, { samples: [10, value] }))).toEqual(
        fault('samples', 'whole numbers from 1', value),
      );
      expect(faultOf(() => planExperiment(source, target, { seeds: value }))).toEqual(
        fault('seeds', 'whole numbers from 1', value),
      );
    }
    for (const value of [0, -0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(faultOf(() => planExperiment(source, target, { budgets: [1, value] }))).toEqual(
        fault('budgets', 'numbers above 0', value),
      );
    }
    expect(faultOf(() => planExperiment(source, target, { samples: [] }))).toEqual(
      fault('samples', 'whole numbers from 1', undefined),
    );
    expect(faultOf(() => planExperiment(source, target, { budgets: [] }))).toEqual(
      fault('budgets', 'numbers above 0', undefined),
    );
    expect(planExperiment(source, target, { samples: [1], budgets: [0.001], seeds: 1 }).samples).toEqual([1]);
  });

  it('refuses tables that are not one experiment', () => {
    const other = tableOf(records(40).map((row) => ({ ...row, top_k: 1 })));
    expect(faultOf(() => planExperiment(source, other))).toEqual({
      code: 'stage/other-knobs',
      message:
        'target: must have the knobs of the source (vision_tokens (numeric), active_blocks (numeric)); got "vision_tokens (numeric), top_k (numeric), active_blocks (numeric)" (made.json)',
      value: 'vision_tokens (numeric), top_k (numeric), active_blocks (numeric)',
      file: 'made.json',
    });
    expect(faultOf(() => planExperiment(other, target))).toMatchObject({ code: 'stage/other-knobs' });
    const fewer = tableOf(records(40), { stages: ['T_LLM_prefill'] });
    expect(faultOf(() => planExperiment(source, fewer))).toEqual({
      code: 'stage/other-stages',
      message:
        'target: must have the stages of the source (T_LLM_prefill, T_LLM_decode_per_token); got "T_LLM_prefill" (made.json)',
      value: 'T_LLM_prefill',
      file: 'made.json',
    });
    const { origin: _, ...placeless } = fewer;
    expect(faultOf(() => planExperiment(source, placeless))).toMatchObject({ file: undefined });
    expect(faultOf(() => planExperiment(fewer, target))).toMatchObject({
      value: 'T_LLM_prefill, T_LLM_decode_per_token',
      message: expect.stringContaining('got "T_LLM_prefill, T_LLM_decode_per_token" (made.json)'),
    });
    const { origin: _none, ...unplaced } = other;
    expect(faultOf(() => planExperiment(source, unplaced))).toMatchObject({
      code: 'stage/other-knobs',
      file: undefined,
    });
    // The order of knobs is no matter.
    const turned = { ...target, knobs: [...target.knobs].reverse() };
    expect(planExperiment(source, turned, { samples: [10] }).samples).toEqual([10]);
  });
});

/** Samples of one stage whose target is twice the source, but for a tenth. */
const samplesOf = (n: number): TransferSamples => {
  const source = Float64Array.from({ length: n }, (_, i) => 10 + ((i * 17) % 31));
  const target = source.map((ms, i) => 2 * ms * (1 + 0.1 * Math.sin(5 * i)));
  return {
    sourceMs: [source],
    knobs: featureTable(['size'], [source.map(Math.log)]),
    decodeSteps: new Float64Array(n),
    targetMs: [target],
    targetTotalMs: target,
    stageNames: ['stage'],
    total: { perStepStages: [], convention: 'prefill-emits-first' },
  };
};

describe('seedFits', () => {
  const samples = samplesOf(12);

  it('fits a method to the first n samples, once', () => {
    const fits = seedFits(samples, { seed: 0 });
    expect(fits('affine', 5)).toBe(fits('affine', 5));
    expect(fits('affine', 6)).not.toBe(fits('affine', 5));
    expect(fits('affine', 5).frame.samples).toBe(5);
    expect(fits('affine', 5).predict(samples)).toEqual(
      recalibrate('affine', takeSamples(samples, [0, 1, 2, 3, 4])).predict(samples),
    );
    expect(firstSamples(samples, 3)).toEqual(takeSamples(samples, [0, 1, 2]));
  });

  it('takes the candidates of auto from auto, of the same n alone', () => {
    const fits = seedFits(samples, { seed: 0 });
    const auto = fits('auto', 8);
    const scale = fits('scale', 8);
    expect([scale.method, scale.frame.samples]).toEqual(['scale', 8]);
    expect(scale).toBe(auto.candidates?.get('scale'));
    expect(fits('scale', 7).predict(samples)).toEqual(recalibrate('scale', firstSamples(samples, 7)).predict(samples));
    expect(fits('affine', 8).toJSON()).toEqual(recalibrate('affine', firstSamples(samples, 8)).toJSON());
  });
});

describe('guardBudgets', () => {
  const everything = samplesOf(40);
  const n = 20;
  const test = {
    ...samplesOf(30),
    totalMs: Float64Array.from(samplesOf(30).targetTotalMs, (ms, i) => ms * (1 + (i % 3) / 20)),
  };
  const settings = { seed: 3 };
  const fits = seedFits(everything, settings);
  const options = withDefaults({ budgets: [0.5, 1], guardrailMethod: 'scale', level: 0.75, margin: 1.25 });
  const made = () => guardBudgets(fits, everything, n, test, options, settings);
  // Of 30 sorted totals at 0.95 x 29 = 27.55 places.
  const sorted = test.totalMs.slice().sort();
  const reference = sorted[27] * 0.45 + sorted[28] * 0.55;

  it('has every rule at every budget: margins and the one asked for, split, jackknife+ and selection', () => {
    const results = made();
    expect([...new Set(results.map(({ rule }) => rule))]).toEqual([
      ...[1, 1.02, 1.05, 1.1, 1.15, 1.2, 1.3, 1.5, 1.25].map((margin) => `margin_${margin}`),
      'split_conformal_75',
      'jackknife_plus_75',
      'conformal_selection_25',
    ]);
    expect(results).toHaveLength(24);
    for (const { samples, seed } of results) expect([samples, seed]).toEqual([20, 3]);
    expect(results.slice(0, 2).map(({ budget }) => budget)).toEqual([0.5, 1]);
    const known = guardBudgets(fits, everything, n, test, { ...options, margin: 1.1 }, settings);
    expect(known).toHaveLength(22);
  });

  it('counts by shares of the 95th percentile of the totals', () => {
    const results = made();
    const model = fits('scale', n);
    const predicted = model.predict(test).totalMs;
    const of = (rule: string, budget: number) => results.find((one) => one.rule === rule && one.budget === budget);
    for (const budget of [0.5, 1]) {
      for (const margin of [1, 1.25, 1.5]) {
        expect(of(`margin_${margin}`, budget)).toEqual({
          rule: `margin_${margin}`,
          samples: 20,
          seed: 3,
          budget,
          ...guardrailFigures(
            test.totalMs,
            predicted.map((ms) => margin * ms),
            budget * reference,
          ),
        });
      }
    }
  });

  it('draws the split rule from the first half and calibrates it on the second, the jackknife+ from all', () => {
    const results = made();
    const first = firstSamples(everything, n);
    const half = recalibrate('scale', firstSamples(everything, 10));
    const rest = takeSamples(
      everything,
      Array.from({ length: 10 }, (_, i) => 10 + i),
    );
    const split = splitBounds(half, rest, 0.75).bounds(test).upperMs;
    const model = recalibrate('scale', first);
    const jackknife = jackknifeBounds(model, crossFit(model, first, settings), 0.75).bounds(test).upperMs;
    const at = (rule: string) => results.find((one) => one.rule === rule && one.budget === 1);
    expect(at('split_conformal_75')).toMatchObject(guardrailFigures(test.totalMs, split, reference));
    expect(at('jackknife_plus_75')).toMatchObject(guardrailFigures(test.totalMs, jackknife, reference));
  });

  it('selects with the share of violations that the level leaves', () => {
    const results = made();
    const first = firstSamples(everything, n);
    const model: Recalibration = fits('scale', n);
    const predicted = model.predict(test).totalMs;
    const cross = crossFit(model, first, settings);
    for (const budget of [0.5, 1]) {
      const { accepted } = conformalSelection(
        predicted,
        cross.predictedMs,
        first.targetTotalMs,
        budget * reference,
        0.25,
      );
      const selected = results.find((one) => one.rule === 'conformal_selection_25' && one.budget === budget);
      expect(selected).toEqual({
        rule: 'conformal_selection_25',
        samples: 20,
        seed: 3,
        budget,
        ...guardrailFigures(test.totalMs, predicted, budget * reference, (row) => accepted[row] === 1),
      });
    }
  });

  it('leaves out the split rule where half of the samples fit no model', () => {
    const rulesOf = (samples: number, guardrailMethod: Method) =>
      new Set(
        guardBudgets(fits, everything, samples, test, { ...options, guardrailMethod }, settings).map(
          ({ rule }) => rule,
        ),
      );
    // Three of five are enough for a line, two of four are not.
    expect(rulesOf(5, 'affine').has('split_conformal_75')).toBe(true);
    expect(rulesOf(4, 'affine').has('split_conformal_75')).toBe(false);
  });

  it('has one total for a budget where there is one', () => {
    const one = { ...takeSamples(samplesOf(1), [0]), totalMs: Float64Array.of(50) };
    const [whole] = guardBudgets(fits, everything, n, one, { ...options, budgets: [1] }, settings);
    // A total of the budget's own size keeps it.
    expect(whole?.violationsWithoutPercent).toBe(0);
  });
});

describe('runSeed', () => {
  const [source, target] = [tableOf(records(45)), tableOf(records(40, 2))];
  const options = {
    samples: [2, 3, 4, 16],
    seeds: 2,
    seed: 5,
    methods: ['none', 'scale', 'affine', 'global-affine', 'auto'],
    families: ['linear'],
    sourceConfigurations: 20,
    guardrailMethod: 'scale',
  } as const;
  const made = () => {
    const plan = planExperiment(source, target, options);
    const sets = drawSets(source, target, plan.testConfigurations, 20, 5);
    const { estimator } = trainEstimator(takeConfigurations(source, sets.source), { families: ['linear'], seed: 5 });
    return {
      plan,
      result: runSeed(source, target, plan, 5),
      estimator,
      test: takeConfigurations(target, sets.test),
      pool: transferSamples(estimator, takeConfigurations(target, sets.pool)),
    };
  };

  it('trains on the source set, and keeps the model and a picture of the first seed', () => {
    const { plan, result, estimator } = made();
    expect(result.seed).toBe(5);
    expect(result.source).toEqual({
      stages: estimator.parts.reports,
      total: estimator.parts.totalHeldOut,
      model: estimator.toJSON(),
    });
    const second = runSeed(source, target, plan, 6);
    expect([second.source.model, second.picture]).toEqual([null, null]);
    expect(second.calibration.every(({ seed }) => seed === 6)).toBe(true);
  });

  it('calibrates every method with as many samples as it can use, and tells its errors on the test set by stage and in total', () => {
    const { result, estimator, test, pool } = made();
    const keys = result.calibration.map(({ method, samples, stage }) => `${method} ${samples} ${stage}`);
    const stages = ['T_LLM_prefill', 'T_LLM_decode_per_token', 'T_total'];
    const by = (method: string, n: number) => stages.map((stage) => `${method} ${n} ${stage}`);
    expect(keys).toEqual([
      ...by('none', 0),
      ...by('scale', 2),
      // A line from three samples on, auto from four.
      ...[3, 4, 16].flatMap((n) => [
        ...by('scale', n),
        ...by('affine', n),
        `global-affine ${n} T_total`,
        ...(n < 4 ? [] : [...by('auto', n), `one-model ${n} T_total`]),
      ]),
    ]);
    const input = transferInput(estimator, test);
    for (const method of ['none', 'affine', 'global-affine'] as const) {
      const n = method === 'none' ? 0 : 4;
      const { stagesMs, totalMs } = recalibrate(method, firstSamples(pool, n)).predict(input);
      const got = result.calibration.filter((one) => one.method === method && one.samples === n);
      const want = [
        ...(stagesMs ?? []).map((ms, k) => errorFigures(test.stagesMs[k], ms)),
        errorFigures(measuredTotals(test), totalMs),
      ];
      expect(got.map(({ method: _m, samples: _n, seed: _s, stage: _t, far: _f, ...rest }) => rest)).toEqual(want);
    }
  });

  it('pictures auto with the most samples', () => {
    const { plan, result, estimator, test, pool } = made();
    const { stagesMs, totalMs } = recalibrate('auto', firstSamples(pool, 16), { seed: 5 }).predict(
      transferInput(estimator, test),
    );
    expect(result.picture).toEqual({
      method: 'auto',
      samples: 16,
      stages: [
        { stage: 'T_LLM_prefill', measuredMs: test.stagesMs[0], predictedMs: stagesMs?.[0] },
        { stage: 'T_LLM_decode_per_token', measuredMs: test.stagesMs[1], predictedMs: stagesMs?.[1] },
        { stage: 'T_total', measuredMs: measuredTotals(test), predictedMs: totalMs },
      ],
    });
    expect(result.blends.map(({ samples }) => samples)).toEqual([4, 16]);
    expect(result.blends[0]?.stages).toEqual(recalibrate('auto', firstSamples(pool, 4), { seed: 5 }).blend);
    const without = runSeed(
      source,
      target,
      { ...plan, samples: [8], options: { ...plan.options, methods: ['scale'] } },
      5,
    );
    expect([without.picture, without.blends]).toEqual([null, []]);
    expect(without.calibration.map(({ method }) => method)).toEqual(['scale', 'scale', 'scale']);
  });

  it('guards budgets at every number of samples', () => {
    const { plan, result, estimator, test, pool } = made();
    expect([...new Set(result.guardrail.map(({ samples }) => samples))]).toEqual([2, 3, 4, 16]);
    const input = { ...transferInput(estimator, test), totalMs: measuredTotals(test) };
    const fits = seedFits(pool, { seed: 5 });
    fits('auto', 4);
    expect(result.guardrail.filter(({ samples }) => samples === 4)).toEqual(
      guardBudgets(fits, pool, 4, input, plan.options, { seed: 5, effort: 'full' }),
    );
  });

  it('trains networks where fine-tuning is asked for', () => {
    const tuned = { ...options, samples: [8], methods: ['fine-tuned'], effort: 'lean' } as const;
    const { calibration } = runSeed(source, target, planExperiment(source, target, tuned), 5);
    expect(calibration.map(({ method, samples }) => `${method} ${samples}`)).toEqual(new Array(3).fill('fine-tuned 8'));
  });
});

describe('runExperiment', () => {
  const [source, target] = [tableOf(records(30)), tableOf(records(26, 2))];
  const options = {
    samples: [8],
    seeds: 2,
    methods: ['scale'],
    families: ['linear'],
    guardrailMethod: 'scale',
  } as const;

  it('runs seed after seed, and tells after each', () => {
    const told: number[][] = [];
    const result = runExperiment(source, target, options, (done, of) => told.push([done, of]));
    expect(told).toEqual([
      [1, 2],
      [2, 2],
    ]);
    const plan = planExperiment(source, target, options);
    const [first, second] = seedsOf(plan).map((seed) => runSeed(source, target, plan, seed)) as [
      SeedResult,
      SeedResult,
    ];
    expect(result).toEqual({
      ...plan,
      sourceConfigurations: 30,
      targetConfigurations: 26,
      stageNames: ['T_LLM_prefill', 'T_LLM_decode_per_token'],
      seeds: [first, second],
    });
    expect(experimentResult(source, target, plan, [second, first])).toEqual(result);
  });
});
