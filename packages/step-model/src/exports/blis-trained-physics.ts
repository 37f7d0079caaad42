import { count, text as texts, validated } from '@stepclock/model-file';
import * as v from 'valibot';
import { gpuNamed, gpuNames } from '../physics/gpus.js';
import { stepModelFault } from '../step-model-fault.js';
import {
  type ConversionNote,
  carried,
  decimal,
  type Exported,
  type ExportInput,
  type ModelExports,
  needed,
  titleLines,
} from './export-format.js';

const MICROSECONDS = 1e6;
/** It takes keys and values as 16-bit numbers whatever the model's type. */
const BYTES_PER_VALUE = 2;
const BLOCK_TOKENS = 16;

/** How BLIS's hardware_config.json calls a GPU that it has, with the same bandwidth as our data sheets. */
const NAMED: Readonly<Record<string, string>> = { h100: 'H100', 'a100-80gb': 'A100-80', l40s: 'L40S' };

const wanted = v.pipe(count, v.minValue(1, 'must be a whole number of at least 1'));
/** What of a Hugging Face config.json BLIS takes for the size of the KV cache in its step time. */
const configSchema = v.object({
  num_hidden_layers: wanted,
  hidden_size: wanted,
  num_attention_heads: wanted,
  num_key_value_heads: v.optional(v.nullable(wanted)),
});
const wholeSchema = v.object({ text_config: v.optional(v.unknown()), model_type: v.optional(texts()) });

/** Microseconds in which one token's keys and values go through the memory once, as BLIS computes it: head size = hidden size / heads. */
const cacheTokenUs = (input: ExportInput, bytesPerSec: number): number => {
  const { modelConfig, modelConfigFile: file, tensorParallelism = 1 } = input.names;
  const place = { code: 'step-model/bad-model-config', ...(file !== undefined && { file }) } as const;
  const json = needed(modelConfig, 'model config', "the text of the model's config.json");
  const parsed = parsedConfig(json, file);
  const whole = validated(parsed, wholeSchema, place);
  const config = validated(whole.text_config ?? parsed, configSchema, place);
  const { num_attention_heads: heads, num_key_value_heads: kept } = config;
  const values = (kept ?? heads) * Math.floor(config.hidden_size / heads);
  const bytes = (config.num_hidden_layers * 2 * BYTES_PER_VALUE * values) / tensorParallelism;
  return (bytes / bytesPerSec) * MICROSECONDS;
};

const parsedConfig = (json: string, file: string | undefined): unknown => {
  try {
    return JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch {
    const rule = "must be a Hugging Face model's config.json, one JSON object";
    throw stepModelFault('step-model/bad-model-config', { what: 'model config', rule, value: json.slice(0, 40), file });
  }
};

/**
 * Flags of BLIS (inference-sim) for its trained-physics model: ten coefficients on what it computes of a step. Only those that are straight
 * lines in ours are used, the others are zero: bytes of KV cache written by prefills (beta1) and read by decodes (beta3), requests of a step
 * (beta2), a constant (beta0).
 */
const blisTrainedPhysics = (input: ExportInput): Exported => {
  const betas = carried(input, 'BLIS');
  const { names, point } = input;
  const hardware = needed(names.hardware, 'hardware', `one of ${gpuNames.join(', ')}`);
  const gpu = gpuNamed(hardware);
  if (gpu === undefined) {
    const rule = `must be one of ${gpuNames.join(', ')}`;
    throw stepModelFault('step-model/unknown-hardware', { what: 'hardware', rule, value: hardware });
  }
  const perToken = cacheTokenUs(input, gpu.bytesPerSec);
  // A decode reads its context and writes one token more.
  const perRequest = Math.max(0, betas.beta2 - betas.beta3);
  const us = (sec: number): number => sec * MICROSECONDS;
  const coefficients = [
    0,
    0,
    0,
    0,
    0,
    us(perRequest),
    us(betas.beta0),
    0,
    us(betas.beta1) / perToken,
    us(betas.beta3) / perToken,
  ];
  const notes: readonly ConversionNote[] = [
    {
      field: 'beta-coeffs[6]',
      conversion: 'exact',
      message: 'beta0, us a step; BLIS cuts a step to whole microseconds.',
    },
    {
      field: 'beta-coeffs[8]',
      conversion: 'exact',
      message: `beta1 over ${decimal(perToken)} us, which BLIS takes for the keys and values of a token.`,
    },
    {
      field: 'beta-coeffs[5], beta-coeffs[9]',
      conversion: 'approximate',
      message: `beta2 and beta3: exact for decodes; a request in prefill costs ${decimal(us(perRequest))} us a step too much.`,
    },
    {
      field: 'alpha-coeffs',
      conversion: 'not-in-model',
      message: 'Overheads before and after the steps; a trace of steps does not tell them.',
    },
    ...(Object.hasOwn(NAMED, hardware)
      ? []
      : [
          {
            field: 'hardware',
            conversion: 'not-in-model' as const,
            message: `BLIS has no ${hardware}: add it to the file of --hardware-config, BwPeakTBs ${gpu.bytesPerSec / 1e12}.`,
          },
        ]),
  ];
  const { tensorParallelism = 1, kvTokens, modelId } = names;
  const text = [
    ...titleLines('BLIS (inference-sim, from v0.7.11; v0.7.15 serves with them), flags; microseconds', notes),
    ...(modelId === undefined ? [] : [`--model=${modelId}`]),
    `--hardware=${NAMED[hardware] ?? hardware}`,
    `--tp=${tensorParallelism}`,
    `--max-num-running-reqs=${point.maxNumSeqs}`,
    ...(kvTokens === undefined ? [] : [`--total-kv-blocks=${Math.floor(kvTokens / BLOCK_TOKENS)}`]),
    '--latency-model=trained-physics',
    '--alpha-coeffs=0,0,0',
    `--beta-coeffs=${coefficients.map(decimal).join(',')}`,
    '',
  ].join('\n');
  return { text, notes };
};

export const blisTrainedPhysicsExports = {
  'blis-trained-physics': {
    description:
      'BLIS (inference-sim, from v0.7.11; v0.7.15 serves with them), flags; within 1 us of our decode steps, beta2 too much a request in prefill',
    write: blisTrainedPhysics,
  },
} satisfies ModelExports;
