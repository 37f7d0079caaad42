import type { Term } from '@stepclock/step-cost';
import { type LoadShape, shareOf } from '../capacity/load-shape.js';
import { loneRequests, type Unreachable, unreachableSlos } from '../capacity/lone-requests.js';
import type { RatedRun } from '../capacity/operating-figures.js';
import { requestsToTell, type Slo } from '../capacity/slo.js';
import { checkedTerms } from '../model-file/consistency.js';
import { replayWarnings } from '../replay/replay-warnings.js';
import { type Candidate, differing, nearBest, settled } from './candidates.js';
import type { EngineSetting } from './engine-setting.js';
import type { Layout } from './layout.js';
import { type FrontPoint, paretoFront } from './pareto-front.js';
import { raceOf, STILL_IN_RACE } from './race.js';

/** Requests of the race between all settings, of the searches of those near the best, and of the last ones. */
const RACE = 1000;
const NEAR = 3000;
export const LAST = 10_000;
const MOST_NEAR = 6;
export const MOST_LAST = 3;
const TOLERANCE = 0.01;
/** Of a setting's own rate: the points that make the front. */
const FRONT_SHARES = [0.5, 0.8, 1];

/** A setting of a layout with the rate that all its ranks took. */
export interface LayoutCandidate extends Candidate {
  readonly layout: Layout;
}

/** What was found of a layout: nothing where requests alone break an SLO. */
export interface LayoutSearch {
  readonly layout: Layout;
  readonly unreachable: readonly Unreachable[];
  readonly searched: number;
  /** Near the best. */
  readonly near: readonly LayoutCandidate[];
  /** Of those, the ones worth a trial each. */
  readonly chosen: readonly LayoutCandidate[];
}

/** Where the steps of a run leave what the fit has seen, in words. */
export const beyondOf = ({ model }: Layout, run: RatedRun, catalogue: readonly Term[]): readonly string[] =>
  replayWarnings(model, run, catalogue)
    .filter(({ code }) => code === 'extrapolation')
    .map(({ message }) => message);

/** Why a layout keeps some SLOs at no rate. No setting serves a lone request sooner than that of the largest budget. */
const outOfReach = (
  { betas, model, settings, rankWith }: Layout,
  shape: LoadShape,
  slos: readonly Slo[],
  catalogue: readonly Term[],
): readonly Unreachable[] => {
  const alone = settings.reduce((a, b) => (b.maxNumBatchedTokens > a.maxNumBatchedTokens ? b : a));
  return unreachableSlos(betas, checkedTerms(model, catalogue), loneRequests(shape), slos, (drawn) =>
    rankWith(alone, drawn),
  );
};

/** Requests of the race: more where fewer tell nothing of a quantile. */
const raceRequests = (slos: readonly Slo[]): number => Math.min(LAST, requestsToTell(slos, RACE));

/** The settings of a layout that come near its best, by one rank under its share of the load. */
export const searchOf = (
  layout: Layout,
  shape: LoadShape,
  slos: readonly Slo[],
  catalogue: readonly Term[],
  onProgress?: (done: number) => void,
): LayoutSearch => {
  const { ranks, settings, rankWith } = layout;
  const unreachable = outOfReach(layout, shape, slos, catalogue);
  if (unreachable.length > 0) return { layout, unreachable, searched: 0, near: [], chosen: [] };
  const raced = shareOf(shape, ranks, raceRequests(slos));
  const race = raceOf(settings, rankWith, raced, slos, onProgress);
  const second = shareOf(shape, ranks, Math.max(NEAR, raced.length));
  const near = settled(nearBest(race, STILL_IN_RACE, MOST_NEAR), () => second, slos, TOLERANCE);
  const chosen = differing(nearBest(near, STILL_IN_RACE, near.length), settings).slice(0, MOST_LAST);
  // A setting that stays within what was seen is worth a try, even if it takes a little less.
  const within = near.find(
    ({ engine, ratePerSec }) => beyondOf(layout, engine(second, ratePerSec, slos), catalogue).length === 0,
  );
  if (within !== undefined && !chosen.includes(within)) chosen.splice(MOST_LAST - 1, 1, within);
  const ofAll = new Map(
    near.map((one): [Candidate, LayoutCandidate] => [
      one,
      { setting: one.setting, engine: layout.allWith(one.setting), ratePerSec: ranks * one.ratePerSec, layout },
    ]),
  );
  const inAll = (some: readonly Candidate[]): readonly LayoutCandidate[] => some.flatMap((one) => ofAll.get(one) ?? []);
  return { layout, unreachable, searched: race.length, near: inAll(near), chosen: inAll(chosen) };
};

/** Goodput against latency, of those near the best of every layout, at shares of their rates. */
export const frontOf = (
  searches: readonly LayoutSearch[],
  shape: LoadShape,
  slos: readonly Slo[],
): readonly FrontPoint<EngineSetting>[] =>
  paretoFront(
    searches.flatMap(({ layout, near }) => {
      const requests = shareOf(shape, 1, layout.ranks * raceRequests(slos));
      return near.flatMap(({ setting, engine, ratePerSec }) =>
        FRONT_SHARES.flatMap((share) => {
          const { metrics, goodputPerSec } = engine(requests, share * ratePerSec, slos).figures;
          const latencySec = metrics.latency.p95;
          return latencySec === null ? [] : [{ setting, ratePerSec: share * ratePerSec, goodputPerSec, latencySec }];
        }),
      );
    }),
  );
