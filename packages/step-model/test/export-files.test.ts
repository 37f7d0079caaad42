import { describe, expect, it } from 'vitest';
import { type BetasFile, type ExportFormat, type ExportOptions, exportFormats, exportModel } from '../src/index.js';
import { baseModel } from './base-model.js';

const kv = baseModel({
  betas: { beta0: 0.006, beta1: 2e-5, beta2: 1.2e-4, beta3: 1e-7 },
  intervals: { level: 0.9, beta0: [0.005, 0.007], beta1: [1e-5, 3e-5], beta2: [1e-4, 2e-4], beta3: [9e-8, 2e-7] },
  identifiability: { compositions: { prefill_tokens: [0, 4], decode_seqs: [1, 2], context_tokens: [0, 1500] } },
});
const bareBetas = { beta0: 0.006, beta1: 2e-5, beta2: 1e-4 };
const bare = baseModel({ betas: bareBetas }, 'steps');
const point = { decodeSeqs: 20, contextTokensPerSeq: 800, promptTokens: 600, outputTokens: 150, maxNumSeqs: 128 };
const names = { modelId: 'llama', gpu: 'H100', tensorParallelism: 2, vllmVersion: '0.9', kvTokens: 41_423 };

const LLAMA = JSON.stringify({
  hidden_size: 4096,
  num_hidden_layers: 32,
  num_attention_heads: 32,
  num_key_value_heads: 8,
});
const load = { ttftSec: 0.1234, itlSec: 0.0125, requestsInEngine: 14.9 };
const QUERY = ['running', 'waiting']
  .map((state) => `sum(vllm:num_requests_${state}{namespace="prod",model_name="llama \\"x\\""})`)
  .join(' + ');

const GIVEN =
  '# operating point: 20 decoding requests of 800 tokens of context, at most 128 requests, prompts of 600 and outputs of 150 tokens (as given)';
const NOT_GIVEN =
  "# operating point: 1 decoding requests of 0 tokens of context, at most 256 requests, lengths of prompts and outputs not given (not given: decodeSeqs, contextTokensPerSeq, maxNumSeqs; taken from the middle of the compositions that the fit has seen, the most requests from its settings or vLLM's default)";
const BLIS_HEAD = [
  '# BLIS (inference-sim, up to v0.7.10), for defaults.yaml; microseconds',
  '# beta_coeffs[0], beta_coeffs[1]: exact. beta0 and beta1 in microseconds.',
];
const BLIS_ALPHA =
  '# alpha_coeffs: not-in-model. Overheads before, after and between the steps; a trace of steps does not tell them.';
const FLAGS_HEAD = [
  '# llm-d-inference-sim (checked with v0.10.2), flags; Go durations',
  '# prefill-overhead, prefill-time-per-token: approximate. beta0 and beta1: exact for a prompt in one step of an idle engine. A prompt of several steps costs beta0 for each; under load the simulator stretches both by its factor, where an engine adds the work of the others. Rounded to 1 ns.',
];
const FLAGS_STEP =
  '# inter-token-latency, time-factor-under-load: approximate. a step with 1 and with max-num-seqs requests, linear between: exact for decodes of the stated context, ';
const WVA_HEAD = '# llm-d workload-variant-autoscaler, serviceParms of its queue analyzer (after v0.5.1); milliseconds';
const JSON_NOTE = { field: 'value', conversion: 'exact', message: 'the coefficients as fitted, to the last digit.' };

