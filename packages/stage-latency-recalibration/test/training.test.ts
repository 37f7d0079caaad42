import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { knobKeys } from '../src/data/configurations.js';
import { knobSplits } from '../src/data/knob-splits.js';
import {
  errorFigures,
  type Family,
  figuresJSON,
  knobTableFrom,
  perSampleTable,
  StageEstimator,
  type StageTable,
  totalsOf,
  trainEstimator,
} from '../src/index.js';
import { faultWith } from './fault.js';
import { tableOf } from './made-tables.js';
import { estimatorFrom } from './reading-models.js';

const faultOf = faultWith('message', 'value');

/** Two knobs and a constant one; a prefill that is a line of the knobs, a decode step that is a power of them. */
const records = (n: number): object[] =>
  Array.from({ length: n }, (_, i) => {
    const vision_tokens = 64 + 8 * ((i * 7) % 23);
    const active_blocks = 8 + ((i * 5) % 13);
    return {
      vision_tokens,
      active_blocks,
      top_k: 2,
      output_tokens: 9,
      T_LLM_prefill: 5 + 0.1 * vision_tokens + 2 * active_blocks,
      T_LLM_decode_per_token: 0.2 * active_blocks ** 0.9 * vision_tokens ** 0.3,
    };
  });

const rowsOf = (table: StageTable, rows: readonly number[]): StageTable =>
  tableOf(records(table.length).filter((_, i) => rows.includes(i)));

