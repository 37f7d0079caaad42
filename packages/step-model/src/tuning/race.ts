import type { EngineUnderLoad } from '../capacity/engine-under-load.js';
import type { LoadShape } from '../capacity/load-shape.js';
import { keepsAll, rateWithinSlos } from '../capacity/rate-within-slos.js';
import { saturationRate } from '../capacity/saturation.js';
import type { Slo } from '../capacity/slo.js';
import { byFallingRate, type Candidate, CLOSE } from './candidates.js';
import type { EngineSetting } from './engine-setting.js';
import { doesTheSame, type Reached, reachedBy } from './tried-engine.js';

/** Of the best rate: who holds less is out. */
export const STILL_IN_RACE = 0.95;
const TOLERANCE = 0.01;

/**
 * All settings over a few requests: one that cannot hold 95 % of the best rate so far costs a run or two, one that does what another did none.
 *
 * @param ordered those that are likely to be good first
 * @returns those searched to the end, by falling rate
 */
export const raceOf = (
  ordered: readonly EngineSetting[],
  engineWith: (setting: EngineSetting) => EngineUnderLoad,
  requests: LoadShape,
  slos: readonly Slo[],
  onProgress?: (done: number, of: number) => void,
): readonly Candidate[] => {
  let most = 0;
  const seen: Reached[] = [];
  const race: Candidate[] = [];
  for (const [i, setting] of ordered.entries()) {
    onProgress?.(i, ordered.length);
    if (seen.some((reached) => doesTheSame(setting, reached))) continue;
    const engine = engineWith(setting);
    const least = STILL_IN_RACE * most;
    if (most > 0 && saturationRate(engine, requests) < least) continue;
    if (most > 0 && !keepsAll(engine, requests, least, slos)) {
      seen.push(reachedBy(setting, engine(requests, least, slos)));
      continue;
    }
    const { holdsPerSec, atHolds, atFails } = rateWithinSlos(engine, requests, slos, {
      tolerance: TOLERANCE,
      ...(most > 0 && { from: least, growth: CLOSE }),
    });
    const highest = atFails ?? atHolds;
    if (holdsPerSec === undefined || highest === undefined) continue;
    seen.push(reachedBy(setting, highest));
    most = Math.max(most, holdsPerSec);
    // A new engine for what follows: it does not keep the runs of the race.
    race.push({ setting, engine: engineWith(setting), ratePerSec: holdsPerSec });
  }
  return byFallingRate(race);
};
