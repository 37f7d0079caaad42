import { seededRandom, shuffled } from '@stepclock/numerics';
import { randomLogNormal } from 'd3-random';
import { gridConfigurations, type KnobGrid } from './knob-grid.js';

/** A GPU as the generator knows it. */
export interface SyntheticGpu {
  readonly name: string;
  /** Matrix throughput for large inputs, relative. */
  readonly compute: number;
  /** Memory bandwidth, relative: what a decode step waits for. */
  readonly bandwidth: number;
  /** Time to launch the kernels of one layer, ms: what small inputs wait for. */
  readonly launchMs: number;
}

/** A large and a middling GPU: 2.4 times apart in matrices, 1.6 in memory, hardly in launches; so their ratio depends on the size of the input. */
export const SYNTHETIC_GPUS: readonly [source: SyntheticGpu, target: SyntheticGpu] = [
  { name: 'GPU-L', compute: 2.4, bandwidth: 1.6, launchMs: 0.055 },
  { name: 'GPU-M', compute: 1, bandwidth: 1, launchMs: 0.062 },
];

export interface SyntheticOptions {
  readonly gpus?: readonly SyntheticGpu[];
  /** Default 240. */
  readonly configurations?: number;
  /** Measurements of each configuration on each GPU; default 3. */
  readonly repeats?: number;
  /** Standard deviation of the logarithm of a measurement; default 0.015. */
  readonly noise?: number;
  /** Share of stage times that are hit by a straggler, 1.3 to 3 times as long; default 0.005. */
  readonly stragglers?: number;
  /** Default 0. */
  readonly seed?: number;
}

const GRID: KnobGrid = {
  vision_tokens: [64, 144, 256, 400, 576, 784, 1024, 1536],
  prompt_tokens: [16, 32, 64, 128, 256],
  top_k: [2, 4, 8],
  active_blocks: [16, 20, 24, 28, 32],
  task: ['QA', 'captioning'],
};

/** Tokens of an answer and of a caption. */
const OUTPUT_TOKENS: Readonly<Record<string, number>> = { QA: 17, captioning: 65 };

const STAGES = ['T_vision_encoder_ms', 'T_projector_ms', 'T_LLM_prefill_ms', 'T_LLM_decode_per_token_ms'] as const;

interface Knobs {
  readonly vision_tokens: number;
  readonly prompt_tokens: number;
  readonly top_k: number;
  readonly active_blocks: number;
}

/** Work `w` on units that are busy for `w / rate` and never less than the launch: a smooth maximum. */
const roofline = (launchMs: number, workMs: number): number => Math.cbrt(launchMs ** 3 + workMs ** 3);

/** Noise-free stage times, ms, in the order of the stages. */
const stageTimes = (
  gpu: SyntheticGpu,
  { vision_tokens, prompt_tokens, top_k, active_blocks }: Knobs,
): readonly number[] => {
  const context = vision_tokens + prompt_tokens;
  const experts = 0.7 + 0.3 * (top_k / 8);
  const layer = roofline(gpu.launchMs * 6, (context * (1 + context / 6000) * experts * 0.0022) / gpu.compute);
  const decodeLayer = gpu.launchMs + (0.24 * experts + context * 3e-5) / gpu.bandwidth;
  return [
    roofline(gpu.launchMs * 24, (vision_tokens * 0.021) / gpu.compute),
    roofline(gpu.launchMs, (vision_tokens * 0.0006) / gpu.compute),
    active_blocks * layer,
    active_blocks * decodeLayer,
  ];
};

/**
 * A made table of measurements on two GPUs as CSV text, for fixtures and demonstrations: log-normal noise, stragglers, and a ratio between
 * the GPUs that grows with the input, since small inputs wait for launches and large ones for arithmetic.
 *
 * @example
 * syntheticGpuCsv({ configurations: 2, repeats: 1 }).split('\n').length // => 6
 */
export const syntheticGpuCsv = (options: SyntheticOptions = {}): string => {
  const {
    gpus = SYNTHETIC_GPUS,
    configurations = 240,
    repeats = 3,
    noise = 0.015,
    stragglers = 0.005,
    seed = 0,
  } = options;
  const grid = gridConfigurations(GRID);
  const chosen = shuffled(grid.length, seededRandom(seed, 'configurations')).slice(0, configurations).sort();
  const random = seededRandom(seed, 'noise');
  const jitter = randomLogNormal.source(random)(0, noise);
  const lines = [
    ['config_id', 'gpu', 'repeat', ...Object.keys(GRID), 'output_tokens', ...STAGES, 'T_total_ms'].join(','),
  ];
  chosen.forEach((row, id) => {
    const cells = grid.knobs.map((knob) => {
      const value = knob.values[row];
      return knob.kind === 'numeric' ? value : knob.levels[value];
    });
    const [vision_tokens, prompt_tokens, top_k, active_blocks, task] = cells as [
      number,
      number,
      number,
      number,
      string,
    ];
    const outputTokens = OUTPUT_TOKENS[task];
    for (const gpu of gpus) {
      const times = stageTimes(gpu, { vision_tokens, prompt_tokens, top_k, active_blocks });
      for (let repeat = 0; repeat < repeats; repeat++) {
        const measured = times.map((ms) => ms * jitter() * (random() < stragglers ? 1.3 + 1.7 * random() : 1));
        const [vision = 0, projector = 0, prefill = 0, perToken = 0] = measured.map((ms) => Number(ms.toPrecision(6)));
        const total = vision + projector + prefill + perToken * (outputTokens - 1);
        lines.push(
          [
            id,
            gpu.name,
            repeat,
            ...cells,
            outputTokens,
            vision,
            projector,
            prefill,
            perToken,
            Number(total.toPrecision(7)),
          ].join(','),
        );
      }
    }
  });
  return `${lines.join('\n')}\n`;
};
