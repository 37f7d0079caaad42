import { crc32 } from 'node:zlib';
import '@stepclock/vitest-matchers';
import { stepSeconds } from '@stepclock/step-cost';
import { describe, expect, it } from 'vitest';
import { exportFormats, exportModel, parseLoadFigures } from '../src/index.js';
import { baseModel } from './base-model.js';

const described = {
  betas: { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, beta3: 1e-7 },
  intervals: {
    level: 0.95,
    beta0: [0.0059, 0.0061],
    beta1: [1.9e-5, 2.1e-5],
    beta2: [1.1e-4, 1.3e-4],
    beta3: [9e-8, 1.1e-7],
  },
  identifiability: { compositions: { prefill_tokens: [0, 2048], decode_seqs: [0, 40], context_tokens: [0, 32_000] } },
} as const;
const { beta3: _, ...linearBetas } = described.betas;
const { beta3: __, ...linearIntervals } = described.intervals;
const model = baseModel(described);
const linear = baseModel({ ...described, betas: linearBetas, intervals: linearIntervals });
const point = { decodeSeqs: 20, contextTokensPerSeq: 800, promptTokens: 600, outputTokens: 150, maxNumSeqs: 128 };

const field = (text: string, name: string): string =>
  new RegExp(`^\\s*(?:--)?${name}[:=] ?"?([^"\\n]*)"?$`, 'm').exec(text)?.[1] ?? 'missing';
const go = (text: string): number =>
  Number.parseFloat(text) * ({ ns: 1e-9, us: 1e-6, ms: 1e-3 }[text.replace(/[\d.]/g, '')] ?? Number.NaN);

describe('blis-yaml', () => {
  it('betas in microseconds; the context goes into the decode token at the operating point', () => {
    const { text, notes } = exportModel(model, 'blis-yaml', {
      ...point,
      modelId: 'llama',
      gpu: 'H100',
      kvTokens: 41_408,
    });
    expect(text).toContain('  beta_coeffs:\n  - 6000\n  - 20\n  - 200\n');
    expect(field(text, '- id')).toBe('llama');
    expect(field(text, 'total_kv_blocks')).toBe('2588');
    expect(notes.map((n) => n.conversion)).toEqual(['exact', 'approximate', 'not-in-model']);
    expect(text).toContain('# operating point: 20 decoding requests of 800 tokens of context');
  });

  it('is exact for a linear model', () => {
    const { text, notes } = exportModel(linear, 'blis-yaml');
    expect(text).toContain('  - 6000\n  - 20\n  - 120\n');
    expect(notes.some((n) => n.conversion === 'approximate')).toBe(false);
    expect(text).not.toContain('operating point');
  });
});

describe('llm-d-inference-sim', () => {
  it('gives back our decode step at one and at max-num-seqs requests, and between', () => {
    const { text } = exportModel(model, 'llm-d-inference-sim', { contextTokensPerSeq: 800, maxNumSeqs: 128 });
    const interToken = go(field(text, 'inter-token-latency'));
    const factor = Number(field(text, 'time-factor-under-load'));
    for (const n of [1, 20, 128]) {
      const simulated = interToken * (1 + ((factor - 1) * (n - 1)) / 127);
      expect(simulated).toAgree(
        stepSeconds(described.betas, { prefillTokens: 0, decodeSeqs: n, contextTokens: 800 * n }),
        1e-5,
      );
    }
    expect(field(text, 'prefill-overhead')).toBe('6ms');
    expect(field(text, 'prefill-time-per-token')).toBe('20us');
  });

  it('spreads the prefill work over the decode steps', () => {
    const { text } = exportModel(model, 'llm-d-inference-sim', point);
    // 6 ms + 120 us + 80 us + 20 us x 600 / 150
    expect(field(text, 'inter-token-latency')).toBe('6.28ms');
  });
});

it('workload-variant-autoscaler: milliseconds, one token cost by the mix of tokens', () => {
  const { text, notes } = exportModel(model, 'workload-variant-autoscaler', point);
  // (20 us x 600 + 120 us x 150) / 750 = 40 us
  expect(text).toContain('serviceParms:\n  alpha: 6\n  beta: 0.04\n  gamma: 0.0001\n');
  // Releases from v0.5.0 on know no other parameters.
  expect(text).not.toContain('perfParms');
  expect(notes.find((n) => n.field === 'serviceParms.beta')?.conversion).toBe('approximate');
  // Nothing known of the lengths: the plain mean.
  expect(exportModel(model, 'workload-variant-autoscaler').text).toContain('  beta: 0.07\n');
});

it('step-grid-csv: the model at each row, marked where it extrapolates', () => {
  const { text } = exportModel(model, 'step-grid-csv', point);
  const [, ...lines] = text.trim().split('\n');
  expect(lines.length).toBeGreaterThan(50);
  for (const line of lines) {
    const cells = line.split(',');
    const [prefillTokens, decodeSeqs, contextTokens, sec] = cells.map(Number);
    expect(sec).toAgree(stepSeconds(described.betas, { prefillTokens, decodeSeqs, contextTokens }), 1e-8);
    expect(cells[4]).toBe(contextTokens > 32_000 ? 'exact-extrapolated' : 'exact');
  }
});

