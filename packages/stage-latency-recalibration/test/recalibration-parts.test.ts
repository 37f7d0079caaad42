import '@stepclock/vitest-matchers';
import { seededRandom } from '@stepclock/numerics';
import {
  dataset,
  featureTable,
  linearTerms,
  multiOutputPerceptron,
  nonNegativeLeastSquares,
} from '@stepclock/regression';
import { describe, expect, it } from 'vitest';
import { trainNetwork } from '../src/estimator/families/smooth-forms.js';
import {
  METHODS,
  type Method,
  recalibrate,
  type StageTable,
  type TransferSamples,
  takeInput,
  takeSamples,
  trainEstimator,
  trainTransferNetworks,
  transferInput,
  transferSamples,
} from '../src/index.js';
import { fineTuned } from '../src/recalibration/fine-tune.js';
import { leastSamples } from '../src/recalibration/method.js';
import { sampleKeys } from '../src/recalibration/samples.js';
import {
  affineMapThrough,
  logAffineMap,
  processMap,
  relativeAffineMap,
  ridgeMap,
  type StageMap,
  type StageSamples,
  scaleMap,
} from '../src/recalibration/stage-map.js';
import { faultWith } from './fault.js';
import { tableOf } from './made-tables.js';
import { estimatorFrom, recalibrationFrom } from './reading-models.js';

/** Two stages, the second counted once a step; targets by two laws, and the total by a third. */
const samplesOf = (n: number): TransferSamples => {
  const random = seededRandom(n, 'samples');
  const column = (from: number, to: number) => Float64Array.from({ length: n }, () => from + (to - from) * random());
  const sourceMs = [column(10, 100), column(1, 5)];
  const decodeSteps = column(0, 20).map(Math.floor);
  const [once, per] = sourceMs as [Float64Array, Float64Array];
  return {
    sourceMs,
    decodeSteps,
    knobs: featureTable(['size'], [once.map(Math.log)]),
    targetMs: [once.map((ms) => 2 * ms + 1), per.map((ms) => 3 * ms)],
    targetTotalMs: once.map((ms, i) => 2 * ms + 3 * per[i] * decodeSteps[i] + 7),
    stageNames: ['once', 'per_token'],
    total: { perStepStages: ['per_token'], convention: 'prefill-emits-first' },
  };
};

const faultOf = faultWith('message', 'file', 'value');

const header = (method: Method, samples: number, fixed: number | null = null) => ({
  schema: 'stepclock/stage-recalibration@1',
  method,
  samples,
  stages: ['once', 'per_token'],
  total: { per_step_stages: ['per_token'], convention: 'prefill-emits-first', fixed_steps: fixed },
});

const reread = (value: object) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>;

describe('samples', () => {
  it.each([
    ['none', 0],
    ['scale', 1],
    ['affine', 3],
    ['global-affine', 3],
    ['affine-relative', 3],
    ['log-affine', 3],
    ['ridge', 4],
    ['gaussian-process', 4],
    ['trend-process', 4],
    ['stage-mix', 4],
    ['fine-tuned', 4],
    ['auto', 4],
  ] as const)('%s needs %i', (method, least) => {
    expect(leastSamples(method)).toBe(least);
    const networks = method === 'fine-tuned' ? { networks: [], effort: 'lean' as const } : {};
    expect(recalibrate(method, samplesOf(least), networks)).toMatchObject({ method, frame: { samples: least } });
    if (least > 0) {
      expect(faultOf(() => recalibrate(method, samplesOf(least - 1), networks))).toEqual({
        code: 'stage/too-few-samples',
        message: `samples: must be at least ${least} for ${method}; got ${least - 1}`,
        value: least - 1,
      });
    }
  });

  it('are asked for by every method', () => {
    expect(METHODS).toHaveLength(12);
  });

  it('of one key have the same knobs', () => {
    const samples = samplesOf(3);
    const knobs = featureTable(['a', 'b'], [Float64Array.of(1, 1, 11), Float64Array.of(12, 12, 2)]);
    expect(sampleKeys({ ...samples, knobs })).toEqual(['1|12', '1|12', '11|2']);
  });

  it('are taken with everything of theirs, in the order asked for', () => {
    const samples = samplesOf(4);
    const some = takeSamples(samples, [3, 1]);
    const pick = (column: Float64Array | undefined) => Float64Array.of(column?.[3] ?? 0, column?.[1] ?? 0);
    expect(some).toEqual({
      ...samples,
      sourceMs: samples.sourceMs.map(pick),
      targetMs: (samples.targetMs ?? []).map(pick),
      targetTotalMs: pick(samples.targetTotalMs),
      decodeSteps: pick(samples.decodeSteps),
      knobs: featureTable(['size'], [pick(samples.knobs.columns[0])]),
    });
    expect(takeInput(samples, [3, 1])).toEqual({
      sourceMs: some.sourceMs,
      knobs: some.knobs,
      decodeSteps: some.decodeSteps,
    });
  });
});

