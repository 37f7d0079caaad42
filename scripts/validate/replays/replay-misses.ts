/** Errors of replayed means that miss what is asked, per cent, as they were when they were last looked at. */
export const REPLAY_MISSES: Readonly<Record<string, number>> = {};
