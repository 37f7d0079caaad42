import { nothing, shown } from '@stepclock/faults';
import { describe, expect, it } from 'vitest';
import {
  type CrossFit,
  crossFit,
  crossFitFromJSON,
  crossFitJSON,
  jackknifeBounds,
  METHODS,
  recalibrate,
  recalibrationFromJSON,
  StageEstimator,
  trainEstimator,
  trainTransferNetworks,
  transferNetworksFromJSON,
  transferSamples,
} from '../src/index.js';
import { faultWith } from './fault.js';
import { lazily } from './lazily.js';
import { tableOf } from './made-tables.js';

const table = tableOf(
  Array.from({ length: 14 }, (_, i) => ({
    vision_tokens: 64 + 8 * i,
    prompt_tokens: 3 + ((i * i) % 7),
    task: i % 2 === 0 ? 'a' : 'b',
    active_blocks: 8 + ((i * 5) % 13),
    top_k: 2,
    output_tokens: 5,
    T_LLM_prefill: 5 + i + ((i * i) % 3),
    T_LLM_decode_per_token: 2 + (i % 4),
  })),
);
const trained = lazily(
  () => trainEstimator(table, { families: ['linear', 'log-polynomial', 'gaussian-process'], folds: 2 }).estimator,
);
const sampled = lazily(() => transferSamples(trained(), table));

type Json = null | string | number | boolean | readonly Json[] | { readonly [name: string]: Json };
type Path = readonly (string | number)[];

const written = (value: object): Json => JSON.parse(JSON.stringify(value)) as Json;

/** The place of every value; of lists those of the first two entries. */
const placesIn = (value: Json, at: Path = []): Path[] => {
  if (value === null || typeof value !== 'object') return [at];
  const entries = Array.isArray(value) ? [...value.slice(0, 2).entries()] : Object.entries(value);
  return [at, ...entries.flatMap(([key, entry]) => placesIn(entry as Json, [...at, key]))];
};

/** A copy with another value at a place; undefined takes the field away. */
const changed = (value: Json, [key, ...rest]: Path, to: Json | undefined): Json => {
  if (key === undefined) return to ?? null;
  const inner = (value as { [name: string]: Json })[key];
  const put = rest.length === 0 ? to : changed(inner, rest, to);
  if (Array.isArray(value)) {
    return put === undefined ? value.filter((_, i) => i !== key) : value.map((entry, i) => (i === key ? put : entry));
  }
  const { [key]: _, ...others } = value as { [name: string]: Json };
  return put === undefined ? others : { ...others, [key]: put };
};

/** Reads and uses every file that one change away from a good one; what it makes of each. */
const outcomes = (file: Json, use: (json: unknown) => Float64Array): Map<string, string[]> => {
  const found = new Map<string, string[]>();
  for (const place of placesIn(file)) {
    for (const to of [undefined, null, 'x', Number.POSITIVE_INFINITY, {}, []]) {
      let outcome: string;
      try {
        outcome = use(changed(file, place, to)).every(Number.isFinite) ? 'numbers' : 'no number';
      } catch (error) {
        outcome = error instanceof Error && 'code' in error ? String(error.code) : String(error);
      }
      const places = found.get(outcome) ?? [];
      found.set(outcome, places);
      places.push(`${place.join('.')} = ${JSON.stringify(to)}`);
    }
  }
  return found;
};

const faultOf = faultWith('message', 'value');

const bad = (path: string, rule: string, got: unknown) => {
  const value = got === undefined ? nothing : got;
  return { code: 'stage/bad-model', message: `${path}: ${rule}; got ${shown(value)}`, value };
};

describe('a model file of which one value is another or missing', () => {
  // What the file does not say of itself: whether its parts are of one model (a knob that another part has not).
  const typed = new Set([
    'numbers',
    'stage/bad-model',
    'stage/other-knobs',
    'stage/not-identifiable',
    'stage/unknown-level',
  ]);
  const expectTyped = (found: Map<string, string[]>): void => {
    expect([...found].filter(([outcome]) => !typed.has(outcome) && !outcome.startsWith('regression/'))).toEqual([]);
    expect(found.get('stage/bad-model')?.length).toBeGreaterThan(20);
  };

  it('is refused, or is a source model that predicts numbers', () => {
    expectTyped(outcomes(written(trained()), (json) => StageEstimator.fromJSON(json).predict(table).totalMs));
  });

  it.each(METHODS)('is refused, or is a recalibration that predicts numbers: %s', (method) => {
    const networks = method === 'fine-tuned' ? { networks: [] } : {};
    const file = written(
      recalibrate(method, method === 'fine-tuned' ? { ...sampled(), stageNames: [] } : sampled(), networks),
    );
    expectTyped(outcomes(file, (json) => recalibrationFromJSON(json).predict(sampled()).totalMs));
  });

  it('is refused, or is a cross-fit that bounds by numbers', () => {
    const model = recalibrate('scale', sampled());
    const file = written(crossFitJSON(crossFit(model, sampled())));
    const upper = (cross: CrossFit) => jackknifeBounds(model, cross, 0.9).bounds(sampled()).upperMs;
    expectTyped(outcomes(file, (json) => upper(crossFitFromJSON(json))));
  });
});