/** Whole files, figures by hand. What another program reads, and what a person reads above it, changes here or nowhere. */
const files: readonly (readonly [ExportFormat, string, BetasFile, ExportOptions, readonly string[]])[] = [
  [
    'blis-yaml',
    'with context: 120 us + 0.1 us x 800; 41,423 tokens are 2,588 whole blocks',
    kv,
    { ...point, ...names },
    [
      ...BLIS_HEAD,
      '# beta_coeffs[2]: approximate. beta2 + beta3 x 800 tokens of context per decode: BLIS has no context term.',
      BLIS_ALPHA,
      GIVEN,
      'models:',
      '- id: "llama"',
      '  GPU: "H100"',
      '  tensor_parallelism: 2',
      '  vllm_version: "0.9"',
      '  total_kv_blocks: 2588',
      '  alpha_coeffs: [0, 0, 0]',
      '  beta_coeffs:',
      '  - 6000',
      '  - 20',
      '  - 200',
    ],
  ],
  [
    'blis-yaml',
    'linear, nothing given',
    bare,
    {},
    [
      ...BLIS_HEAD,
      '# beta_coeffs[2]: exact. beta2 in microseconds.',
      BLIS_ALPHA,
      'models:',
      '- id: "unknown"',
      '  GPU: "unknown"',
      '  tensor_parallelism: 1',
      '  vllm_version: "unknown"',
      '  alpha_coeffs: [0, 0, 0]',
      '  beta_coeffs:',
      '  - 6000',
      '  - 20',
      '  - 100',
    ],
  ],
  [
    'llm-d-inference-sim',
    'a request costs 120 + 80 + 20 x 600 / 150 = 280 us; (6 + 128 x 0.28) / 6.28',
    kv,
    point,
    [
      ...FLAGS_HEAD,
      `${FLAGS_STEP}the prefill work of the others taken as evenly spread.`,
      GIVEN,
      '--latency-calculator=per-token',
      '--max-num-seqs=128',
      '--prefill-overhead=6ms',
      '--prefill-time-per-token=20us',
      '--inter-token-latency=6.28ms',
      '--time-factor-under-load=6.66242',
    ],
  ],
  [
    'llm-d-inference-sim',
    'nothing given: (6 + 256 x 0.1) / 6.1',
    bare,
    {},
    [
      ...FLAGS_HEAD,
      `${FLAGS_STEP}without the prefill work of the others (give the lengths of prompts and outputs to spread it over the steps).`,
      NOT_GIVEN,
      '--latency-calculator=per-token',
      '--max-num-seqs=256',
      '--prefill-overhead=6ms',
      '--prefill-time-per-token=20us',
      '--inter-token-latency=6.1ms',
      '--time-factor-under-load=5.18033',
    ],
  ],
  [
    'llm-d-inference-sim',
    'one request at most stretches nothing; nanoseconds stay whole',
    baseModel({ betas: { beta0: 9.994e-7, beta1: 4.4e-9, beta2: 0 } }),
    { maxNumSeqs: 1, decodeSeqs: 1, contextTokensPerSeq: 0 },
    [
      ...FLAGS_HEAD,
      `${FLAGS_STEP}without the prefill work of the others (give the lengths of prompts and outputs to spread it over the steps).`,
      '# operating point: 1 decoding requests of 0 tokens of context, at most 1 requests, lengths of prompts and outputs not given (as given)',
      '--latency-calculator=per-token',
      '--max-num-seqs=1',
      '--prefill-overhead=999ns',
      '--prefill-time-per-token=4ns',
      '--inter-token-latency=999ns',
      '--time-factor-under-load=1',
    ],
  ],
  [
    'workload-variant-autoscaler',
    '(20 us x 600 + 120 us x 150) / 750 = 40 us',
    kv,
    point,
    [
      WVA_HEAD,
      '# serviceParms.alpha: exact. beta0.',
      '# serviceParms.beta: approximate. mean of beta1 (prefill) and beta2 (decode), weighted by prompt and output tokens: the analyzer has one cost for both.',
      '# serviceParms.gamma: exact. beta3, of decodes; the analyzer counts a little context for prefills of several chunks as well.',
      GIVEN,
      'serviceParms:',
      '  alpha: 6',
      '  beta: 0.04',
      '  gamma: 0.0001',
    ],
  ],
  [
    'workload-variant-autoscaler',
    'equal costs of both tokens: nothing is approximate',
    baseModel({ betas: { beta0: 0.006, beta1: 1e-4, beta2: 1e-4 } }),
    {},
    [
      WVA_HEAD,
      '# serviceParms.alpha: exact. beta0.',
      '# serviceParms.beta: exact. mean of beta1 (prefill) and beta2 (decode), as if prompts and outputs were equally long: the analyzer has one cost for both.',
      '# serviceParms.gamma: exact. a model without context term: 0.',
      'serviceParms:',
      '  alpha: 6',
      '  beta: 0.1',
      '  gamma: 0',
    ],
  ],
  [
    'csv',
    'without intervals',
    bare,
    {},
    [
      'coefficient,value,unit,low,high,conversion',
      'beta0,0.006,s/step,,,exact',
      'beta1,0.00002,s/token,,,exact',
      'beta2,0.0001,s/token,,,exact',
    ],
  ],
  [
    'markdown',
    'rounded to four digits',
    baseModel({
      betas: { beta0: 0.006123456, beta1: 2e-5, beta2: 1.2e-4 },
      intervals: { level: 0.9, beta0: [0.005, 0.0071239], beta1: [1e-5, 3e-5], beta2: [1e-4, 2e-4] },
    }),
    {},
    [
      '| coefficient | value | unit | 90 % interval | meaning |',
      '| --- | --- | --- | --- | --- |',
      '| beta0 | 0.006123 | s/step | 0.005 to 0.007124 | fixed cost of a step |',
      '| beta1 | 0.00002 | s/token | 0.00001 to 0.00003 | per prefill token |',
      '| beta2 | 0.00012 | s/token | 0.0001 to 0.0002 | per decode token: one a sequence and step |',
      '',
      'Rounded to 4 digits; the JSON export is exact.',
    ],
  ],
  [
    'step-grid-csv',
    'every doubling up to the largest seen, both ends, half, once and twice the context; 1,600 x 2 tokens were never seen',
    kv,
    point,
    [
      'prefill_tokens,decode_seqs,context_tokens,step_seconds,conversion',
      ...[0, 1, 2, 4].flatMap((prefill) =>
        [1, 2].flatMap((batch) =>
          [400, 800, 1600].map((context) => {
            const sec = (60_000 + 200 * prefill + 1200 * batch + batch * context) / 1e7;
            const seen = batch * context <= 1500;
            return `${prefill},${batch},${batch * context},${sec},exact${seen ? '' : '-extrapolated'}`;
          }),
        ),
      ),
    ],
  ],
  [
    'blis-trained-physics',
    'two values of 8 x 128 numbers of 2 bytes in 32 layers, halved: 65,536 bytes over 3.35 TB/s are 0.0195629851 us',
    kv,
    { ...names, maxNumSeqs: 128, hardware: 'h100', modelConfig: LLAMA },
    [
      '# BLIS (inference-sim, from v0.7.11; v0.7.15 serves with them), flags; microseconds',
      '# beta-coeffs[6]: exact. beta0, us a step; BLIS cuts a step to whole microseconds.',
      '# beta-coeffs[8]: exact. beta1 over 0.0195629851 us, which BLIS takes for the keys and values of a token.',
      '# beta-coeffs[5], beta-coeffs[9]: approximate. beta2 and beta3: exact for decodes; a request in prefill costs 119.9 us a step too much.',
      '# alpha-coeffs: not-in-model. Overheads before and after the steps; a trace of steps does not tell them.',
      '--model=llama',
      '--hardware=H100',
      '--tp=2',
      '--max-num-running-reqs=128',
      '--total-kv-blocks=2588',
      '--latency-model=trained-physics',
      '--alpha-coeffs=0,0,0',
      '--beta-coeffs=0,0,0,0,0,119.9,6000,0,1022.33887,5.11169434',
    ],
  ],
  [
    'wva-queueing-model-config',
    'means in milliseconds',
    bare,
    { modelId: 'llama', namespace: 'prod', load },
    [
      '# llm-d workload-variant-autoscaler, ConfigMap of its queueing model; milliseconds',
      '# targetTTFT, targetITL: approximate. mean TTFT and mean time per output token of the load: the autoscaler sizes by means and asks that both hold. It learns its own costs, so no coefficient of ours goes into it.',
      'apiVersion: v1',
      'kind: ConfigMap',
      'metadata:',
      '  name: wva-queueing-model-config',
      '  namespace: workload-variant-autoscaler-system',
      'data:',
      '  default: |',
      '    sloMultiplier: 3.0',
      '    tuningEnabled: true',
      '  stepclock: |',
      '    model_id: "llama"',
      '    namespace: "prod"',
      '    targetTTFT: 123.4',
      '    targetITL: 12.5',
    ],
  ],
  [
    'keda',
    'requests in the engine, rounded down',
    bare,
    { modelId: 'llama "x"', namespace: 'prod', load },
    [
      '# KEDA, a ScaledObject (keda.sh/v1alpha1) on the metrics of vLLM',
      '# threshold: approximate. mean requests running and waiting in one engine at the highest rate that keeps the limits (rate x latency = 14.9), rounded down. It is the mean: bursts beyond it last as long as a new replica needs to start.',
      '# to be filled in: the Deployment, the address of Prometheus, the bounds of the replicas',
      'apiVersion: keda.sh/v1alpha1',
      'kind: ScaledObject',
      'metadata:',
      '  name: vllm',
      '  namespace: "prod"',
      'spec:',
      '  scaleTargetRef:',
      '    name: vllm',
      '  minReplicaCount: 1',
      '  maxReplicaCount: 10',
      '  triggers:',
      '  - type: prometheus',
      '    metricType: AverageValue',
      '    metadata:',
      '      serverAddress: http://prometheus:9090',
      `      query: ${JSON.stringify(QUERY)}`,
      '      threshold: "14"',
    ],
  ],
];

