import { gpuNames } from '@stepclock/step-model';
import { positiveInteger } from './number-rules.js';
import { choice, number, text } from './option.js';

/** What the engine ran on, to hold its costs against what is possible. */
export const hardwareOptions = {
  hardware: choice(gpuNames, 'the GPU: says how near to its peak the engine runs; with --model-config'),
  'model-config': text("the model's config.json (Hugging Face)", 'input'),
  'tensor-parallel': number('GPUs that share every layer [1]', positiveInteger),
};
