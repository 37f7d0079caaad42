import type { EngineLimits } from '@stepclock/engine-sim';
import type { Warning } from '@stepclock/faults';
import { meanOf } from '@stepclock/numerics';
import { CATALOGUE, type Term } from '@stepclock/step-cost';
import { engineUnderLoad } from '../capacity/engine-under-load.js';
import { headOf, type LoadShape } from '../capacity/load-shape.js';
import { loneRequests, type Unreachable, unreachableSlos } from '../capacity/lone-requests.js';
import type { OperatingFigures } from '../capacity/operating-figures.js';
import { rateWithinSlos } from '../capacity/rate-within-slos.js';
import { requestsToTell, type Slo } from '../capacity/slo.js';
import { betasOfFile } from '../model-file/betas-file.js';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';
import { replayWarnings } from '../replay/replay-warnings.js';
import { servingOfModel } from '../serving/model-serving.js';
import type { LoadCorrections } from '../serving/replayed-load.js';
import { stepModelFault } from '../step-model-fault.js';
import { type Candidate, CLOSE, differing, inOrder, nearBest, settled } from './candidates.js';
import {
  type EngineFlags,
  type EngineSetting,
  flagsOf,
  isSameSetting,
  limitsWith,
  type SettingsGrid,
  settingsOf,
  USUAL_GRID,
} from './engine-setting.js';
import { type FrontPoint, paretoFront } from './pareto-front.js';
import { raceOf, STILL_IN_RACE } from './race.js';
import { counted, type StepCount } from './tried-engine.js';

export interface TuneOptions {
  /** Values to try; default {@link USUAL_GRID}. */
  readonly grid?: Partial<SettingsGrid>;
  /** The setting of today, held against the others. */
  readonly today?: EngineSetting;
  /** Of the step noise; default 0. */
  readonly seed?: number;
  readonly catalogue?: readonly Term[];
  /** What stands between the load and the engine; default as the model's file says. */
  readonly corrections?: LoadCorrections;
  readonly onProgress?: (done: number, of: number) => void;
}

/** A setting with the highest rate that it takes within the SLOs. */
export interface RatedSetting {
  readonly setting: EngineSetting;
  readonly flags: EngineFlags;
  readonly ratePerSec: number;
  /** At that rate. */
  readonly atRate: OperatingFigures;
  /** Where its steps leave what the fit has seen; empty where they do not. */
  readonly beyond: readonly string[];
}

/** Settings of one engine, by the load that they take. */
export interface Tuning {
  readonly slos: readonly Slo[];
  /** Those worth confirming on the engine, best first; none where no setting keeps the SLOs. */
  readonly best: readonly RatedSetting[];
  /** The setting of today; null where it is not known or keeps the SLOs at no rate. */
  readonly today: RatedSetting | null;
  /** Goodput against latency, of the settings that came near the best, at a few rates each: those that no other beats in both. */
  readonly front: readonly FrontPoint<EngineSetting>[];
  readonly kvTokens: number | null;
  /** Settings of the grid, and those of them that were searched to the end: the others are no better, or do the same. */
  readonly settings: { readonly grid: number; readonly searched: number };
  /** Simulated, and what a search of every setting from nothing, over as many requests as the last ones, takes. */
  readonly steps: { readonly simulated: number; readonly ofWholeGrid: number };
  readonly unreachable: readonly Unreachable[];
  readonly warnings: readonly Warning[];
}

/** Requests of the race between all settings, of the searches of those near the best, and of the last ones. */
const RACE = 1000;
const NEAR = 3000;
const LAST = 10_000;
const MOST_NEAR = 6;
const MOST_LAST = 3;
const TOLERANCE = { near: 0.01, last: 0.005 };
/** Of a setting's own rate: the points that make the front. */
const FRONT_SHARES = [0.5, 0.8, 1];
/** A search from nothing: the saturation, two halvings, seven of the bracket that is left. */
const RUNS_OF_A_SEARCH = 10;

/**
 * The settings of an engine that take most of a load within its service level objectives, by successive halving: all settings of a grid race over a
 * thousand requests, where one that cannot hold 95 % of the best rate so far costs a run or two; those near the best are searched over three thousand,
 * the last three over ten thousand. All serve the same requests.
 *
 * @param shape what is asked of the engine: `loadShapeOf` a log, or `loadShapeOfSpec` of a description
 * @param limits what stays as it is: KV cache, chunk size, rules
 * @throws Fault as `capacity` does; `step-model/bad-grid` without a setting
 *
 * @example
 * tune(model, shape, parseSlos('ttft:p95:200ms tpot:mean:50ms'), { kvTokens: 100_000 }).best[0].flags.vllm // => '--max-num-seqs 64 ...'
 */
