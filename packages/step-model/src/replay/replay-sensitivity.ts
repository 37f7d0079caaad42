import { shareText, type Warning } from '@stepclock/faults';
import type { Betas } from '@stepclock/step-cost';
import type { RequestTable } from '@stepclock/trace-io';
import { type Replay, type ReplayOptions, replay } from './replay.js';

/** How far a replay hangs on the last per cents of its step time. */
export interface ReplaySensitivity {
  /** Share of the time from the first arrival to the last in which an engine runs a step, over all engines. */
  readonly utilisation: number;
  /** Change of the mean TTFT, as a fraction, where every step takes so much longer. */
  readonly stepTimeChange: number;
  readonly ttftChange: number;
}

/** What a good fit may be off by. */
const LONGER = 0.02;
/** A queue multiplies a change of the step time; where it does by five, TTFT says more of the error than of the engine. */
const TOO_MUCH = 0.1;

/**
 * Serves the log once more with steps 2 % longer, under the rules that the replay found.
 *
 * @returns null where no request has a TTFT
 * @throws Fault as {@link replay} does
 */
export const replaySensitivity = (
  requests: RequestTable,
  betas: Betas,
  done: Replay,
  options: ReplayOptions = {},
): ReplaySensitivity | null => {
  const slower = Object.fromEntries(Object.entries(betas).map(([label, value]) => [label, (1 + LONGER) * value]));
  const again = replay(requests, slower, done.settings, options).metrics.ttft.mean.replayed;
  const before = done.metrics.ttft.mean.replayed;
  if (again === null || before === null || !(before > 0)) return null;
  const { steps, requests: served } = done.simulation;
  const first = served.arrivalSec.reduce((least, sec) => Math.min(least, sec), Infinity);
  const last = served.arrivalSec.reduce((most, sec) => Math.max(most, sec), -Infinity);
  const engines = (steps.instance?.reduce((most, k) => Math.max(most, k), 0) ?? 0) + 1;
  let busySec = 0;
  for (let k = 0; k < steps.length; k++) {
    busySec += Math.max(
      0,
      Math.min(last, steps.startSec[k] + steps.durationSec[k]) - Math.max(first, steps.startSec[k]),
    );
  }
  const utilisation = last > first ? busySec / (engines * (last - first)) : 1;
  return { utilisation, stepTimeChange: LONGER, ttftChange: again / before - 1 };
};

/** What a reader must know of a replay near its engine's saturation. */
export const sensitivityWarnings = (sensitivity: ReplaySensitivity | null): readonly Warning[] => {
  if (sensitivity === null || !(sensitivity.ttftChange > TOO_MUCH)) return [];
  const message = `near saturation (steps run ${shareText(sensitivity.utilisation)} of the time): steps ${shareText(sensitivity.stepTimeChange)} longer make the mean TTFT ${shareText(sensitivity.ttftChange)} longer, so its error says little of the model`;
  return [{ code: 'near-saturation', message }];
};