describe('methods of stages', () => {
  it('map each stage and add them up, the steps counted', () => {
    const samples = samplesOf(12);
    const model = recalibrate('affine', samples);
    const [once, per] = samples.targetMs as [Float64Array, Float64Array];
    const { stagesMs, totalMs } = model.predict(samples);
    expect(stagesMs?.[0]).toAgree(once, 1e-12);
    expect(stagesMs?.[1]).toAgree(per, 1e-12);
    expect(totalMs).toAgree(
      once.map((ms, i) => ms + per[i] * samples.decodeSteps[i]),
      1e-12,
    );
    expect(model.toJSON()).toMatchObject({
      ...header('affine', 12),
      maps: [
        expect.objectContaining({ kind: 'affine', slope: expect.closeTo(2, 9) }),
        expect.objectContaining({ kind: 'affine', slope: expect.closeTo(3, 9) }),
      ],
    });
    expect('auto' in model || 'blend' in model).toBe(false);
  });

  it('without a method are the source', () => {
    const samples = samplesOf(5);
    const { stagesMs, totalMs } = recalibrate('none', samples).predict(samples);
    expect(stagesMs).toEqual(samples.sourceMs);
    expect(totalMs[0]).toAgree(
      (samples.sourceMs[0]?.[0] ?? 0) + (samples.sourceMs[1]?.[0] ?? 0) * (samples.decodeSteps[0] ?? 0),
      1e-14,
    );
    expect((recalibrate('none', samples).toJSON() as { maps: object[] }).maps).toEqual([
      { kind: 'identity' },
      { kind: 'identity' },
    ]);
  });

  it('are the maps of their names', () => {
    const samples = samplesOf(12);
    const bent = {
      ...samples,
      targetMs: (samples.targetMs ?? []).map((ms) => ms.map((value, i) => value * (1 + (i % 3) / 20))),
    };
    const maps: [Method, (stage: StageSamples) => StageMap][] = [
      ['affine', affineMapThrough],
      ['affine-relative', relativeAffineMap],
      ['log-affine', logAffineMap],
      ['scale', scaleMap],
      ['ridge', ridgeMap],
      ['gaussian-process', (stage) => processMap(stage, 'none')],
      ['trend-process', (stage) => processMap(stage, 'quadratic')],
    ];
    for (const [method, map] of maps) {
      const want = [0, 1].map((k) =>
        map({ f: bent.sourceMs[k], y: bent.targetMs[k] as Float64Array, knobs: bent.knobs }).toJSON(),
      );
      expect(recalibrate(method, bent).toJSON()).toMatchObject({ ...header(method, 12), maps: want });
    }
  });

  it('auto reports how it decided', () => {
    const samples = samplesOf(8);
    const model = recalibrate('auto', samples);
    expect(model.candidates?.get('scale')?.predict(samples)).toEqual(recalibrate('scale', samples).predict(samples));
    expect(model.blend?.map(({ stage }) => stage)).toEqual(['once', 'per_token']);
    expect(model.toJSON()).toMatchObject(header('auto', 8));
  });
});