describe('StageEstimator.fromJSON', () => {
  const read = (place: Path, to: Json) =>
    faultOf(() => StageEstimator.fromJSON(changed(written(trained()), place, to)));

  it('says which field is at fault', () => {
    expect(read(['knobs', 0, 'kind'], 'text')).toEqual({
      ...bad('estimator.knobs[0].kind', 'must be numeric or category', 'text'),
    });
    expect(read(['knobs', 1, 'scale'], 'cubic')).toEqual(
      bad('estimator.knobs[1].scale', 'must be one of log, log1p, linear', 'cubic'),
    );
    for (const sd of [0, -1])
      expect(read(['knobs', 0, 'sd'], sd)).toEqual(bad('estimator.knobs[0].sd', 'must be above 0', sd));
    expect(read(['constant_knobs'], { top_k: null })).toEqual(
      bad('estimator.constant_knobs', 'must hold numbers and levels', { top_k: null }),
    );
    expect(read(['constant_knobs'], { a: 'x', top_k: Number.POSITIVE_INFINITY })).toMatchObject({
      code: 'stage/bad-model',
    });
    expect(read(['constant_knobs'], { a: 'x', top_k: 2 })).toBe('no error');
    expect(read(['total', 'per_step_stages'], ['T_LLM_decode_per_token', 'T_x'])).toEqual(
      bad('estimator.total.per_step_stages', 'must be among T_LLM_prefill, T_LLM_decode_per_token', [
        'T_LLM_decode_per_token',
        'T_x',
      ]),
    );
    expect(read(['total', 'convention'], 'both')).toEqual(
      bad('estimator.total.convention', 'must be one of prefill-emits-first, decode-emits-all', 'both'),
    );
    expect(read(['total', 'fixed_steps'], -1)).toEqual(bad('estimator.total.fixed_steps', 'must be at least 0', -1));
    expect(read(['total', 'fixed_steps'], 0)).toBe('no error');
    expect(read(['configurations'], 1.5)).toEqual(
      bad('estimator.configurations', 'must be a whole number from 0', 1.5),
    );
    expect(read(['folds'], 'x')).toEqual(bad('estimator.folds', 'must be a finite number', 'x'));
  });

  it('reads every kind of knob as it was written', () => {
    const file = written(trained()) as { knobs: Json };
    expect(StageEstimator.fromJSON(file).parts.encoding.knobs).toEqual(trained().parts.encoding.knobs);
    expect(written(StageEstimator.fromJSON(file))).toMatchObject({ knobs: file.knobs, constant_knobs: { top_k: 2 } });
    for (const scale of ['log', 'log1p', 'linear']) {
      const [knob] = StageEstimator.fromJSON(changed(file as Json, ['knobs', 0, 'scale'], scale)).parts.encoding.knobs;
      expect(knob).toMatchObject({ scale });
    }
  });
});