describe('whole files', () => {
  it.each(files)('%s: %s', (format, _, model, options, lines) => {
    expect(exportModel(model, format, options).text.split('\n')).toEqual([...lines, '']);
  });

  it('json, indented, with level and intervals where there are any', () => {
    const { text } = exportModel(kv, 'json');
    expect(text.split('\n').slice(0, 4)).toEqual([
      '{',
      '  "schema": "stepclock/export@1",',
      '  "algo": "step-clock",',
      '  "level": 0.9,',
    ]);
    expect(text.endsWith('}\n')).toBe(true);
    expect(JSON.parse(text)).toEqual({
      schema: 'stepclock/export@1',
      algo: 'step-clock',
      level: 0.9,
      coefficients: {
        beta0: { value: 0.006, unit: 's/step', interval: [0.005, 0.007], meaning: 'fixed cost of a step' },
        beta1: { value: 2e-5, unit: 's/token', interval: [1e-5, 3e-5], meaning: 'per prefill token' },
        beta2: {
          value: 1.2e-4,
          unit: 's/token',
          interval: [1e-4, 2e-4],
          meaning: 'per decode token: one a sequence and step',
        },
        beta3: {
          value: 1e-7,
          unit: 's/token',
          interval: [9e-8, 2e-7],
          meaning: 'per token of KV cache that the decodes of a step read',
        },
      },
      notes: [JSON_NOTE],
    });
    const json = JSON.parse(exportModel(bare, 'json').text);
    expect([json.level, json.coefficients.beta0.interval, Object.keys(json.coefficients)]).toEqual([
      null,
      null,
      ['beta0', 'beta1', 'beta2'],
    ]);
  });

  it('step-grid-csv has no row without tokens, and no context where nothing decodes', () => {
    const model: BetasFile = {
      ...kv,
      identifiability: { compositions: { prefill_tokens: [0, 1], decode_seqs: [0, 1], context_tokens: [0, 9] } },
    };
    const { text, notes } = exportModel(model, 'step-grid-csv', { contextTokensPerSeq: 5 });
    const rows = text.trim().split('\n').slice(1);
    expect(rows.map((row) => row.split(',').slice(0, 3).join(' '))).toEqual([
      '0 1 3',
      '0 1 5',
      '0 1 10',
      '1 0 0',
      '1 1 3',
      '1 1 5',
      '1 1 10',
    ]);
    expect(notes).toEqual([
      {
        field: 'step_seconds',
        conversion: 'exact',
        message:
          'the model at each row; rows outside of the compositions that the fit has seen are marked exact-extrapolated.',
      },
    ]);
  });

  it('step-grid-csv of a fit that tells no ranges: prompts to 2,048 tokens, batches to the most requests', () => {
    const rows = exportModel(bare, 'step-grid-csv', { maxNumSeqs: 32 })
      .text.trim()
      .split('\n')
      .slice(1)
      .map((row) => row.split(','));
    const distinct = (column: number) => [...new Set(rows.map((row) => Number(row[column])))].sort((a, b) => a - b);
    expect(distinct(0)).toEqual([0, 64, 128, 256, 512, 1024, 2048]);
    expect(distinct(1)).toEqual([0, 1, 2, 4, 8, 16, 32]);
    expect(distinct(2)).toEqual([0]);
  });

  it('hpa asks for the same number, of each pod', () => {
    const { text } = exportModel(bare, 'hpa', { load });
    expect(text).toContain('  namespace: "default"\n');
    expect(text).toContain('      target:\n        type: AverageValue\n        averageValue: "14"\n');
  });
});