describe('methods of the total', () => {
  it('global-affine is a line of the source’s total', () => {
    const samples = samplesOf(9);
    const f = samples.targetTotalMs.map(
      (_, i) => (samples.sourceMs[0]?.[i] ?? 0) + (samples.sourceMs[1]?.[i] ?? 0) * (samples.decodeSteps[i] ?? 0),
    );
    const model = recalibrate('global-affine', { ...samples, targetTotalMs: f.map((ms) => 1.5 * ms + 4) });
    const { stagesMs, totalMs } = model.predict(samples);
    expect(stagesMs).toBeNull();
    expect(totalMs).toAgree(
      f.map((ms) => 1.5 * ms + 4),
      1e-12,
    );
    expect(model).toMatchObject({ method: 'global-affine', frame: { samples: 9 } });
    expect(model.toJSON()).toMatchObject({
      ...header('global-affine', 9),
      map: expect.objectContaining({
        kind: 'affine',
        slope: expect.closeTo(1.5, 9),
        intercept_ms: expect.closeTo(4, 9),
      }),
    });
  });

  it('stage-mix is a non-negative mix of what each stage adds to the total', () => {
    const samples = samplesOf(4);
    const { stagesMs, totalMs } = recalibrate('stage-mix', samples).predict(samples);
    expect(stagesMs).toBeNull();
    // Two stages and an intercept need four samples: 2, 3 and 7.
    expect(totalMs).toAgree(samples.targetTotalMs, 1e-9);
    const others = samplesOf(30);
    expect(recalibrate('stage-mix', samples).predict(others).totalMs).toAgree(others.targetTotalMs, 1e-8);
    expect(recalibrate('stage-mix', samples).toJSON()).toMatchObject(header('stage-mix', 4));
  });

  it('stage-mix of as many samples as stages and an intercept is a line of the total', () => {
    // Three stages: four samples are too few.
    const base = samplesOf(4);
    const third = Float64Array.of(5, 1, 9, 30);
    const samples: TransferSamples = {
      ...base,
      sourceMs: [...base.sourceMs, third],
      targetMs: [...(base.targetMs ?? []), third],
      stageNames: ['once', 'per_token', 'third'],
    };
    const total = base.targetTotalMs.map(
      (_, i) => (base.sourceMs[0]?.[i] ?? 0) + (base.sourceMs[1]?.[i] ?? 0) * (base.decodeSteps[i] ?? 0) + third[i],
    );
    const data = dataset(
      featureTable(['total'], [total]),
      samples.targetTotalMs,
      samples.targetTotalMs.map((ms) => 1 / ms ** 2),
    );
    const model = recalibrate('stage-mix', samples);
    const line = nonNegativeLeastSquares(data).model;
    expect(model.predict(samples).totalMs).toAgree(line.predict(featureTable(['total'], [total])), 1e-12);
    expect((model.toJSON() as { model: { terms: object[] } }).model.terms).toEqual(reread(linearTerms(['total'])));
  });

  it('stage-mix counts relative errors', () => {
    const samples = samplesOf(20);
    const noisy = {
      ...samples,
      targetTotalMs: samples.targetTotalMs.map((ms, i) => (ms + 100) * (1 + 0.05 * Math.sin(7 * i))),
    };
    const { totalMs } = recalibrate('stage-mix', noisy).predict(samples);
    // Least relative error: relative residuals are orthogonal to the intercept's and the columns' shares of the total.
    const residuals = totalMs.map((ms, i) => ms / noisy.targetTotalMs[i] - 1);
    const against = (column: (i: number) => number) =>
      residuals.reduce((sum, r, i) => sum + (r * column(i)) / noisy.targetTotalMs[i], 0);
    expect(against(() => 1)).toAgree(0, 0, 1e-9);
    expect(against((i) => samples.sourceMs[0]?.[i] ?? 0)).toAgree(0, 0, 1e-9);
  });
});

describe('fine-tuned', () => {
  const samples = samplesOf(34);
  const trained = () => trainNetwork(samples.knobs, [samples.sourceMs[0].map(Math.log)], 1, 'lean');
  /** As the documentation states it: 300 steps of Adam from the source's weights, all samples at a time, or at most 32. */
  const stated = (k: number, batchSize: number, maxEpochs: number, seed: number) =>
    multiOutputPerceptron(
      samples.knobs,
      featureTable(['stage 0'], [(samples.targetMs?.[k] ?? new Float64Array(0)).map(Math.log)]),
      {
        warmStart: trained(),
        learningRate: 1e-3,
        batchSize,
        maxEpochs,
        patience: 300,
        validationFraction: 0,
        l2: 0,
        seed,
      },
    ).model;

  it('goes on from the source’s networks, all samples at a time or, lean, at most 32', () => {
    const source = trained();
    const networks = [source, source];
    const full = fineTuned(networks, samples, 5, 'full');
    const lean = fineTuned(networks, samples, 5, 'lean');
    [0, 1].forEach((k) => {
      expect(full[k]?.toJSON()).toEqual(stated(k, 34, 300, 5).toJSON());
      // Two batches an epoch: 150 epochs.
      expect(lean[k]?.toJSON()).toEqual(stated(k, 32, 150, 5).toJSON());
    });
    const few = takeSamples(samples, [...new Array(6).keys()]);
    expect(fineTuned([source], few, 5, 'lean')[0]?.toJSON()).toEqual(fineTuned([source], few, 5, 'full')[0]?.toJSON());
  });

  it('is a recalibration of stages, full unless told otherwise, and has none without networks', () => {
    const networks = [trained(), trained()];
    const model = recalibrate('fine-tuned', samples, { networks, seed: 5 });
    const { stagesMs, totalMs } = model.predict(samples);
    const full = fineTuned(networks, samples, 5, 'full');
    full.forEach((network, k) => {
      expect(stagesMs?.[k]).toEqual(network.predict(samples.knobs).map(Math.exp));
    });
    expect(totalMs[1]).toAgree(
      (stagesMs?.[0]?.[1] ?? 0) + (stagesMs?.[1]?.[1] ?? 0) * (samples.decodeSteps[1] ?? 0),
      1e-14,
    );
    expect(model).toMatchObject({ method: 'fine-tuned', frame: { samples: 34 } });
    expect(model.toJSON()).toMatchObject({
      ...header('fine-tuned', 34),
      networks: full.map((network) => network.toJSON()),
    });
    expect(faultOf(() => recalibrate('fine-tuned', samples))).toEqual({
      code: 'stage/bad-option',
      message: `fine-tuned: must have the source's networks`,
    });
  });
});

