import { dataset, type FeatureTable, featureTable, leastSquares } from '@stepclock/regression';
import { cannotBeFitted } from './cannot-be-fitted.js';
import { fitPhysics, relativeWeights } from './fit-physics.js';
import type { PhysicsPredictor } from './physics.js';
import type { Predictor } from './predictor.js';

/**
 * A device's power climbs from idle to its plateau as `P_inf - dP exp(-t / tau)`. Over a run of T seconds that is
 * `E(T) = P_inf T - dP tau (1 - exp(-T / tau)) + c` joules, and `E(T) / T` watts on average (c = 0 there).
 */
export interface PowerRamp {
  readonly plateauW: number;
  readonly dropW: number;
  readonly tauSec: number;
  /** Energy that does not depend on the run's length, J; 0 for power. */
  readonly offsetJ: number;
}

export interface PowerRampPredictor extends Predictor<'power-ramp'> {
  readonly of: 'energy' | 'power';
  readonly ramp: PowerRamp;
  /** Predicts how long the run is. */
  readonly duration: PhysicsPredictor;
}

/** Seconds of the ramp that a run of T seconds has climbed: `tau (1 - exp(-T / tau))`. */
const climbed = (durationSec: number, tauSec: number): number => -tauSec * Math.expm1(-durationSec / tauSec);

/** Joules of the first `durationSec` seconds. */
export const rampEnergy = ({ plateauW, dropW, tauSec, offsetJ }: PowerRamp, durationSec: number): number =>
  plateauW * durationSec - dropW * climbed(durationSec, tauSec) + offsetJ;

export const powerRampPredictor = (
  of: 'energy' | 'power',
  ramp: PowerRamp,
  duration: PhysicsPredictor,
): PowerRampPredictor => {
  const after = (sec: number): number => (of === 'energy' ? rampEnergy(ramp, sec) : rampEnergy(ramp, sec) / sec);
  return {
    form: 'power-ramp',
    featureNames: [],
    of,
    ramp,
    duration,
    predict: (tokens) => duration.predict(tokens).map(after),
    spread: (from, to) => {
      const time = duration.spread(from, to);
      if (!time) return undefined;
      const sec = duration.predict(to);
      // What a standard deviation more of time takes.
      return { df: time.df, sd: time.sd.map((sd, i) => Math.abs(after(sec[i] + sd) - after(sec[i]))) };
    },
    toJSON: () => ({
      form: 'power-ramp',
      of,
      plateau_w: ramp.plateauW,
      drop_w: ramp.dropW,
      tau_s: ramp.tauSec,
      offset_j: ramp.offsetJ,
      duration: duration.toJSON(),
    }),
  };
};

/** Logarithm of the ratio of neighbouring time constants of the grid. */
const GRID_STEP = Math.log(10) / 4;
/** Time constants tried first, seconds; then the neighbourhood of the best one. */
const TAU_GRID = Array.from({ length: 13 }, (_, k) => 0.05 * 10 ** (k / 4));

/** An idle device draws less than a busy one: the climb is about the plateau at most. Time constants below the shortest run turn megawatts into an offset. */
const MOST_DROP = 2;

/**
 * Fits the ramp to measured durations. For a given tau the form is linear in the others (variable projection), so only tau is searched, on a grid and
 * by golden section; errors are relative.
 *
 * @returns undefined when the rows cannot tell the parameters
 */
export const fitPowerRamp = (
  of: 'energy' | 'power',
  tokens: FeatureTable,
  durationSec: Float64Array,
  target: Float64Array,
  padding: number,
):
  | { readonly predictor: PowerRampPredictor; readonly relativeRss: number; readonly parameters: number }
  | undefined => {
  const at = (tau: number) => solveFor(of, tau, durationSec, target);
  const trials = TAU_GRID.flatMap((tau) => at(tau) ?? []);
  const best = trials.reduce<(typeof trials)[number] | undefined>(
    (least, trial) => (least === undefined || trial.relativeRss < least.relativeRss ? trial : least),
    undefined,
  );
  if (!best) return undefined;
  const refined = goldenSection(
    (logTau) => at(Math.exp(logTau))?.relativeRss ?? Number.POSITIVE_INFINITY,
    Math.log(best.ramp.tauSec),
    GRID_STEP,
  );
  const finest = at(Math.exp(refined));
  const { ramp, relativeRss } = finest && finest.relativeRss <= best.relativeRss ? finest : best;
  return {
    predictor: powerRampPredictor(of, ramp, fitPhysics(tokens, durationSec, padding)),
    relativeRss,
    parameters: of === 'energy' ? 4 : 3,
  };
};

const solveFor = (of: 'energy' | 'power', tauSec: number, durationSec: Float64Array, target: Float64Array) => {
  const ramp = durationSec.map((sec) => climbed(sec, tauSec));
  const energy = of === 'energy';
  try {
    // For power the plateau is the intercept; for energy the intercept is the offset.
    const { model, residuals } = leastSquares(
      dataset(
        energy
          ? featureTable(['duration', 'ramp'], [durationSec, ramp])
          : featureTable(['ramp'], [ramp.map((r, i) => r / durationSec[i])]),
        target,
        relativeWeights(target),
      ),
    );
    const [first, second] = model.coefficients;
    const found: PowerRamp = energy
      ? { plateauW: first ?? 0, dropW: -(second ?? 0), tauSec, offsetJ: model.intercept }
      : { plateauW: model.intercept, dropW: -(first ?? 0), tauSec, offsetJ: 0 };
    // A plateau below zero is no device: the rows are too short to see it.
    if (!(found.plateauW > 0) || Math.abs(found.dropW) > MOST_DROP * found.plateauW) return undefined;
    return { ramp: found, relativeRss: residuals.reduce((sum, r, i) => sum + (r / target[i]) ** 2, 0) };
  } catch (error) {
    if (cannotBeFitted(error)) return undefined;
    throw error;
  }
};

/** Minimum of a function that has one within `reach` of `middle` (Kiefer 1953). */
const goldenSection = (f: (x: number) => number, middle: number, reach: number): number => {
  const share = (Math.sqrt(5) - 1) / 2;
  let low = middle - reach;
  let high = middle + reach;
  let left = high - share * (high - low);
  let right = low + share * (high - low);
  let fLeft = f(left);
  let fRight = f(right);
  // 0.618^24 is 1e-5 of the bracket: the minimum is flat, and tau is never known that well.
  for (let k = 0; k < 24; k++) {
    if (fLeft <= fRight) {
      high = right;
      [right, fRight] = [left, fLeft];
      left = high - share * (high - low);
      fLeft = f(left);
    } else {
      low = left;
      [left, fLeft] = [right, fRight];
      right = low + share * (high - low);
      fRight = f(right);
    }
  }
  return (low + high) / 2;
};
