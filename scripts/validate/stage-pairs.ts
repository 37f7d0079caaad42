// Transfers other than those of the reference, from the same files: npm run ts -- scripts/validate/stage-pairs.ts [DATA] [--quick]
// `auto` against the best of the other methods that train no network, which a user cannot know beforehand. 4 seeds at N = 10, 25, 50; --quick: 1 seed at
// N = 25 of the pairs of a3. Sets a1, a2, a3 are described in docs/accuracy.md.
import {
  METHODS,
  runExperiment,
  type StageDataOptions,
  stageTableFrom,
  TOTAL,
  transferPoints,
} from '@stepclock/stage-latency-recalibration';
import { hasMeasurements, quick, readStages, say } from './stage-sets/measured-sets.js';

interface Pair {
  readonly name: string;
  readonly source: readonly string[];
  readonly target: readonly string[];
  readonly columns: StageDataOptions;
}

interface PairFile {
  readonly file: string;
  readonly pairs: readonly Pair[];
}

const A1 = { stages: ['prefill_ms', 'decode_per_token_ms'], decodeSteps: 16 };
const A1_LOAD = ['prompt_tokens', 'batch_size', 'output_tokens'];
const A2 = ['T_qkv_proj_ms', 'T_out_proj_ms', 'T_mlp_up_ms', 'T_mlp_down_ms', 'T_elementwise_ms'];
const A2_SHAPE = ['n_embd', 'n_ffn', 'n_head', 'n_kv_head', 'gated'];
const A3_IMAGE = ['img_size', 'crops', 'pool'];
const A3_PROMPT = ['vision_tokens', 'prompt_tokens', 'active_blocks'];
const LLAMA_70B = 'model=llama2-70b';
const QWEN = 'model=Qwen/Qwen-72B';

const FILES: readonly PairFile[] = [
  {
    file: 'a1_splitwise_stage.csv',
    pairs: [
      {
        name: 'a1, A100 to H100',
        source: ['gpu=a100-80gb'],
        target: ['gpu=h100-80gb'],
        columns: { ...A1, features: ['model', 'tp', ...A1_LOAD] },
      },
      {
        name: 'a1, H100 to A100, llama2-70b alone',
        source: ['gpu=h100-80gb', LLAMA_70B],
        target: ['gpu=a100-80gb', LLAMA_70B],
        columns: { ...A1, features: ['tp', ...A1_LOAD] },
      },
      {
        name: 'a1, bloom-176b to llama2-70b on eight H100',
        source: ['gpu=h100-80gb', 'model=bloom-176b', 'tp=8'],
        target: ['gpu=h100-80gb', LLAMA_70B, 'tp=8'],
        columns: { ...A1, features: A1_LOAD },
      },
    ],
  },
  {
    file: 'a2_vidur_ops.csv',
    pairs: [
      {
        name: 'a2, A100 to H100',
        source: ['gpu=a100'],
        target: ['gpu=h100'],
        columns: { stages: A2, features: [...A2_SHAPE, 'tp', 'num_tokens'] },
      },
      {
        name: 'a2, H100 to A100, Qwen-72B alone',
        source: ['gpu=h100', QWEN],
        target: ['gpu=a100', QWEN],
        columns: { stages: A2, features: ['tp', 'num_tokens'] },
      },
      {
        name: 'a2, H100 to A100, T_mlp_up alone',
        source: ['gpu=h100'],
        target: ['gpu=a100'],
        columns: { stages: ['T_mlp_up_ms'], features: [...A2_SHAPE, 'tp', 'num_tokens'] },
      },
      {
        name: 'a2, Qwen-72B to Llama-2-7b on H100',
        source: ['gpu=h100', QWEN],
        target: ['gpu=h100', 'model=meta-llama/Llama-2-7b-hf'],
        columns: { stages: A2, features: ['tp', 'num_tokens'] },
      },
      {
        name: 'a2, one H100 to eight',
        source: ['gpu=h100', 'tp=1'],
        target: ['gpu=h100', 'tp=8'],
        columns: { stages: A2, features: [...A2_SHAPE, 'num_tokens'] },
      },
    ],
  },
  {
    file: 'a3_mllm_composed_4090_pro6000.csv',
    pairs: [
      {
        name: 'a3, 4090 to PRO 6000',
        source: ['gpu=RTX4090'],
        target: ['gpu=RTXPRO6000'],
        columns: { features: [...A3_IMAGE, ...A3_PROMPT], decodeSteps: 16 },
      },
      {
        name: 'a3, PRO 6000 to 4090, language stages',
        source: ['gpu=RTXPRO6000'],
        target: ['gpu=RTX4090'],
        columns: {
          stages: ['T_LLM_prefill_ms', 'T_LLM_decode_per_token_ms'],
          features: A3_PROMPT,
          decodeSteps: 16,
        },
      },
      {
        name: 'a3, PRO 6000 to 4090, vision stages',
        source: ['gpu=RTXPRO6000'],
        target: ['gpu=RTX4090'],
        columns: { stages: ['T_vision_encoder_ms', 'T_projector_ms'], features: A3_IMAGE },
      },
    ],
  },
];

const METHODS_WITHOUT_NETWORK = METHODS.filter((method) => method !== 'fine-tuned');

/** One row of the table: cells at the numbers of samples that the data allows. */
const measure = (table: Awaited<ReturnType<typeof readStages>>, { name, source, target, columns }: Pair): string => {
  const to = stageTableFrom(table, { ...columns, filter: target });
  const { points, samples } = totals(stageTableFrom(table, { ...columns, filter: source }), to);
  const at = (n: number): readonly (readonly [method: string, mape: number])[] =>
    points.filter((point) => point.samples === n).map((point) => [point.method, point.mapePercent.mean]);
  const auto = samples.map((n) => at(n).find(([method]) => method === 'auto')?.[1] ?? Number.NaN);
  const others = samples.map((n) =>
    at(n)
      .filter(([method]) => method !== 'auto' && method !== 'none')
      .reduce((best, one) => (one[1] < best[1] ? one : best)),
  );
  const none = points.find(({ method }) => method === 'none')?.mapePercent.mean ?? Number.NaN;
  const figures = [
    samples.join(', '),
    none.toFixed(1),
    auto.map((mape) => mape.toFixed(2)).join(', '),
    others.map(([, mape]) => mape.toFixed(2)).join(', '),
    others.map(([method]) => method).join(', '),
  ];
  return `| ${[name, to.length, ...figures].join(' | ')} |`;
};

const totals = (source: Parameters<typeof runExperiment>[0], target: Parameters<typeof runExperiment>[1]) => {
  const result = runExperiment(source, target, {
    seeds: quick ? 1 : 4,
    samples: quick ? [25] : [10, 25, 50],
    methods: METHODS_WITHOUT_NETWORK,
    budgets: [1],
  });
  const points = transferPoints(result).filter(({ stage }) => stage === TOTAL);
  const samples = [...new Set(points.flatMap(({ method, samples }) => (method === 'auto' ? [samples] : [])))];
  return { points, samples };
};

if (hasMeasurements()) {
  say(`### Other pairs: total MAPE (%), mean of ${quick ? 1 : 4} seeds\n`);
  say(
    '| source to target | configurations | N | no calibration | auto | best other method | which |\n|---|---|---|---|---|---|---|',
  );
  for (const { file, pairs } of quick ? FILES.slice(-1) : FILES) {
    const table = await readStages(file);
    for (const pair of pairs) say(measure(table, pair));
  }
}