describe('trainEstimator', () => {
  const table = tableOf(records(40));
  const families: readonly Family[] = ['log-polynomial', 'linear'];
  const trained = () => trainEstimator(table, { families });

  it('chooses for each stage the family of least error out of fold, and reports the others after it', () => {
    const { estimator } = trained();
    const [prefill, decode] = estimator.parts.reports;
    expect([prefill?.family, decode?.family]).toEqual(['linear', 'log-polynomial']);
    expect(prefill?.scores.map(({ family }) => family)).toEqual(['linear', 'log-polynomial']);
    expect(decode?.scores.map(({ family }) => family)).toEqual(['log-polynomial', 'linear']);
    for (const report of [prefill, decode]) {
      const errors = report?.scores.map(({ mapePercent }) => mapePercent ?? Number.NaN) ?? [];
      expect(errors[0]).toBeLessThan(errors[1]);
      expect(report?.heldOut.mapePercent).toBe(errors[0]);
    }
    expect([prefill?.stage, decode?.stage]).toEqual(['T_LLM_prefill', 'T_LLM_decode_per_token']);
    expect(estimator.parts.predictors.map(({ family }) => family)).toEqual(['linear', 'log-polynomial']);
  });

  it('fits the family it chose to all rows', () => {
    const { estimator } = trained();
    const alone = trainEstimator(table, { families: ['linear'] }).estimator;
    expect(estimator.predict(table).stagesMs[0]).toEqual(alone.predict(table).stagesMs[0]);
  });

  it('holds out a tenth of few configurations at a time, and reports their errors', () => {
    const seed = 5;
    const { estimator: seeded } = trainEstimator(table, { families: ['linear'], seed });
    const splits = knobSplits(knobKeys(table), 10, seed);
    expect(splits.map(({ test }) => test.length)).toEqual(new Array(10).fill(4));
    const outOfFold = table.stagesMs.map((ms) => new Float64Array(ms.length));
    // Rows of a fold by a model of the others alone: lines know no scales that the held-out rows could have had a say in.
    for (const { train, test } of splits) {
      const part = trainEstimator(rowsOf(table, [...train]), { families: ['linear'], seed }).estimator;
      const { stagesMs } = part.predict(rowsOf(table, [...test]));
      const sorted = [...test].sort((a, b) => a - b);
      stagesMs.forEach((ms, k) => {
        sorted.forEach((row, i) => {
          (outOfFold[k] as Float64Array)[row] = ms[i];
        });
      });
    }
    table.stagesMs.forEach((ms, k) => {
      const want = errorFigures(ms, outOfFold[k] as Float64Array);
      const got = seeded.parts.reports[k]?.heldOut;
      expect(got?.mapePercent).toAgree(want.mapePercent, 1e-9);
      expect(got?.maeMs).toAgree(want.maeMs, 1e-9);
    });
    const measured = totalsOf(table.stagesMs, table.stageNames, table.decodeSteps, table.total);
    const total = errorFigures(measured, totalsOf(outOfFold, table.stageNames, table.decodeSteps, table.total));
    expect(seeded.parts.totalHeldOut?.maeMs).toAgree(total.maeMs, 1e-9);
    expect([seeded.parts.folds, seeded.parts.configurations]).toEqual([10, 40]);
    expect(trainEstimator(table, { families: ['linear'], folds: 7 }).estimator.parts.folds).toBe(7);
    expect(trainEstimator(table, { families: ['linear'], folds: 99 }).estimator.parts.folds).toBe(40);
    expect(trainEstimator(table, { families: ['linear'] }).estimator.parts.totalHeldOut).toEqual(
      trainEstimator(table, { families: ['linear'], seed: 0 }).estimator.parts.totalHeldOut,
    );
  });

  it('leaves out a family that the rows cannot carry, and says so', () => {
    const scoresOf = (few: StageTable, folds: number) =>
      trainEstimator(few, { families: ['physics', 'gaussian-process', 'linear'], folds }).estimator.parts.reports[0]
        ?.scores;
    // Two and one rows a fold: no line of two knobs with an intercept is determined, and a process needs two rows.
    expect(scoresOf(tableOf(records(3)), 2)).toEqual([
      { family: 'linear', mapePercent: expect.closeTo(0, -3) },
      { family: 'physics', mapePercent: null },
      { family: 'gaussian-process', mapePercent: null },
    ]);
    // Three rows a fold carry both.
    for (const { mapePercent } of scoresOf(tableOf(records(4)), 4) ?? []) expect(mapePercent).not.toBeNull();
  });

  it('leaves out a family that predicts no time above 0 within a double’s range', () => {
    // On the way to the last of these a parabola of the logarithms leaves the range: exp(1000), or exp(-1000).
    const steep = (sign: number) =>
      tableOf(
        [0, 100, 300, 600, 700].map((log, i) => ({
          vision_tokens: 2 ** i,
          T_LLM_prefill: Math.exp(sign * log),
          T_vision_encoder: 2 ** i,
        })),
      );
    for (const sign of [1, -1]) {
      expect(faultOf(() => trainEstimator(steep(sign), { families: ['log-polynomial'], folds: 5 }))).toEqual({
        code: 'stage/too-few-samples',
        message: 'configurations: must be enough for one of log-polynomial; got 5',
        value: 5,
      });
      const { estimator } = trainEstimator(steep(sign), { families: ['log-polynomial', 'linear'], folds: 5 });
      for (const { scores } of estimator.parts.reports) {
        expect(scores.map(({ family, mapePercent }) => [family, mapePercent === null])).toEqual([
          ['linear', false],
          ['log-polynomial', true],
        ]);
      }
    }
  });

  it('draws the networks’ weights by the seed', () => {
    const small = tableOf(records(6));
    const [a, b] = [0, 1].map(
      (seed) => trainEstimator(small, { families: ['mlp'], folds: 2, seed }).estimator.predict(small).totalMs,
    );
    expect(a).not.toEqual(b);
  });

  it('warns of few configurations, and passes on what the table and the design say', () => {
    expect(trained().warnings.map(({ code }) => code)).toEqual(['constant-knob']);
    const few = trainEstimator(tableOf(records(11)), { families: ['linear'] });
    expect(few.warnings.map(({ code, message }) => `${code}: ${message}`)).toContain(
      'few-configurations: 11 configurations: the choice of families and the held-out errors are little more than a guess',
    );
    const enough = trainEstimator(tableOf(records(12)), { families: ['linear'] });
    expect(enough.warnings.map(({ code }) => code)).not.toContain('few-configurations');
    const zero = trainEstimator(tableOf(records(30).map((row) => ({ ...row, T_projector: 0 }))), {
      families: ['linear'],
    });
    expect(zero.warnings.map(({ code }) => code)).toEqual(['zero-stage', 'constant-knob']);
  });

  it('refuses too few configurations, folds that are none, and families of which none can be fitted', () => {
    expect(faultOf(() => trainEstimator(tableOf(records(2))))).toEqual({
      code: 'stage/too-few-samples',
      message: 'configurations: must be at least 3 to train on; got 2',
      value: 2,
    });
    expect(trainEstimator(tableOf(records(3)), { families: ['linear'] }).estimator.parts.configurations).toBe(3);
    for (const folds of [1, 0, 2.5, Number.NaN]) {
      expect(faultOf(() => trainEstimator(table, { folds }))).toEqual({
        code: 'stage/bad-option',
        message: `folds: must be a whole number from 2; got ${folds}`,
        value: folds,
      });
    }
    expect(faultOf(() => trainEstimator(table, { families: [] }))).toMatchObject({
      code: 'stage/too-few-samples',
      message: 'configurations: must be enough for one of ; got 40',
      value: 40,
    });
    expect(
      faultOf(() => trainEstimator(tableOf(records(3)), { families: ['physics', 'gaussian-process'], folds: 2 })),
    ).toMatchObject({
      message: 'configurations: must be enough for one of physics, gaussian-process; got 3',
    });
  });

  it('passes on an error that is not about the rows', () => {
    const broken: StageTable = {
      ...table,
      get stagesMs(): readonly Float64Array[] {
        return [
          new Proxy(new Float64Array(40), {
            get: () => {
              throw new TypeError('broken');
            },
          }),
        ];
      },
    };
    expect(() => trainEstimator(broken, { families: ['linear'] })).toThrow(TypeError);
  });
});

