import type { Warning } from '@stepclock/faults';
import { stepModelFault } from '../step-model-fault.js';
import { type Gpu, gpuNamed, gpuNames } from './gpus.js';
import { type ModelShape, modelShapeOf } from './model-config.js';

/** The least seconds that an engine can take: bytes over bandwidth, operations over peak rate, all GPUs together. */
export interface PossibleCost {
  readonly gpu: Gpu;
  readonly tensorParallel: number;
  readonly shape: ModelShape;
  /** A step of one decode without context reads the weights that one token goes through. */
  readonly decodeStepSec: number;
  /** Two operations a weight and token. */
  readonly prefillTokenSec: number;
  /** Its keys and values are read; null where layers do not read all of the context. */
  readonly contextTokenSec: number | null;
}

/** One cost beside what is possible. */
export interface PhysicalCheck {
  readonly what: 'decode-step' | 'prefill-token' | 'context-token';
  readonly phrase: string;
  readonly measuredSec: number;
  readonly possibleSec: number;
  /** Possible over measured: at how much of its peak the engine runs; null where nothing was measured. */
  readonly share: number | null;
  /** Whether even the upper end of the interval is below what is possible. */
  readonly isBelow: boolean;
}

export interface PhysicsOptions {
  /** GPUs that share every layer; default 1. */
  readonly tensorParallel?: number;
  /** Name of the config's file, for messages. */
  readonly file?: string;
}

/**
 * What a GPU can do at best for a model.
 *
 * @param hardware one of `gpuNames`
 * @param config the text of the model's `config.json`
 * @throws Fault `step-model/unknown-hardware`, `step-model/bad-model-config`
 */
export const possibleCost = (hardware: string, config: string, options: PhysicsOptions = {}): PossibleCost => {
  const gpu = gpuNamed(hardware);
  if (gpu === undefined) {
    const rule = `must be one of ${gpuNames.join(', ')}`;
    throw stepModelFault('step-model/unknown-hardware', { what: 'hardware', rule, value: hardware });
  }
  const { tensorParallel = 1, file } = options;
  const shape = modelShapeOf(config, file);
  const flopsPerSec = (shape.computesIn8Bits ? gpu.flops8PerSec : null) ?? gpu.flops16PerSec;
  const weights = shape.activeWeights + shape.headWeights;
  const splits = Math.min(tensorParallel, shape.kvSplits);
  return {
    gpu,
    tensorParallel,
    shape,
    decodeStepSec: (weights * shape.bytesPerWeight) / (gpu.bytesPerSec * tensorParallel),
    prefillTokenSec: (2 * shape.activeWeights) / (flopsPerSec * tensorParallel),
    contextTokenSec: shape.kvBytesPerToken === null ? null : shape.kvBytesPerToken / (gpu.bytesPerSec * splits),
  };
};

/** Coefficients as an estimate has them. */
export interface PhysicalEstimate {
  readonly betas: Readonly<Record<string, number>>;
  readonly intervals?:
    | { readonly byLabel: Readonly<Record<string, readonly [number, number] | null>> }
    | null
    | undefined;
}

/** Every cost that physics bounds, beside its bound. A step of one decode is beta0 + beta2. */
export const physicalChecks = (
  { betas, intervals }: PhysicalEstimate,
  possible: PossibleCost,
): readonly PhysicalCheck[] => {
  const checked = (
    what: PhysicalCheck['what'],
    phrase: string,
    labels: readonly string[],
    possibleSec: number | null,
  ): readonly PhysicalCheck[] => {
    if (possibleSec === null || labels.some((label) => betas[label] === undefined)) return [];
    const sum = (of: (label: string) => number): number => labels.reduce((total, label) => total + of(label), 0);
    const measuredSec = sum((label) => betas[label]);
    const most = sum((label) => intervals?.byLabel[label]?.[1] ?? betas[label]);
    const share = measuredSec > 0 ? possibleSec / measuredSec : null;
    return [{ what, phrase, measuredSec, possibleSec, share, isBelow: most < possibleSec }];
  };
  return [
    ...checked('decode-step', 'a step of one decode (beta0 + beta2)', ['beta0', 'beta2'], possible.decodeStepSec),
    ...checked('prefill-token', 'a prefill token (beta1)', ['beta1'], possible.prefillTokenSec),
    ...checked('context-token', 'a token of context (beta3)', ['beta3'], possible.contextTokenSec),
  ];
};

const REASON: Readonly<Record<PhysicalCheck['what'], string>> = {
  'decode-step': 'the GPU, the model or its quantisation is another, or several tokens a step are accepted',
  'prefill-token': 'part of the prompts was cached, which the log does not tell, or the GPU or the model is another',
  'context-token':
    'the cache holds fewer bits, part of the context is shared or not read, or the GPU or the model is another',
};

/** Warns of costs below what is possible: the log does not tell all that it should, or the hardware is not what was said. */
export const physicsWarnings = (checks: readonly PhysicalCheck[]): readonly Warning[] =>
  checks
    .filter(({ isBelow }) => isBelow)
    .map(({ what, phrase, measuredSec, possibleSec }) => ({
      code: 'below-possible',
      message: `${phrase} takes ${((100 * measuredSec) / possibleSec).toFixed(0)} % of the time that the hardware needs at best: ${REASON[what]}`,
    }));