describe('recalibrationFromJSON', () => {
  const read = (method: (typeof METHODS)[number], place: Path, to: Json) =>
    faultOf(() => recalibrationFromJSON(changed(written(recalibrate(method, sampled())), place, to)));

  it('says which field is at fault', () => {
    expect(read('affine', ['stages'], 7)).toEqual(bad('recalibration.stages', 'must be a list', 7));
    expect(read('affine', ['samples'], -1)).toEqual(bad('recalibration.samples', 'must be a whole number from 0', -1));
    expect(read('affine', ['total'], [])).toEqual(bad('recalibration.total', 'must be an object', []));
    expect(read('affine', ['maps', 1, 'slope'], null)).toEqual(
      bad('recalibration.maps[1].slope', 'must be a finite number', null),
    );
    expect(read('scale', ['maps', 0, 'kind'], 'cubic')).toMatchObject({
      message: 'recalibration.maps[0]: must be of a known kind; got "cubic"',
    });
    expect(read('scale', ['maps'], [{ kind: 'identity' }])).toEqual(
      bad('recalibration.maps', 'must have one a stage (2)', [{ kind: 'identity' }]),
    );
    expect(read('global-affine', ['map', 'floor_ms'], 'x')).toEqual(
      bad('map.floor_ms', 'must be a finite number', 'x'),
    );
    expect(read('auto', ['maps', 0, 'parts', 0, 'map'], { kind: 'power', power: 1 })).toEqual(
      bad('recalibration.maps[0].parts[0].map.log_factor', 'must be a finite number', undefined),
    );
    expect(read('auto', ['maps', 0, 'parts', 0, 'weight'], 'x')).toEqual(
      bad('recalibration.maps[0].parts[0].weight', 'must be a finite number', 'x'),
    );
    expect(read('ridge', ['maps', 0, 'low'], 'x')).toEqual(
      bad('recalibration.maps[0].low', 'must be a finite number', 'x'),
    );
    expect(read('stage-mix', ['model', 'coefficients'], 'x')).toMatchObject({ code: 'stage/bad-model' });
  });

  it('says what of a process is at fault', () => {
    const process = (place: Path, to: Json, method: 'gaussian-process' | 'trend-process' = 'trend-process') =>
      read(method, ['maps', 0, 'process', ...place], to);
    expect(process(['trend'], 'cubic')).toEqual(bad('process.trend', 'must be one of none, quadratic', 'cubic'));
    // Six features and the source's time: lengths, signal, noise and, over a trend, one more.
    const d = trained().encode(table).scaled.names.length + 1;
    expect(process(['log_hyperparameters'], [1])).toMatchObject({
      message: `process.log_hyperparameters: must be ${d + 3} numbers; got an array of 1`,
    });
    expect(process(['log_hyperparameters'], [1], 'gaussian-process')).toMatchObject({
      message: `process.log_hyperparameters: must be ${d + 2} numbers; got an array of 1`,
    });
    expect(process(['rows'], [1, 2])).toMatchObject({
      message: `process.rows: must be ${14 * d} numbers; got an array of 2`,
    });
    expect(process(['features', 1, 'sd'], 0)).toEqual(bad('process.features[1].sd', 'must be a number above 0', 0));
    expect(process(['target', 'sd'], -1)).toEqual(bad('process.target.sd', 'must be a number above 0', -1));
  });

  it('reads networks, one a stage', () => {
    const networks = trainTransferNetworks(trained(), table, 0, 'lean');
    const tuned = recalibrate('fine-tuned', sampled(), { networks, effort: 'lean' });
    const file = written(tuned) as { networks: readonly Json[] };
    expect(recalibrationFromJSON(file).predict(sampled())).toEqual(tuned.predict(sampled()));
    expect(faultOf(() => recalibrationFromJSON({ ...file, networks: file.networks.slice(1) }))).toMatchObject({
      message: expect.stringContaining('recalibration.networks: must have one a stage (2)'),
    });
    expect(faultOf(() => transferNetworksFromJSON([{}]))).toMatchObject({ code: 'stage/bad-model' });
  });
});

describe('crossFitFromJSON', () => {
  const file = lazily(() => written(crossFitJSON(crossFit(recalibrate('scale', sampled()), sampled()))));
  const read = (place: Path, to: Json) => faultOf(() => crossFitFromJSON(changed(file(), place, to)));

  it('has every sample in one fold, and a ratio and a prediction for each', () => {
    expect(crossFitFromJSON(file()).folds).toHaveLength(14);
    const folds = (file() as { folds: readonly { rows: readonly number[] }[] }).folds;
    const [first = 0] = folds[0]?.rows ?? [];
    const rule = 'must hold every sample in one of their rows';
    for (const rows of [[], [first, first], [first, 14], [first, 0.5], [first, -1], folds[1]?.rows ?? []]) {
      expect(read(['folds', 0, 'rows'], rows)).toMatchObject({
        code: 'stage/bad-model',
        message: expect.stringContaining(rule),
      });
    }
    expect(read(['folds', 0, 'rows'], 'x')).toEqual(bad('guardrail.folds[0].rows', 'must be a list', 'x'));
    expect(read(['ratios', 3], 'x')).toEqual(bad('guardrail.ratios[3]', 'must be a finite number', 'x'));
    expect(read(['predicted_ms'], [1])).toMatchObject({
      message: 'guardrail.predicted_ms: must have 14 numbers; got 1',
    });
    expect(read(['folds', 0, 'model', 'maps'], [])).toMatchObject({
      message: 'recalibration.maps: must have one a stage (2); got an array of 0',
    });
  });
});