it('json and csv hold the coefficients to the last digit', () => {
  const json = JSON.parse(exportModel(model, 'json').text);
  expect(json.schema).toBe('stepclock/export@1');
  expect(json.coefficients.beta3).toEqual({
    value: 1e-7,
    unit: 's/token',
    interval: [9e-8, 1.1e-7],
    meaning: 'per token of KV cache that the decodes of a step read',
  });
  expect(exportModel(linear, 'csv').text).toBe(
    'coefficient,value,unit,low,high,conversion\n' +
      'beta0,0.006,s/step,0.0059,0.0061,exact\n' +
      'beta1,0.00002,s/token,0.000019,0.000021,exact\n' +
      'beta2,0.00012,s/token,0.00011,0.00013,exact\n',
  );
});

const asked = {
  hardware: 'l40s',
  modelConfig: JSON.stringify({ hidden_size: 64, num_hidden_layers: 2, num_attention_heads: 4 }),
  modelId: 'm',
  namespace: 'n',
  load: { ttftSec: 0.1, itlSec: 0.01, requestsInEngine: 5 },
};

it.each(exportFormats)('%s works with what it asks for, and states its conversions', (format) => {
  const bare = baseModel({ betas: linearBetas }, 'steps');
  const { text, notes } = exportModel(bare, format, asked);
  expect(text.endsWith('\n')).toBe(true);
  expect(text).not.toMatch(/NaN|Infinity|undefined/);
  expect(text).toMatch(/exact|approximate/);
  expect(notes.length).toBeGreaterThan(0);
});

it.each([
  ['blis-trained-physics', { hardware: undefined }, 'hardware: must be given, one of v100, '],
  ['blis-trained-physics', { modelConfig: undefined }, "model config: must be given, the text of the model's config"],
  ['blis-trained-physics', { hardware: 'abacus' }, 'hardware: must be one of v100, '],
  ['blis-trained-physics', { modelConfig: '{"hidden_size": 64}' }, 'num_hidden_layers: '],
  ['blis-trained-physics', { modelConfig: 'no' }, "model config: must be a Hugging Face model's config.json"],
  ['wva-queueing-model-config', { load: undefined }, 'load: must be given, the JSON of stepclock capacity or'],
  ['wva-queueing-model-config', { namespace: undefined }, 'namespace: must be given'],
  ['wva-queueing-model-config', { modelId: undefined }, 'model id: must be given'],
  ['keda', { load: { ...asked.load, requestsInEngine: null } }, 'a replay has no rate'],
  ['hpa', { load: { ...asked.load, requestsInEngine: 0.9 } }, 'requests in the engine: must be at least 1'],
] as const)('%s refuses %j', (format, without, message) => {
  const { hardware, modelConfig, modelId, namespace, load } = { ...asked, ...without };
  const options = Object.fromEntries(
    Object.entries({ hardware, modelConfig, modelId, namespace, load }).filter(([, value]) => value !== undefined),
  );
  expect(() => exportModel(linear, format, options)).toThrow(message);
});

describe('blis-trained-physics', () => {
  /** What BLIS computes of a step of a dense model on one L40S, from its documentation: only the terms with a coefficient. */
  const blisMicroseconds = (betas: readonly number[], prefill: number, contexts: readonly number[]): number => {
    const tokenUs = (2 * 2 * 64 * 2) / 864e3;
    const requests = contexts.length + (prefill > 0 ? 1 : 0);
    const read = contexts.reduce((sum, context) => sum + context + 1, 0);
    return betas[5] * requests + betas[6] + tokenUs * (betas[8] * prefill + betas[9] * read);
  };
  const coefficients = (text: string): readonly number[] => field(text, 'beta-coeffs').split(',').map(Number);

  it('gives back our steps; a request in prefill costs beta2 more', () => {
    const betas = coefficients(exportModel(model, 'blis-trained-physics', asked).text);
    expect(betas).toHaveLength(10);
    const contexts = [10, 700, 4000];
    const ours = (prefillTokens: number) =>
      1e6 * stepSeconds(described.betas, { prefillTokens, decodeSeqs: 3, contextTokens: 4710 });
    expect(blisMicroseconds(betas, 0, contexts)).toAgree(ours(0), 1e-8);
    expect(blisMicroseconds(betas, 600, contexts) - ours(600)).toAgree(119.9, 1e-6);
  });

  it('says what BLIS must be told of a GPU that it lacks', () => {
    const { text } = exportModel(model, 'blis-trained-physics', { ...asked, hardware: 'h200' });
    expect(text).toContain('--hardware=h200\n');
    expect(text).toContain('BwPeakTBs 4.8.');
  });
});

