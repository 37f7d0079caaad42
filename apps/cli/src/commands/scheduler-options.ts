/** Rules of the scheduler that engines differ in. */
export const schedulerOptions = {
  'async-scheduling': {
    type: 'boolean',
    describe: "a step is planned while the one before it runs [replay: what meta.json or the log's own times tell]",
  },
  'reserve-full-prompt': { type: 'boolean', describe: "a request waits until its whole prompt's KV blocks are free" },
  'prefix-caching': { type: 'boolean', describe: 'a preempted request finds its blocks again while nobody took them' },
} as const;

/** What these options give. */
export interface SchedulerArgs {
  readonly asyncScheduling?: boolean | undefined;
  readonly reserveFullPrompt?: boolean | undefined;
  readonly prefixCaching?: boolean | undefined;
}
