import { atMost, positiveInteger } from './number-rules.js';
import { choice, flag, number } from './option.js';

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

/** Engines side by side. */
export const parallelOptions = {
  'data-parallel': number(
    'engines side by side behind a router, each with these limits [from meta.json, else 1]',
    atMost(1024, positiveInteger),
  ),
  router: choice(
    ['least-requests', 'round-robin'],
    'which of them gets a request: the one with the fewest, or each in turn [least-requests]',
  ),
};
