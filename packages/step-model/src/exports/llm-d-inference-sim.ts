import { stepModelFault } from '../step-model-fault.js';
import {
  type ConversionNote,
  carried,
  commentLines,
  type Exported,
  type ExportInput,
  type ModelExports,
} from './export-format.js';

/** Seconds as a Go duration, to the nanosecond, which is Go's own resolution. */
const goDuration = (sec: number): string => {
  const ns = Math.round(sec * 1e9);
  if (ns >= 1e6) return `${ns / 1e6}ms`;
  return ns >= 1e3 ? `${ns / 1e3}us` : `${ns}ns`;
};

/**
 * Flags of llm-d-inference-sim (versions that take Go durations). Its latencies: first token after `prefill-overhead + prompt x
 * prefill-time-per-token`, each further one after `inter-token-latency`, all times `1 + (time-factor-under-load - 1)(n - 1)/(max-num-seqs - 1)`
 * with n running requests. A decode step of ours is linear in n too, so its two numbers follow from n = 1 and n = max-num-seqs;
 * the prefill work of the other requests is spread over the decode steps, prompt / output tokens each.
 */
const llmDInferenceSim = (input: ExportInput): Exported => {
  const betas = carried(input, 'llm-d-inference-sim');
  const { point } = input;
  const perRequest =
    betas.beta2 +
    betas.beta3 * point.contextTokensPerSeq +
    (point.lengths ? (betas.beta1 * point.lengths.promptTokens) / point.lengths.outputTokens : 0);
  const stepOf = (running: number) => betas.beta0 + perRequest * running;
  const interToken = stepOf(1);
  if (!(interToken > 0)) {
    const rule = 'must be above 0: a step with one decode takes no time by this model';
    throw stepModelFault('step-model/no-step-time', { what: 'inter-token-latency', rule, value: interToken });
  }
  const factor = point.maxNumSeqs > 1 ? stepOf(point.maxNumSeqs) / interToken : 1;
  const notes: ConversionNote[] = [
    {
      field: 'prefill-overhead, prefill-time-per-token',
      conversion: 'approximate',
      message:
        'beta0 and beta1: exact for a prompt in one step of an idle engine. A prompt of several steps costs beta0 for each; under load the simulator stretches both by its factor, where an engine adds the work of the others. Rounded to 1 ns.',
    },
    {
      field: 'inter-token-latency, time-factor-under-load',
      conversion: 'approximate',
      message: `a step with 1 and with max-num-seqs requests, linear between: exact for decodes of the stated context, ${
        point.lengths
          ? 'the prefill work of the others taken as evenly spread.'
          : 'without the prefill work of the others (give the lengths of prompts and outputs to spread it over the steps).'
      }`,
    },
  ];
  const text = [
    ...commentLines('llm-d-inference-sim (checked with v0.10.2), flags; Go durations', notes, input),
    '--latency-calculator=per-token',
    `--max-num-seqs=${point.maxNumSeqs}`,
    `--prefill-overhead=${goDuration(betas.beta0)}`,
    `--prefill-time-per-token=${goDuration(betas.beta1)}`,
    `--inter-token-latency=${goDuration(interToken)}`,
    `--time-factor-under-load=${Number(factor.toPrecision(6))}`,
    '',
  ].join('\n');
  return { text, notes };
};

export const llmDInferenceSimExports = {
  'llm-d-inference-sim': {
    description:
      'llm-d-inference-sim (checked with v0.10.2), flags with Go durations; exact for decode steps of the stated context',
    write: llmDInferenceSim,
  },
} satisfies ModelExports;