describe('StageEstimator', () => {
  const table = tableOf(records(20).map((row, i) => ({ ...row, prompt_tokens: 16 + (i % 4) })));
  const trained = () => trainEstimator(table, { families: ['linear', 'log-polynomial'] }).estimator;
  const json = () => JSON.parse(JSON.stringify(trained())) as Record<string, unknown>;

  it('needs the knobs it was trained on, those that never moved included, and none that follow from others', () => {
    const estimator = trained();
    expect(estimator.knobNames).toEqual(['vision_tokens', 'prompt_tokens', 'active_blocks', 'top_k']);
    expect(estimator.stageNames).toEqual(['T_LLM_prefill', 'T_LLM_decode_per_token']);
    const knobs = knobTableFrom(
      perSampleTable([{ vision_tokens: 64, prompt_tokens: 999, active_blocks: 8, top_k: 2, output_tokens: 3 }]),
      estimator.knobNames,
      estimator.parts.total,
    );
    const { stagesMs, totalMs, warnings } = estimator.predict(knobs);
    expect(totalMs[0]).toAgree((stagesMs[0]?.[0] ?? 0) + 2 * (stagesMs[1]?.[0] ?? 0), 1e-14);
    expect(warnings.map(({ message }) => message)).toEqual([
      'prompt_tokens: 1 of 1 rows outside the training range 16 to 19; nothing measured backs them',
    ]);
  });

  it('writes everything that is known of it', () => {
    const estimator = trained();
    const { parts } = estimator;
    expect(estimator.toJSON()).toEqual({
      schema: 'stepclock/stage-estimator@1',
      unit: 'ms',
      knobs: parts.encoding.knobs,
      constant_knobs: { top_k: 2 },
      stages: ['T_LLM_prefill', 'T_LLM_decode_per_token'],
      total: { per_step_stages: ['T_LLM_decode_per_token'], convention: 'prefill-emits-first', fixed_steps: null },
      configurations: 20,
      folds: 10,
      held_out: parts.reports.map(({ stage, family, heldOut, scores }) => ({
        stage,
        family,
        mae_ms: heldOut.maeMs,
        mape_percent: heldOut.mapePercent,
        p95_ms: heldOut.p95Ms,
        median_ape_percent: heldOut.medianApePercent,
        r2: heldOut.r2,
        scores,
      })),
      total_held_out: figuresJSON(parts.totalHeldOut as NonNullable<typeof parts.totalHeldOut>),
      total_interval: parts.totalInterval,
      models: parts.predictors.map((predictor) => predictor.toJSON()),
    });
    const without = new StageEstimator({ ...parts, totalHeldOut: null, total: { ...parts.total, fixedSteps: 4 } });
    expect(without.toJSON()).toMatchObject({ total_held_out: null, total: { fixed_steps: 4 } });
  });

  it('is read back with what a prediction needs', () => {
    const estimator = trained();
    const again = estimatorFrom(json());
    expect(again.predict(table)).toEqual(estimator.predict(table));
    expect(again.knobNames).toEqual(estimator.knobNames);
    expect({ ...again.parts.constantKnobs }).toEqual({ top_k: 2 });
    expect(again.parts).toMatchObject({
      configurations: 20,
      folds: 10,
      total: estimator.parts.total,
      reports: estimator.parts.reports,
      totalHeldOut: estimator.parts.totalHeldOut,
      totalInterval: estimator.parts.totalInterval,
    });
    expect('fixedSteps' in again.parts.total).toBe(false);
    const fixed = estimatorFrom({ ...json(), total: { ...(json().total as object), fixed_steps: 7 } });
    expect(fixed.parts.total.fixedSteps).toBe(7);
    const older = { ...json(), constant_knobs: undefined };
    expect(estimatorFrom(older).knobNames).toEqual(['vision_tokens', 'prompt_tokens', 'active_blocks']);
  });
});
