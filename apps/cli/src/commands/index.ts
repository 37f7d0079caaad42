import type { AnyVerb } from '../verb.js';
import { estimate } from './estimate.js';
import { example } from './example.js';

/** Every verb and noun, in the order of the help. */
export const commands: readonly AnyVerb[] = [estimate, example];
