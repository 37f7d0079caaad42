import type { Warning } from '@stepclock/faults';
import type { Replay } from './replay.js';
import { METRIC_NAMES, METRIC_WORDS } from './serving-metrics.js';

/** A mean that is further off than this part of what was measured is no matter of a cost: another engine served. */
const TOO_FAR = 0.25;

/**
 * What a reader must know of a replay that does not come near the log that it serves again.
 *
 * @returns no warning where each mean lies within 25 % of the measured one, or nothing was measured
 */
export const missWarnings = ({ metrics, settings }: Pick<Replay, 'metrics' | 'settings'>): readonly Warning[] => {
  const far = METRIC_NAMES.flatMap((name) => {
    const { error } = metrics[name].mean;
    if (error === null || !(Math.abs(error) > TOO_FAR)) return [];
    return [`mean ${METRIC_WORDS[name]} ${Math.round(100 * Math.abs(error))} % too ${error > 0 ? 'long' : 'short'}`];
  });
  if (far.length === 0) return [];
  const unknown = [
    ...(settings.maxNumBatchedTokens === undefined && settings.chunkSize === undefined
      ? ['max-num-batched-tokens']
      : []),
    ...(settings.maxNumSeqs === undefined ? ['max-num-seqs'] : []),
  ].map((name) => `--${name}`);
  const why =
    unknown.length > 0
      ? `the engine's limits are not known, so give ${unknown.join(' and ')}`
      : 'a rule or a limit of the engine differs from what was replayed, or the model does not fit';
  const message = `the replay does not serve the log as its engine did (${far.join(', ')}): ${why}; until it does, trust no capacity from it`;
  return [{ code: 'replay-misses', message }];
};
