import type { EngineLimits } from '@stepclock/engine-sim';
import type { Warning } from '@stepclock/faults';
import { CATALOGUE, type Term } from '@stepclock/step-cost';
import { type EngineUnderLoad, engineUnderLoad } from '../capacity/engine-under-load.js';
import { headOf, type LoadShape } from '../capacity/load-shape.js';
import { loneRequests, type Unreachable, unreachableSlos } from '../capacity/lone-requests.js';
import type { OperatingFigures } from '../capacity/operating-figures.js';
import { keepsAll, rateWithinSlos } from '../capacity/rate-within-slos.js';
import { saturationRate } from '../capacity/saturation.js';
import { requestsToTell, type Slo } from '../capacity/slo.js';
import { betasOfFile } from '../model-file/betas-file.js';
import type { BetasFile } from '../model-file/betas-schema.js';
import { checkedTerms } from '../model-file/consistency.js';
import { replayWarnings } from '../replay/replay-warnings.js';
import { servingOfModel } from '../serving/model-serving.js';
import type { LoadCorrections } from '../serving/replayed-load.js';
import { stepModelFault } from '../step-model-fault.js';
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
import { counted, doesTheSame, type Reached, reachedBy, type StepCount } from './tried-engine.js';

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
/** Of the best rate: who holds less is out. */
const STILL_IN_RACE = 0.95;
const MOST_NEAR = 6;
const MOST_LAST = 3;
const CLOSE = 1.05;
/** Of a setting's own rate: the points that make the front. */
const FRONT_SHARES = [0.5, 0.8, 1];
/** A search from nothing: the saturation, two halvings, seven of the bracket that is left. */
const RUNS_OF_A_SEARCH = 10;
/** Where vLLM begins. */
const USUAL: EngineSetting = { maxNumSeqs: 256, maxNumBatchedTokens: 8192, policy: 'mixed' };

/** Rates that differ by less are the same. */
const SAME_RATE = 0.005;

interface Candidate {
  readonly setting: EngineSetting;
  readonly engine: EngineUnderLoad;
  readonly ratePerSec: number;
}

/** From the settings that are likely to be good on: whoever comes later must come near them. */
const inOrder = (settings: readonly EngineSetting[], today: EngineSetting | undefined): readonly EngineSetting[] => {
  const first = today ?? USUAL;
  const away = ({ maxNumSeqs, maxNumBatchedTokens, policy }: EngineSetting): number =>
    Math.abs(Math.log(maxNumSeqs / first.maxNumSeqs)) +
    Math.abs(Math.log(maxNumBatchedTokens / first.maxNumBatchedTokens)) +
    (policy === first.policy ? 0 : 1);
  return [...settings].sort((a, b) => away(a) - away(b));
};

/**
 * Candidates that are worth a trial each, by falling rate: of those as good as the best the one that changes least, and none that differs from one
 * of these in a limit that makes no difference.
 */
