import { isFault } from '@stepclock/faults';
import { describe, expect, it } from 'vitest';
import { crossFitJSON } from '../src/guardrail/cross-fit-schema.js';
import {
  crossFit,
  figuresJSON,
  filterByBudget,
  jackknifeBounds,
  METHODS,
  marginBounds,
  predictStages,
  readStageModel,
  recalibrate,
  recalibrationOf,
  StageEstimator,
  trainEstimator,
  trainTransferNetworks,
  transferInput,
  transferSamples,
} from '../src/index.js';
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
type Families = 'linear' | 'log-polynomial' | 'physics' | 'gaussian-process' | 'mlp';
const trained = (...families: Families[]) => trainEstimator(table, { families, folds: 2 }).estimator;

type Json = null | string | number | boolean | readonly Json[] | { readonly [name: string]: Json };
type Path = readonly (string | number)[];

const written = (value: object): Json => JSON.parse(JSON.stringify(value)) as Json;

/** What `stage recalibrate` writes. */
const transferFile = (source: StageEstimator, method: (typeof METHODS)[number]): Json => {
  const samples = transferSamples(source, table);
  const { networks } = source.parts;
  const settings = { effort: 'lean' as const, ...(networks && { networks }) };
  const model = recalibrate(method, samples, settings);
  const cross = crossFit(recalibrate('scale', samples), samples);
  return written({
    schema: 'stepclock/stage-transfer@1',
    method,
    samples: 14,
    seed: 0,
    held_out_total: figuresJSON({ maeMs: 1, mapePercent: 1, p95Ms: 1, medianApePercent: 1, r2: null }),
    blend: model.blend ?? null,
    source: source.toJSON(),
    recalibration: model.toJSON(),
    guardrail: crossFitJSON(cross),
    warnings: [],
  });
};