export const tune = (
  model: BetasFile,
  shape: LoadShape,
  slos: readonly Slo[],
  limits: EngineLimits = {},
  options: TuneOptions = {},
): Tuning => {
  if (slos.length === 0) {
    throw stepModelFault('step-model/bad-slo', { what: 'SLOs', rule: 'must have one', value: slos.length });
  }
  const { grid, today, seed = 0, catalogue = CATALOGUE, onProgress } = options;
  const settings = settingsOf({ ...USUAL_GRID, ...grid });
  if (settings.length === 0) {
    const rule = 'must have a setting with a budget of at least its requests';
    throw stepModelFault('step-model/bad-grid', { what: 'grid', rule, value: 0 });
  }
  const { rules, ...said } = servingOfModel(model);
  const { corrections = said } = options;
  const betas = betasOfFile(model, catalogue);
  const count: StepCount = { steps: 0 };
  const engineWith = (setting: EngineSetting, with_ = betas) =>
    counted(
      engineUnderLoad(with_, {
        limits: limitsWith({ ...rules, ...limits }, setting),
        catalogue,
        seed,
        corrections,
      }),
      count,
    );
  const own = (model.warnings ?? []).map(({ code, message }) => ({ code, message: `of the model: ${message}` }));
  const common = { slos, kvTokens: limits.kvTokens ?? null, warnings: own };
  // No setting serves a lone request sooner than that of the largest budget.
  const alone = settings[settings.length - 1];
  const unreachable = unreachableSlos(betas, checkedTerms(model, catalogue), loneRequests(shape), slos, (drawn) =>
    engineWith(alone, drawn),
  );
  if (unreachable.length > 0) {
    const none = { best: [], today: null, front: [], settings: { grid: settings.length, searched: 0 } };
    return { ...common, ...none, steps: { simulated: count.steps, ofWholeGrid: 0 }, unreachable };
  }
  const ordered = inOrder(settings, today);
  const raced = headOf(shape, Math.min(LAST, requestsToTell(slos, RACE)));
  const race = raceOf(ordered, engineWith, raced, slos, onProgress);
  const second = headOf(shape, Math.max(NEAR, raced.length));
  const near = settled(nearBest(race, STILL_IN_RACE, MOST_NEAR), second, slos, TOLERANCE.near);
  const last = headOf(shape, LAST);
  const beyondOf = ({ engine, ratePerSec }: Candidate, requests: LoadShape): readonly string[] =>
    replayWarnings(model, engine(requests, ratePerSec, slos), catalogue)
      .filter(({ code }) => code === 'extrapolation')
      .map(({ message }) => message);
  const chosen = differing(nearBest(near, STILL_IN_RACE, near.length), ordered).slice(0, MOST_LAST);
  // A setting that stays within what was seen is worth a try, even if it takes a little less.
  const within = near.find((one) => beyondOf(one, second).length === 0);
  if (within !== undefined && !chosen.includes(within)) chosen.splice(MOST_LAST - 1, 1, within);
  const finalists = settled(chosen, last, slos, TOLERANCE.last);
  const rated = (candidate: Candidate): RatedSetting => ({
    setting: candidate.setting,
    flags: flagsOf(candidate.setting),
    ratePerSec: candidate.ratePerSec,
    atRate: candidate.engine(last, candidate.ratePerSec, slos).figures,
    beyond: beyondOf(candidate, last),
  });
  const best = finalists.map(rated);
  const ofToday = (): RatedSetting | null => {
    if (today === undefined) return null;
    const known = best.find(({ setting }) => isSameSetting(setting, today));
    if (known !== undefined) return known;
    const engine = engineWith(today);
    const { holdsPerSec } = rateWithinSlos(engine, last, slos, {
      tolerance: TOLERANCE.last,
      ...(best.length > 0 && { from: best[0].ratePerSec, growth: CLOSE }),
    });
    return holdsPerSec === undefined ? null : rated({ setting: today, engine, ratePerSec: holdsPerSec });
  };
  const perRun = meanOf(
    finalists.map(({ engine, ratePerSec }) => engine(last, ratePerSec, slos).simulation.steps.length),
  );
  return {
    ...common,
    best,
    today: ofToday(),
    front: frontOf(near, raced, slos),
    settings: { grid: settings.length, searched: race.length },
    steps: {
      simulated: count.steps,
      ofWholeGrid: finalists.length === 0 ? 0 : Math.round(perRun * RUNS_OF_A_SEARCH * settings.length),
    },
    unreachable,
  };
};

/** Goodput against latency, of some candidates at shares of their rates. */
const frontOf = (
  candidates: readonly Candidate[],
  requests: LoadShape,
  slos: readonly Slo[],
): readonly FrontPoint<EngineSetting>[] =>
  paretoFront(
    candidates.flatMap(({ setting, engine, ratePerSec }) =>
      FRONT_SHARES.flatMap((share) => {
        const { metrics, goodputPerSec } = engine(requests, share * ratePerSec, slos).figures;
        const latencySec = metrics.latency.p95;
        return latencySec === null ? [] : [{ setting, ratePerSec: share * ratePerSec, goodputPerSec, latencySec }];
      }),
    ),
  );
