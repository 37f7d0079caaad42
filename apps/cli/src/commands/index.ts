import type { AnyVerb } from '../verb.js';
import { convert } from './convert.js';
import { estimate } from './estimate.js';
import { example } from './example.js';
import { exportVerb } from './export.js';
import { inspect } from './inspect.js';
import { predict } from './predict.js';
import { replay } from './replay.js';
import { simulate } from './simulate.js';
import { stage } from './stage.js';
import { stepTime } from './step-time.js';
import { steps } from './steps.js';
import { token2metrics } from './token2metrics.js';

/** Every verb and noun, in the order of the help. */
export const commands: readonly AnyVerb[] = [
  estimate,
  inspect,
  replay,
  predict,
  simulate,
  steps,
  stepTime,
  token2metrics,
  stage,
  convert,
  exportVerb,
  example,
];
