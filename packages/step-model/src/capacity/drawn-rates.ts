import { isFault } from '@stepclock/faults';
import { type EngineUnderLoad, excessOf } from './engine-under-load.js';
import type { LoadShape } from './load-shape.js';
import { rateWithinSlos } from './rate-within-slos.js';
import { saturationRate } from './saturation.js';
import type { Slo } from './slo.js';

/** A rate of the fitted engine, from which those of engines nearly alike are searched. */
export interface KnownRate {
  readonly perSec: number;
  readonly saturationPerSec: number;
}

/** Below the known rate by this share lies a second run, which tells how the figures rise with the rate. */
const BELOW = 0.97;
/** A step so small, of the logarithm, needs no run at its end: what the slope is off by is a part of it. */
const SMALL = 0.01;
const LONGEST = Math.log(1.5);
const MOST_STEPS = 6;
const TOLERANCE = 0.01;
/** More than a drawn coefficient moves most rates. */
const CLOSE = 1.05;
/** Of the saturation: rates below it are not ended by it, under any coefficients near the fitted ones. */
const FAR_FROM_SATURATION = 0.7;

/** Rises of the excess of an SLO with the logarithm of the rate. */
const slopeAt = (engine: EngineUnderLoad, shape: LoadShape, slos: readonly Slo[], perSec: number) => {
  const [low, here] = [BELOW * perSec, perSec].map((rate) => excessOf(engine(shape, rate, slos), slos));
  return { excess: here, slope: (low - here) / Math.log(BELOW) };
};

/**
 * Where a drawn engine's figures meet their limits, by Newton's steps with the fitted engine's slope and then by the line through the last two runs.
 * Undefined where that does not come to rest.
 */
const rateByLine = (
  excessAt: (at: number) => number,
  from: number,
  highest: number,
  firstSlope: number,
): number | undefined => {
  let slope = firstSlope;
  let at = Math.min(from, highest);
  let excess = excessAt(at);
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    if (at === highest && excess <= 0) return highest;
    const step = Math.max(-LONGEST, Math.min(-excess / slope, highest - at, LONGEST));
    if (Math.abs(step) < SMALL) return at + step;
    const next = excessAt(at + step);
    const rise = (next - excess) / step;
    if (rise > 0 && rise < Infinity) slope = rise;
    at += step;
    excess = next;
  }
  return undefined;
};

/**
 * The rates of drawn engines over that of the fitted one, under the same requests; 0 where one keeps the SLOs at no rate. Coefficients under which a
 * step takes no time are no engine, and are left out.
 */
export const drawnRatios = (
  fitted: EngineUnderLoad,
  engines: readonly EngineUnderLoad[],
  shape: LoadShape,
  slos: readonly Slo[],
  known: KnownRate,
  onDraw: () => void,
): readonly number[] => {
  if (engines.length === 0) return [];
  const { slope, excess } = slopeAt(fitted, shape, slos, known.perSec);
  const mayBeSaturated = known.perSec > FAR_FROM_SATURATION * known.saturationPerSec;
  // The known rate holds: where its figures would just meet their limits lies a little above it.
  const meets = known.perSec * Math.exp(Math.min(SMALL, -excess / slope));
  const reference = slope > 0 ? Math.min(meets, known.saturationPerSec) : known.perSec;
  const rateOf = (engine: EngineUnderLoad): number => {
    const excessAt = (at: number): number => excessOf(engine(shape, Math.exp(at), slos), slos);
    const saturationPerSec = mayBeSaturated ? saturationRate(engine, shape) : undefined;
    const at =
      slope > 0 && slope < Infinity
        ? rateByLine(excessAt, Math.log(reference), Math.log(saturationPerSec ?? known.saturationPerSec), slope)
        : undefined;
    const rate = at === undefined ? undefined : Math.exp(at);
    if (rate !== undefined && (mayBeSaturated || rate < FAR_FROM_SATURATION * known.saturationPerSec)) return rate;
    const search = { from: known.perSec, tolerance: TOLERANCE, growth: CLOSE };
    return rateWithinSlos(engine, shape, slos, search).holdsPerSec ?? 0;
  };
  return engines.flatMap((engine) => {
    onDraw();
    try {
      return [rateOf(engine) / reference];
    } catch (error) {
      if (isFault(error) && error.code === 'engine-sim/bad-step-time') return [];
      throw error;
    }
  });
};