describe('dynamo-mocker', () => {
  /** Arrays of a NumPy archive whose entries are stored as they are. */
  const arraysOf = (bytes: Uint8Array | undefined): ReadonlyMap<string, { shape: string; values: Float64Array }> => {
    const file = Buffer.from(bytes ?? []);
    const arrays = new Map<string, { shape: string; values: Float64Array }>();
    for (let at = 0; file.readUInt32LE(at) === 0x04034b50; ) {
      const [size, name] = [file.readUInt32LE(at + 18), file.readUInt16LE(at + 26)];
      const content = file.subarray(at + 30 + name, at + 30 + name + size);
      expect(crc32(content)).toBe(file.readUInt32LE(at + 14));
      const header = content.readUInt16LE(8);
      expect((10 + header) % 64).toBe(0);
      const shape = /'shape': (\(.*?\))/.exec(content.toString('latin1', 10, 10 + header))?.[1] ?? '';
      const values = Float64Array.from({ length: Math.floor((size - 10 - header) / 8) }, (_, i) =>
        content.readDoubleLE(10 + header + 8 * i),
      );
      arrays.set(file.toString('latin1', at + 30, at + 30 + name), { shape, values });
      at += 30 + name + size;
    }
    return arrays;
  };
  const arrayOf = (bytes: Uint8Array | undefined, name: string): Float64Array =>
    arraysOf(bytes).get(`${name}.npy`)?.values ?? new Float64Array();

  it('holds a step time for every number of tokens and every mean context', () => {
    const { bytes } = exportModel(model, 'dynamo-mocker-npz');
    expect([...arraysOf(bytes).keys()]).toEqual([
      'prefill_isl.npy',
      'prefill_ttft_ms.npy',
      'decode_active_kv_tokens.npy',
      'decode_context_length.npy',
      'decode_itl.npy',
      'stepclock_notes.npy',
    ]);
    const contexts = arrayOf(bytes, 'decode_context_length');
    const itl = arrayOf(bytes, 'decode_itl');
    expect(arraysOf(bytes).get('decode_itl.npy')?.shape).toBe(`(2, ${contexts.length})`);
    expect(contexts.every((each, i) => i === 0 || each > contexts[i - 1])).toBe(true);
    const kv = arrayOf(bytes, 'decode_active_kv_tokens')[1];
    for (const c of [0, 100, contexts.length - 1]) {
      const step = { prefillTokens: 0, decodeSeqs: kv / contexts[c], contextTokens: kv };
      expect(itl[contexts.length + c] / 1e3).toAgree(stepSeconds(described.betas, step), 1e-12);
      expect(itl[c]).toAgree(6, 1e-12);
    }
  });

  it('adds a step once: beta0 stands with the decodes, or with the prefills of a worker that has no others', () => {
    const { bytes } = exportModel(model, 'dynamo-mocker-npz');
    expect(Array.from(arrayOf(bytes, 'prefill_ttft_ms'))).toEqual([0, 20_000]);
    const alone = exportModel(model, 'dynamo-mocker-prefill-npz').bytes;
    expect(Array.from(arrayOf(alone, 'prefill_ttft_ms'))).toEqual([6, 20_006]);
  });
});

describe('what a load says', () => {
  const at = (mean: number | null) => ({ mean });
  const capacity = {
    schema: 'stepclock/capacity@1',
    at_rate: { rate_per_sec: 4, metrics: { ttft: at(0.2), tpot: at(0.01), latency: at(2.5) } },
  };

  it('a capacity: means at its rate, and requests in the engine by rate times latency', () => {
    expect(parseLoadFigures(JSON.stringify(capacity))).toEqual({ ttftSec: 0.2, itlSec: 0.01, requestsInEngine: 10 });
  });

  it('a replay: what was replayed', () => {
    const metrics = { ttft: { mean: { measured: 9, replayed: 0.3 } }, tpot: { mean: { measured: 9, replayed: 0.02 } } };
    expect(parseLoadFigures(JSON.stringify({ schema: 'stepclock/replay@1', metrics }))).toEqual({
      ttftSec: 0.3,
      itlSec: 0.02,
      requestsInEngine: null,
    });
  });

  it.each([
    ['{', 'load: must be what stepclock capacity --json'],
    ['{}', 'schema'],
    ['{"schema": "stepclock/betas@1"}', 'schema: must be stepclock/capacity@1 or stepclock/replay@1; got'],
    [JSON.stringify({ ...capacity, at_rate: null }), 'at_rate: must be an object: no rate keeps the limits'],
    ['{"schema": "stepclock/replay@1", "metrics": {}}', 'metrics.ttft'],
  ])('refuses %s', (json, message) => {
    expect(() => parseLoadFigures(json, 'load.json')).toThrow(message);
  });
});

it('refuses unknown formats and bad operating points', () => {
  expect(() => exportModel(model, 'xml' as 'json')).toThrow(
    /format: must be one of blis-trained-physics, .*; got "xml"/,
  );
  expect(() => exportModel(model, 'json', { decodeSeqs: 0 })).toThrow(
    'decodeSeqs: must be a number of at least 1; got 0',
  );
});
