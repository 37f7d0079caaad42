import { isFault, type Warning } from '@stepclock/faults';
import {
  betasOfFile,
  METRIC_NAMES,
  METRIC_WORDS,
  missWarnings,
  parseBetasFile,
  replay,
  servingOfModel,
  tellsScheduling,
} from '@stepclock/step-model';
import type { TraceInput } from '../../files/trace-input.js';
import { given } from '../../options/given.js';
import { percent } from '../../text/quantity.js';
import { limitsOf } from '../model/limits.js';

/** What came of serving a log again before anybody is told to. */
export interface TriedReplay {
  /** `TTFT 0.87 %, TPOT -1.18 %, latency -0.20 % off in the mean`. */
  readonly sentence: string;
  readonly warnings: readonly Warning[];
}

/** A larger log takes longer than somebody waits who only asks what it is. */
const TRIED_UP_TO = 50_000;

/**
 * Serves a log again as `stepclock replay` would with the model that was just fitted on it.
 *
 * @param model the object of the model's file
 * @param budget tokens a step at most, where the log shows them and its settings do not say
 * @returns undefined where the log cannot be served again
 */
export const triedReplay = (
  { trace, name }: TraceInput,
  model: object,
  budget: number | undefined,
): TriedReplay | undefined => {
  const { requests, facts } = trace;
  if (requests?.arrivalSec === undefined || facts.queueInPrefill === 'unknown') return undefined;
  if (requests.length > TRIED_UP_TO) return { sentence: 'TTFT, TPOT, latency', warnings: [] };
  const { maxNumBatchedTokens, chunkSize, engine } = facts.settings;
  const isLimited = maxNumBatchedTokens !== undefined || chunkSize !== undefined;
  try {
    const file = parseBetasFile(JSON.stringify(model), name);
    const limits = limitsOf(
      { maxNumBatchedTokens: isLimited ? undefined : budget, policy: file.policy },
      facts.settings,
    );
    const options = { ...servingOfModel(file, tellsScheduling(requests)), ...given({ engine }) };
    const done = replay(requests, betasOfFile(file), limits, options);
    const errors = METRIC_NAMES.flatMap((metric) => {
      const { error } = done.metrics[metric].mean;
      return error === null ? [] : [`${METRIC_WORDS[metric]} ${percent(error)}`];
    });
    return { sentence: `${errors.join(', ')} off in the mean`, warnings: missWarnings(done) };
  } catch (error) {
    if (isFault(error)) return undefined;
    throw error;
  }
};