/** The place of every value; of lists those of the first entry. */
const placesIn = (value: Json, at: Path = []): Path[] => {
  if (value === null || typeof value !== 'object') return [at];
  const entries = Array.isArray(value) ? [...value.slice(0, 1).entries()] : Object.entries(value);
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

/** Everything that the program does with a model's file, down to the numbers that it would print. */
const use = (text: string): readonly number[] => {
  const model = readStageModel(text, 'model.json');
  const { stagesMs, totalMs, warnings } = predictStages(model, table);
  const input = transferInput(model.source, table);
  const recalibration = recalibrationOf(model);
  const bounders = [
    marginBounds(recalibration, 1.1),
    ...(model.transfer?.cross === undefined ? [] : [jackknifeBounds(recalibration, model.transfer.cross, 0.9)]),
  ];
  const filtered = bounders.map((bounder) => filterByBudget(bounder, input, 40));
  for (const { message } of warnings) expect(message).not.toMatch(/NaN|Infinity/);
  return [
    ...(stagesMs ?? []).flatMap((ms) => [...ms]),
    ...totalMs,
    ...filtered.flatMap(({ lowerMs, upperMs }) => [...lowerMs, ...upperMs]),
  ];
};

/** As the infinity that JSON knows: what its readers make of 1e999. */
const INFINITY = '<infinity>';
const CHANGES = [undefined, null, 'NaN', 1e308, -1, 1e15, INFINITY, {}, []];

/** Reads and uses every file that is one change away from a good one. */
const outcomes = (file: Json, places = placesIn(file)): Map<string, string[]> => {
  const found = new Map<string, string[]>();
  for (const place of places) {
    for (const to of CHANGES) {
      let outcome = 'numbers';
      try {
        const text = JSON.stringify(changed(file, place, to)).replaceAll(`"${INFINITY}"`, '1e999');
        if (!use(text).every((value) => Number.isFinite(value) && value >= 0)) outcome = 'no number';
      } catch (error) {
        outcome = isFault(error) ? error.code : String(error);
        if (String(error).includes('\n')) outcome = `more than a line: ${error}`;
      }
      const known = found.get(outcome) ?? [];
      found.set(outcome, known);
      known.push(`${place.join('.')} = ${JSON.stringify(to)}`);
    }
  }
  return found;
};

const typed = new Set([
  'numbers',
  'stage/bad-model',
  // What the file does not say of itself: whether its parts are of one model, and whether its numbers describe times.
  'stage/bad-value',
  'stage/other-knobs',
  'stage/not-identifiable',
  'stage/unknown-level',
  'regression/missing-feature',
  'regression/bad-column',
  'regression/overflow',
]);

const expectTyped = (found: Map<string, string[]>): void => {
  expect([...found].filter(([outcome]) => !typed.has(outcome))).toEqual([]);
  expect(found.get('stage/bad-model')?.length).toBeGreaterThan(20);
};

describe('a model file of which one value is another or missing', { timeout: 120_000 }, () => {
  it.each(['linear', 'log-polynomial', 'physics', 'gaussian-process', 'mlp'] as const)(
    'is refused, or predicts numbers: a source model, %s',
    (family) => {
      expectTyped(outcomes(written(trained(family))));
    },
  );

  it.each(METHODS)('is refused, or predicts and bounds by numbers: %s', (method) => {
    const source = trained('linear');
    const networks = method === 'fine-tuned' ? trainTransferNetworks(source, table, 0, 'lean') : undefined;
    const file = transferFile(new StageEstimator({ ...source.parts, networks }), method);
    const unchanged = method === 'scale' ? ['source'] : ['source', 'guardrail'];
    const places = placesIn(file).filter(([part]) => !unchanged.includes(String(part)));
    expectTyped(outcomes(file, places));
  });

  it('is refused, or predicts numbers: the experiment’s source model', () => {
    const file = written({ schema: 'stepclock/stage-experiment-estimator@1', model: trained('linear').toJSON() });
    expectTyped(outcomes(file));
  });

  it('may hold a field more', () => {
    const file = written(trained('linear')) as object;
    expect(use(JSON.stringify({ ...file, note: 'x' }))).toEqual(use(JSON.stringify(file)));
  });
});

describe('readStageModel', () => {
  const file = lazily(() => transferFile(trained('gaussian-process'), 'auto'));
  const refusal = (place: Path, to: Json): string => {
    try {
      readStageModel(JSON.stringify(changed(file(), place, to)), 'm.json');
    } catch (error) {
      if (isFault(error)) return `${error.code} ${error.message}`;
      throw error;
    }
    return 'no error';
  };

  it.each<[Path, Json, string]>([
    [
      ['schema'],
      'stepclock/stage-transfer@2',
      'schema: must be "stepclock/stage-transfer@1"; got "stepclock/stage-transfer@2" (m.json): a newer stepclock wrote this file',
    ],
    [['schema'], 'other@1', 'schema: must be "stepclock/stage-estimator@1"; got "other@1" (m.json)'],
    [['source', 'knobs', 0, 'kind'], 'text', 'source.knobs[0].kind: must be'],
    [
      ['source', 'knobs', 1, 'scale'],
      'cubic',
      'source.knobs[1].scale: must be "log" or "log1p" or "linear"; got "cubic" (m.json)',
    ],
    [['source', 'knobs', 0, 'sd'], 0, 'source.knobs[0].sd: must be a number above 0; got 0 (m.json)'],
    [
      ['source', 'constant_knobs', 'top_k'],
      null,
      'source.constant_knobs.top_k: must be a number or a level; got null (m.json)',
    ],
    [['source', 'total', 'per_step_stages'], ['T_x'], 'source: must have a total of its own stages'],
    [
      ['source', 'total', 'fixed_steps'],
      -1,
      'source.total.fixed_steps: must be a number of at least 0; got -1 (m.json)',
    ],
    [['source', 'models'], [], 'source: must have a model and a network a stage'],
    [['source', 'models', 0, 'process', 'alpha'], [], 'source.models[0].process'],
    [
      ['recalibration', 'maps', 0, 'parts', 0, 'weight'],
      2,
      'recalibration.maps[0].parts[0].weight: must be a number from 0 to 1; got 2 (m.json)',
    ],
    [['recalibration', 'maps', 0, 'parts'], [], 'recalibration.maps[0].parts: must have weights that add up to 1'],
    [['recalibration', 'maps', 0, 'kind'], 'cubic', 'recalibration.maps[0].kind: must be'],
    [['recalibration', 'maps'], [{ kind: 'identity' }], 'recalibration: must have a map or a network a stage'],
    [['recalibration', 'stages'], ['T_LLM_decode_per_token', 'x'], 'model file: must be of the stages of its source'],
    [['guardrail', 'folds', 0, 'rows'], [0, 0], 'guardrail: must hold every sample in one of the folds'],
    [['guardrail', 'ratios', 3], -1, 'guardrail.ratios[3]: must be a number from 1e-9 to 1000000000; got -1 (m.json)'],
  ])('says which field is at fault: %j = %j', (place, to, message) => {
    expect(refusal(place, to)).toContain(`stage/bad-model ${message}`);
  });

  it('takes what it wrote, and says so of what it did not', () => {
    expect(refusal(['seed'], 3)).toBe('no error');
    expect(() => readStageModel('{', 'm.json')).toThrow(/model file: must be JSON, as 'stepclock stage train'/);
    expect(() => readStageModel('[]', 'm.json')).toThrow(/must be JSON, as 'stepclock stage train'.*got an array of 0/);
  });
});
