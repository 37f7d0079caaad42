import { choice, flag } from './option.js';

/** Rules of the scheduler that engines differ in. */
export const schedulerOptions = {
  policy: choice(
    ['mixed', 'prefill-first'],
    'what a step holds: prefill beside decodes (vLLM), or prefill alone and first (vLLM V0, SGLang) [mixed; replay: the model file]',
  ),
  'async-scheduling': flag(
    "a step is planned while the one before it runs [replay: what meta.json, the model or the log's own times tell, else as in that vLLM]",
  ),
  'reserve-full-prompt': flag("a request waits until its whole prompt's KV blocks are free"),
  'prefix-caching': flag('a preempted request finds its blocks again while nobody took them'),
};
