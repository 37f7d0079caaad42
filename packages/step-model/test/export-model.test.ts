import '@stepclock/vitest-matchers';
import { stepSeconds } from '@stepclock/step-cost';
import { describe, expect, it } from 'vitest';
import { exportFormats, exportModel } from '../src/index.js';
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
  expect(text).toContain(
    'decodeParms:\n    alpha: "6"\n    beta: "0.2"\n  prefillParms:\n    gamma: "6"\n    delta: "0.02"\n',
  );
  expect(notes.find((n) => n.field === 'serviceParms.beta')?.conversion).toBe('approximate');
  // Nothing known of the lengths: the plain mean.
  expect(exportModel(model, 'workload-variant-autoscaler').text).toContain('  beta: 0.07\n');
});

it('vidur-csv: the model at each row, marked where it extrapolates', () => {
  const { text } = exportModel(model, 'vidur-csv', point);
  const [header, ...lines] = text.trim().split('\n');
  expect(header).toBe('num_tokens,batch_size,prefill_chunk_size,kv_cache_size,time_stats.step.median,conversion');
  expect(lines.length).toBeGreaterThan(50);
  for (const line of lines) {
    const [tokens, batch, prefill, kv, ms, conversion] = line.split(',') as [
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    expect(Number(tokens)).toBe(Number(batch) + Number(prefill));
    const composition = {
      prefillTokens: Number(prefill),
      decodeSeqs: Number(batch),
      contextTokens: Number(kv) * Number(batch),
    };
    expect(Number(ms) / 1e3).toAgree(stepSeconds(described.betas, composition), 1e-8);
    expect(conversion).toBe(composition.contextTokens > 32_000 ? 'exact-extrapolated' : 'exact');
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

it.each(exportFormats)('%s works without any option, and states its conversions', (format) => {
  const bare = baseModel({ betas: linearBetas }, 'steps');
  const { text, notes } = exportModel(bare, format);
  expect(text.endsWith('\n')).toBe(true);
  expect(text).not.toMatch(/NaN|Infinity|undefined/);
  expect(text).toMatch(/exact/);
  expect(notes.length).toBeGreaterThan(0);
});

it('refuses unknown formats and bad operating points', () => {
  expect(() => exportModel(model, 'xml' as 'json')).toThrow(/format: must be one of blis-yaml, .*; got "xml"/);
  expect(() => exportModel(model, 'json', { decodeSeqs: 0 })).toThrow(
    'decodeSeqs: must be a number of at least 1; got 0',
  );
});
