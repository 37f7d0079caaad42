/** The largest count that is believed: the bound of every option that is a count. */
export const MOST_TOKENS = 1e9;

/** The longest output of one request, tokens: as long as the longest context of any model. */
export const MOST_OUTPUT_TOKENS = 1e7;

/** The shortest step that is believed, s: an engine needs a hundred times longer to plan one and launch its kernels. */
export const SHORTEST_STEP_SEC = 1e-5;

/** The most steps that a decode of some seconds can hold. */
export const mostSteps = (durationSec: number): number => Math.ceil(durationSec / SHORTEST_STEP_SEC);
