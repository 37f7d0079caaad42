import { flag } from './option.js';

/** Rules of the scheduler that engines differ in. */
export const schedulerOptions = {
  'async-scheduling': flag(
    "a step is planned while the one before it runs [replay: what meta.json or the log's own times tell]",
  ),
  'reserve-full-prompt': flag("a request waits until its whole prompt's KV blocks are free"),
  'prefix-caching': flag('a preempted request finds its blocks again while nobody took them'),
};