const differing = (candidates: readonly Candidate[], ordered: readonly EngineSetting[]): Candidate[] => {
  const place = ({ setting }: Candidate): number => ordered.indexOf(setting);
  const chosen: Candidate[] = [];
  for (const one of candidates) {
    const alike = candidates.filter(({ ratePerSec }) => Math.abs(ratePerSec / one.ratePerSec - 1) < SAME_RATE);
    const least = alike.reduce((best, other) => (place(other) < place(best) ? other : best), one);
    const isKnown = chosen.some(
      ({ setting, ratePerSec }) =>
        Math.abs(ratePerSec / least.ratePerSec - 1) < SAME_RATE &&
        (setting.maxNumSeqs === least.setting.maxNumSeqs ||
          setting.maxNumBatchedTokens === least.setting.maxNumBatchedTokens),
    );
    if (!isKnown) chosen.push(least);
  }
  return chosen;
};

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
  const ordered = inOrder(settings, today);
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
  const raced = headOf(shape, Math.min(LAST, requestsToTell(slos, RACE)));

  let most = 0;
  const seen: Reached[] = [];
  const race: Candidate[] = [];
  for (const [i, setting] of ordered.entries()) {
    onProgress?.(i, ordered.length);
    if (seen.some((reached) => doesTheSame(setting, reached))) continue;
    const engine = engineWith(setting);
    const least = STILL_IN_RACE * most;
    const isOut = most > 0 && (saturationRate(engine, raced) < least || !keepsAll(engine, raced, least, slos));
    if (isOut) {
      if (saturationRate(engine, raced) >= least) seen.push(reachedBy(setting, engine(raced, least, slos)));
      continue;
    }
    const { holdsPerSec, atHolds, atFails } = rateWithinSlos(engine, raced, slos, {
      tolerance: 0.01,
      ...(most > 0 && { from: least, growth: CLOSE }),
    });
    const highest = atFails ?? atHolds;
    if (holdsPerSec === undefined || highest === undefined) continue;
    seen.push(reachedBy(setting, highest));
    most = Math.max(most, holdsPerSec);
    race.push({ setting, engine: engineWith(setting), ratePerSec: holdsPerSec });
  }
  const searched = race.length;
  const settled = (candidates: readonly Candidate[], requests: LoadShape, tolerance: number): readonly Candidate[] =>
    candidates
      .flatMap(({ setting, engine, ratePerSec }) => {
        const { holdsPerSec } = rateWithinSlos(engine, requests, slos, { tolerance, from: ratePerSec, growth: CLOSE });
        return holdsPerSec === undefined ? [] : [{ setting, engine, ratePerSec: holdsPerSec }];
      })
      .sort((a, b) => b.ratePerSec - a.ratePerSec);
  const nearBest = (candidates: readonly Candidate[], share: number, atMost: number): readonly Candidate[] =>
    candidates.filter(({ ratePerSec }) => ratePerSec >= share * candidates[0].ratePerSec).slice(0, atMost);
  race.sort((a, b) => b.ratePerSec - a.ratePerSec);
  const second = headOf(shape, Math.max(NEAR, raced.length));
  const near = settled(nearBest(race, STILL_IN_RACE, MOST_NEAR), second, 0.01);
  const last = headOf(shape, LAST);
  const beyondOf = ({ engine, ratePerSec }: Candidate, requests: LoadShape): readonly string[] =>
    replayWarnings(model, engine(requests, ratePerSec, slos), catalogue)
      .filter(({ code }) => code === 'extrapolation')
      .map(({ message }) => message);
  const chosen = differing(nearBest(near, STILL_IN_RACE, near.length), ordered).slice(0, MOST_LAST);
  // A setting that stays within what was seen is worth a try, even if it takes a little less.
  const within = near.find((one) => beyondOf(one, second).length === 0);
  if (within !== undefined && !chosen.includes(within)) chosen.splice(MOST_LAST - 1, 1, within);
  const finalists = settled(chosen, last, 0.005);
  const perRun =
    finalists.reduce((sum, { engine, ratePerSec }) => sum + engine(last, ratePerSec, slos).simulation.steps.length, 0) /
    Math.max(1, finalists.length);
  const rated = (candidate: Candidate): RatedSetting => ({
    setting: candidate.setting,
    flags: flagsOf(candidate.setting),
    ratePerSec: candidate.ratePerSec,
    atRate: candidate.engine(last, candidate.ratePerSec, slos).figures,
    beyond: beyondOf(candidate, last),
  });
  const best = finalists.map(rated);
  const front = paretoFront(
    near.flatMap(({ setting, engine, ratePerSec }) =>
      FRONT_SHARES.flatMap((share) => {
        const { figures } = engine(raced, share * ratePerSec, slos);
        const latencySec = figures.metrics.latency.p95;
        const { goodputPerSec } = figures;
        return latencySec === null ? [] : [{ setting, ratePerSec: share * ratePerSec, goodputPerSec, latencySec }];
      }),
    ),
  );
  const ofToday = (): RatedSetting | null => {
    if (today === undefined) return null;
    const known = best.find(({ setting }) => isSameSetting(setting, today));
    if (known !== undefined) return known;
    const engine = engineWith(today);
    const { holdsPerSec } = rateWithinSlos(engine, last, slos, {
      tolerance: 0.005,
      ...(best.length > 0 && { from: best[0].ratePerSec, growth: CLOSE }),
    });
    return holdsPerSec === undefined ? null : rated({ setting: today, engine, ratePerSec: holdsPerSec });
  };
  return {
    ...common,
    best,
    today: ofToday(),
    front,
    settings: { grid: settings.length, searched },
    steps: { simulated: count.steps, ofWholeGrid: Math.round(perRun * RUNS_OF_A_SEARCH * settings.length) },
    unreachable,
  };
};
