import { meanOf } from '@stepclock/numerics';
import { CATALOGUE } from '@stepclock/step-cost';
import { type LoadShape, shareOf } from '../capacity/load-shape.js';
import type { Unreachable } from '../capacity/lone-requests.js';
import { rateWithinSlos } from '../capacity/rate-within-slos.js';
import type { Slo } from '../capacity/slo.js';
import { stepModelFault } from '../step-model-fault.js';
import { byFallingRate, CLOSE, nearBest, settled } from './candidates.js';
import { flagsOf, isSameSetting } from './engine-setting.js';
import type { Layout } from './layout.js';
import {
  beyondOf,
  frontOf,
  LAST,
  type LayoutCandidate,
  type LayoutSearch,
  MOST_LAST,
  searchOf,
} from './layout-search.js';
import type { StepCount } from './tried-engine.js';
import type { LayoutRate, LayoutsOptions, RatedSetting, Tuning } from './tuning.js';

const TOLERANCE = 0.005;
/** Of the best rate: who takes less is not worth a trial. */
const WORTH_A_TRIAL = 0.9;
/** A search from nothing: the saturation, two halvings, seven of the bracket that is left. */
const RUNS_OF_A_SEARCH = 10;
/** Of a rank, at least, so that what is counted is neither its beginning nor its end. */
const REQUESTS_OF_A_RANK = 1000;

/** What is served by all ranks: of each layout its best, and more of those that take most. */
const lastOf = (searches: readonly LayoutSearch[]): readonly LayoutCandidate[] => {
  const firsts = searches.map(({ chosen: [one] }) => one);
  return byFallingRate(searches.flatMap(({ chosen }) => chosen)).filter(
    (one, i) => i < MOST_LAST || firsts.includes(one),
  );
};

/** The last requests of every layout: so many a rank at least where there are several. */
const lastLoads = (layouts: readonly Layout[], shape: LoadShape): ReadonlyMap<Layout, LoadShape> =>
  new Map(
    layouts.map((layout) => {
      const { ranks } = layout;
      const most = ranks === 1 ? Math.min(LAST, shape.length) : Math.max(LAST, REQUESTS_OF_A_RANK * ranks);
      return [layout, shareOf(shape, 1, most)];
    }),
  );

/** The setting of today with the rate that it takes; undefined where it is not known, or keeps the SLOs at no rate. */
const todayOf = (
  layout: Layout,
  finalists: readonly LayoutCandidate[],
  requests: LoadShape,
  slos: readonly Slo[],
): LayoutCandidate | undefined => {
  const { today, allWith } = layout;
  if (today === undefined) return undefined;
  const known = finalists.find(({ setting }) => isSameSetting(setting, today));
  if (known !== undefined) return known;
  const engine = allWith(today);
  const close = finalists.length > 0 && { from: finalists[0].ratePerSec, growth: CLOSE };
  const { holdsPerSec } = rateWithinSlos(engine, requests, slos, { tolerance: TOLERANCE, ...close });
  return holdsPerSec === undefined ? undefined : { setting: today, engine, ratePerSec: holdsPerSec, layout };
};

/** The rate of each layout that a number of GPUs has room for. */
const layoutRates = (layouts: readonly Layout[], finalists: readonly LayoutCandidate[]): readonly LayoutRate[] =>
  layouts.flatMap((layout) => {
    const { tensorParallelSize, dataParallelSize } = layout.settings[0];
    if (tensorParallelSize === undefined || dataParallelSize === undefined) return [];
    const ratePerSec = finalists.find((one) => one.layout === layout)?.ratePerSec ?? null;
    return [{ tensorParallelSize, dataParallelSize, ratePerSec, kvTokens: layout.kvTokens }];
  });

/** What breaks the SLOs least, of what lone requests break in every layout; none where a layout keeps them. */
const unreachableInAll = (searches: readonly LayoutSearch[]): readonly Unreachable[] => {
  const excess = ({ unreachable }: LayoutSearch): number =>
    unreachable.reduce((most, { valueSec, slo }) => Math.max(most, valueSec / slo.limitSec), 0);
  return searches.reduce((a, b) => (excess(b) < excess(a) ? b : a)).unreachable;
};

/** What is found of layouts, whatever made them. */
type TunedLayouts = Omit<Tuning, 'kvTokens' | 'gpus'>;

/**
 * Searches all layouts: what each has near its best, then the best of all.
 *
 * @throws Fault `step-model/bad-slo` without an SLO, and those of the simulation
 */
export const tuned = (
  layouts: readonly Layout[],
  shape: LoadShape,
  slos: readonly Slo[],
  count: StepCount,
  { catalogue = CATALOGUE, onProgress }: LayoutsOptions,
): TunedLayouts => {
  if (slos.length === 0) {
    throw stepModelFault('step-model/bad-slo', { what: 'SLOs', rule: 'must have one', value: slos.length });
  }
  const grid = layouts.reduce((sum, { settings }) => sum + settings.length, 0);
  let before = 0;
  const searches = layouts.map((layout) => {
    const search = searchOf(layout, shape, slos, catalogue, (done) => onProgress?.(before + done, grid));
    before += layout.settings.length;
    return search;
  });
  const loads = lastLoads(layouts, shape);
  const loadOf = ({ layout }: Pick<LayoutCandidate, 'layout'>): LoadShape => loads.get(layout) ?? shape;
  const finalists = settled(lastOf(searches), loadOf, slos, TOLERANCE);
  const rated = (one: LayoutCandidate): RatedSetting => {
    const run = one.engine(loadOf(one), one.ratePerSec, slos);
    const { setting, ratePerSec } = one;
    const beyond = beyondOf(one.layout, run, catalogue);
    return { setting, flags: flagsOf(setting), ratePerSec, atRate: run.figures, beyond };
  };
  const worth = nearBest(finalists, WORTH_A_TRIAL, MOST_LAST);
  const best = worth.map(rated);
  const today =
    unreachableInAll(searches).length > 0
      ? undefined
      : todayOf(layouts[0], finalists, loadOf({ layout: layouts[0] }), slos);
  const perRun = finalists.map((one) => one.engine(loadOf(one), one.ratePerSec, slos).simulation.steps.length);
  return {
    slos,
    best,
    // The same object, where it is among the best.
    today: today === undefined ? null : (best[worth.indexOf(today)] ?? rated(today)),
    front: frontOf(searches, shape, slos),
    layouts: layoutRates(layouts, finalists),
    settings: { grid, searched: searches.reduce((sum, { searched }) => sum + searched, 0) },
    steps: {
      simulated: count.steps,
      ofWholeGrid: perRun.length === 0 ? 0 : Math.round(meanOf(perRun) * RUNS_OF_A_SEARCH * grid),
    },
    unreachable: unreachableInAll(searches),
    warnings: layouts
      .flatMap(({ model }) => model.warnings ?? [])
      .map(({ code, message }) => ({ code, message: `of the model: ${message}` })),
  };
};