describe('recalibrationFrom', () => {
  const samples = samplesOf(6);

  it('reads what every method writes, fixed steps and all', () => {
    const fixed: TransferSamples = { ...samples, total: { ...samples.total, fixedSteps: 3 } };
    for (const method of METHODS) {
      if (method === 'fine-tuned') continue;
      for (const these of [samples, fixed]) {
        const json = reread(recalibrate(method, these));
        expect(json).toMatchObject(header(method, 6, these === fixed ? 3 : null));
        const again = recalibrationFrom(json);
        expect([again.method, again.frame.samples]).toEqual([method, 6]);
        expect(reread(again)).toEqual(json);
        expect(again.predict(samples)).toEqual(recalibrate(method, samples).predict(samples));
      }
    }
  });
});

describe('transferSamples', () => {
  const records = [1, 2, 3, 4, 5].map((k) => ({
    vision_tokens: 64 * k,
    output_tokens: 2 + k,
    T_LLM_prefill: 3 * k,
    T_LLM_decode_per_token: 1 + k / 10,
  }));
  const table = tableOf(records);
  const trained = () => trainEstimator(table, { families: ['linear'] }).estimator;
  const reversed: StageTable = {
    ...table,
    stageNames: [...table.stageNames].reverse(),
    stagesMs: [...table.stagesMs].reverse(),
  };

  it('are the source’s predictions and the target’s measurements, in the source’s order of stages', () => {
    const estimator = trained();
    const samples = transferSamples(estimator, reversed);
    expect(samples.stageNames).toEqual(['T_LLM_prefill', 'T_LLM_decode_per_token']);
    expect(samples.targetMs).toEqual(table.stagesMs);
    expect(samples.sourceMs).toEqual(estimator.predict(table).stagesMs);
    expect(samples.targetTotalMs).toAgree(
      records.map((row) => row.T_LLM_prefill + row.T_LLM_decode_per_token * (row.output_tokens - 1)),
      1e-14,
    );
    expect(samples.total).toBe(table.total);
    expect(samples.knobs).toEqual(estimator.encode(table).scaled);
    expect(transferInput(estimator, table)).toEqual({
      sourceMs: samples.sourceMs,
      knobs: samples.knobs,
      decodeSteps: table.decodeSteps,
    });
  });

  it('refuse a target with fewer or more stages', () => {
    const estimator = trained();
    const fault = (names: string) => ({
      code: 'stage/other-stages',
      message: `stages: must be those of the source (T_LLM_prefill, T_LLM_decode_per_token); got "${names}" (made.json)`,
      file: 'made.json',
      value: names,
    });
    const fewer = { ...table, stageNames: ['T_LLM_prefill'], stagesMs: table.stagesMs.slice(0, 1) };
    expect(faultOf(() => transferSamples(estimator, fewer))).toEqual(fault('T_LLM_prefill'));
    const more = {
      ...table,
      stageNames: [...table.stageNames, 'T_x'],
      stagesMs: [...table.stagesMs, table.stagesMs[0]],
    };
    expect(faultOf(() => transferSamples(estimator, more))).toEqual(
      fault('T_LLM_prefill, T_LLM_decode_per_token, T_x'),
    );
    const { origin: _, ...placeless } = fewer;
    expect(faultOf(() => transferSamples(estimator, placeless))).toMatchObject({ file: undefined });
  });

  it('networks of the source are trained on its measurements, stage by stage', () => {
    const estimator = trained();
    const { scaled } = estimator.encode(table);
    const networks = trainTransferNetworks(estimator, table, 4, 'lean');
    expect(networks.map((network) => network.toJSON())).toEqual(
      table.stagesMs.map((ms) => trainNetwork(scaled, [ms.map(Math.log)], 4, 'lean').toJSON()),
    );
    const [full] = trainTransferNetworks(estimator, table);
    expect(full?.toJSON()).toMatchObject({ sizes: [1, 64, 64, 1] });
  });

  it('an estimator is read back before it is used', () => {
    const estimator = trained();
    const again = estimatorFrom(reread(estimator));
    expect(transferSamples(again, table)).toEqual(transferSamples(estimator, table));
  });
});