describe('the operating point', () => {
  const pointLine = (model: BetasFile, options: ExportOptions = {}) =>
    exportModel(model, 'llm-d-inference-sim', options)
      .text.split('\n')
      .find((line) => line.startsWith('# operating point'));

  it('comes from the middle of the compositions that the fit has seen', () => {
    const identifiability = {
      compositions: { prefill_tokens: [0, 1], decode_seqs: [1, 40], context_tokens: [0, 32_000] },
    } as const;
    // 20.5 requests on the middle, 16,000 tokens in the cache: 780 each.
    expect(pointLine({ ...kv, identifiability })).toMatch(
      /^# operating point: 21 decoding requests of 780 tokens of context, at most 256 requests/,
    );
    expect(
      pointLine({ ...kv, identifiability: { compositions: { decode_seqs: [0, 0], context_tokens: [0, 9] } } }),
    ).toMatch(/: 1 decoding requests of 0 tokens of context/);
  });

  it.each([
    [{ max_num_seqs: 64 }, 64],
    [{ max_num_seqs: 1 }, 1],
    [{ max_num_seqs: null }, 256],
    [{}, 256],
  ])('the most requests from the settings of the fit: %j', (settings, most) => {
    expect(pointLine({ ...bare, input: { settings } })).toContain(`at most ${most} requests`);
  });

  it('says what was not given, and takes lengths only in pairs', () => {
    expect(pointLine(bare, { decodeSeqs: 4, maxNumSeqs: 8, promptTokens: 9 })).toBe(
      "# operating point: 4 decoding requests of 0 tokens of context, at most 8 requests, lengths of prompts and outputs not given (not given: contextTokensPerSeq; taken from the middle of the compositions that the fit has seen, the most requests from its settings or vLLM's default)",
    );
    expect(pointLine(bare, { promptTokens: 9, outputTokens: 2 })).toContain('prompts of 9 and outputs of 2 tokens');
    expect(pointLine(bare, { outputTokens: 2 })).toContain('lengths of prompts and outputs not given');
  });

  it.each([
    ['decodeSeqs', 1],
    ['outputTokens', 1],
    ['maxNumSeqs', 1],
    ['contextTokensPerSeq', 0],
    ['promptTokens', 0],
  ] as const)('%s is at least %d and finite', (name, least) => {
    expect(() => exportModel(bare, 'json', { [name]: least })).not.toThrow();
    for (const value of [least - 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => exportModel(bare, 'json', { [name]: value })).toThrow(
        expect.objectContaining({
          name: 'Fault',
          code: 'step-model/bad-operating-point',
          value,
          message: expect.stringMatching(`^${name}: must be a number of at least ${least}; got `),
        }),
      );
    }
  });

  it('refuses an unknown format with the known ones', () => {
    expect(() => exportModel(bare, 'toString' as 'json')).toThrow(
      expect.objectContaining({
        code: 'step-model/unknown-format',
        value: 'toString',
        message: `format: must be one of ${exportFormats.join(', ')}; got "toString"`,
      }),
    );
  });
});
