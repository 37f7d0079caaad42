import { medianOf, robustSd, tUpperTail } from '@stepclock/numerics';
import type { Term } from '@stepclock/step-cost';
import type { FleetEngine } from './fleet-engine.js';

/** How an engine differs from the others of its kind. */
export interface StandingOut {
  readonly engine: string;
  /** `slow`, `fast`: its step at the kind's mean composition; `drifting`: its own steps over time; `settings`: it was told other ones than most. */
  readonly kind: 'slow' | 'fast' | 'drifting' | 'settings';
  /** By how much of the step time: above the kind's median, or from its first window to its last; null for settings. */
  readonly share: number | null;
  /** Of the share, standard errors. */
  readonly standardError: number | null;
}

/** The chance that a fleet of sound engines has one that is named. */
const FAMILY_ERROR = 0.01;
/** Fewer engines do not show how far sound ones scatter. */
const FEWEST = 8;
/** A step time that is off by less is of no use to anybody, however clear. */
const LEAST_SHARE = 0.01;
/** Degrees of freedom of a scatter of k engines as a robust one sees it: the efficiency of the median absolute deviation is 0.37 (Huber 1981, 5.1). */
const MAD_EFFICIENCY = 0.37;

/** Seconds of a step of this composition by an engine, and the standard error. */
const stepOf = (
  engine: FleetEngine,
  terms: readonly Term[],
  composition: Float64Array,
): { seconds: number; error: number } => {
  const x = engine.terms.map((term) => composition[terms.indexOf(term)]);
  let seconds = 0;
  let variance = 0;
  for (let i = 0; i < x.length; i++) {
    seconds += x[i] * engine.coefficients[i];
    for (let j = 0; j < x.length; j++) variance += x[i] * engine.covariance[i][j] * x[j];
  }
  return { seconds, error: Math.sqrt(Math.max(0, variance)) };
};

/** What the mean step of engines holds, by term. */
export const meanStep = (engines: readonly FleetEngine[], terms: readonly Term[]): Float64Array => {
  const steps = engines.reduce((sum, engine) => sum + engine.steps, 0);
  return Float64Array.from(terms, (term) => {
    const sum = engines.reduce((total, engine) => {
      const t = engine.terms.indexOf(term);
      return t < 0 ? total : total + engine.sums[t];
    }, 0);
    return sum / steps;
  });
};

/**
 * Engines that differ from the others of their kind by more than chance lets one of them in a hundred fleets. How far sound engines scatter is seen from
 * all of them (robustly), in units of each one's own doubt.
 *
 * @param engines of one kind
 * @param shares of each engine, by {@link stepShares}
 */
export const standingOut = (engines: readonly FleetEngine[], shares: readonly Shift[]): readonly StandingOut[] => {
  const bySettings = oddSettings(engines);
  if (engines.length < FEWEST) return bySettings;
  const slow = clear(engines, shares, ({ share }) => (share > 0 ? 'slow' : 'fast'));
  const drifting = engines.filter((engine) => engine.drift !== null);
  const moved = clear(
    drifting,
    drifting.flatMap(({ drift }) => drift ?? []),
    () => 'drifting',
  );
  return [...slow, ...moved, ...bySettings];
};

/** A difference as a share of the step time. */
export interface Shift {
  readonly share: number;
  readonly standardError: number;
}

/** How far each engine's step at the mean composition of all lies above the median of theirs. */
export const stepShares = (engines: readonly FleetEngine[], terms: readonly Term[]): readonly Shift[] => {
  const composition = meanStep(engines, terms);
  const steps = engines.map((engine) => stepOf(engine, terms, composition));
  const centre = medianOf(steps.map(({ seconds }) => seconds));
  return steps.map(({ seconds, error }) => ({ share: seconds / centre - 1, standardError: error / centre }));
};

/** Those whose shift is beyond what the scatter of all allows. */
const clear = (
  engines: readonly FleetEngine[],
  shifts: readonly Shift[],
  kindOf: (shift: Shift) => StandingOut['kind'],
): readonly StandingOut[] => {
  const k = engines.length;
  if (k < FEWEST) return [];
  const middle = medianOf(shifts.map(({ share }) => share));
  const scores = shifts.map(({ share, standardError }) => (share - middle) / Math.max(standardError, Number.MIN_VALUE));
  const scale = robustSd(scores);
  const freedom = MAD_EFFICIENCY * (k - 1);
  return shifts.flatMap((shift, e) => {
    const isClear = 2 * tUpperTail(Math.abs(scores[e]) / scale, freedom) < FAMILY_ERROR / k;
    if (!isClear || Math.abs(shift.share) < LEAST_SHARE) return [];
    return [{ engine: engines[e].name, kind: kindOf(shift), ...shift, standardError: shift.standardError * scale }];
  });
};

/** Engines that were told other settings than most of their kind. */
const oddSettings = (engines: readonly FleetEngine[]): readonly StandingOut[] => {
  const counts = new Map<string, number>();
  for (const { settings } of engines) counts.set(settings, (counts.get(settings) ?? 0) + 1);
  if (counts.size < 2) return [];
  const most = Math.max(...counts.values());
  // Two halves that differ are two kinds, not a fleet and its odd ones.
  if (most <= engines.length / 2) return [];
  return engines
    .filter(({ settings }) => counts.get(settings) !== most)
    .map(({ name }) => ({ engine: name, kind: 'settings', share: null, standardError: null }));
};
