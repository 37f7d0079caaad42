import { type EngineUnderLoad, excessOf } from './engine-under-load.js';
import { loadErrorOf } from './load-error.js';
import { headOf, type LoadShape, roundsOf } from './load-shape.js';
import type { RatedRun } from './operating-figures.js';
import { type Beginning, type RateWithinSlos, rateWithinSlos } from './rate-within-slos.js';
import type { Slo } from './slo.js';

/** A rate with what the finite load leaves open of it. */
export interface SettledRate extends RateWithinSlos {
  /** Standard error of the rate's logarithm; undefined where the load is a log's own, or does not tell. */
  readonly loadError: number | undefined;
  /** That settled the rate. */
  readonly requests: number;
}

/** Below the rate by this share lies the run that tells how the figures rise with it. */
const BELOW = 0.97;
/** A load that leaves more open than this is served to its end. */
const OPEN = 0.01;
/** Of the tolerance: so far below where the line meets the limit lies the next rate. */
const MARGIN = 0.4;
const MOST_STEPS = 5;

/** Of the SLOs, the one whose value is nearest its limit, or furthest above it. */
const tightest = (run: RatedRun, slos: readonly Slo[]): number =>
  slos.reduce((most, { limitSec }, i) => {
    const excess = (run.slos[i] ?? 0) / limitSec;
    return excess > (run.slos[most] ?? 0) / slos[most].limitSec ? i : most;
  }, 0);

/** The run at the highest rate that holds, by Newton's steps with a slope that is known nearly; undefined where they do not come to rest. */
const byLine = (
  runAt: (ratePerSec: number) => RatedRun,
  slos: readonly Slo[],
  from: { readonly perSec: number; readonly slope: number },
  highest: number,
  tolerance: number,
): RatedRun | undefined => {
  let { perSec, slope } = from;
  let before: { readonly perSec: number; readonly excess: number } | undefined;
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const run = runAt(perSec);
    const excess = excessOf(run, slos);
    const rise = before === undefined ? Number.NaN : (excess - before.excess) / Math.log(perSec / before.perSec);
    if (rise > 0 && rise < Infinity) slope = rise;
    if (excess <= 0 && (perSec === highest || -excess <= tolerance * slope)) return run;
    before = { perSec, excess };
    perSec = Math.min(highest, perSec * Math.exp(-excess / slope - MARGIN * tolerance));
  }
  return undefined;
};

/**
 * The highest rate of a load within the SLOs, with what the load leaves open of it. The first part of a load in bursts settles it where that tells
 * enough; where not, all of it does.
 *
 * @param known of all of the load, where it is searched already
 */
export const settledRate = (
  engine: EngineUnderLoad,
  shape: LoadShape,
  slos: readonly Slo[],
  beginning: Beginning,
  known?: RateWithinSlos,
): SettledRate => {
  const first = known === undefined ? headOf(shape, Math.ceil(shape.length / roundsOf(shape.pattern))) : shape;
  const found = known ?? rateWithinSlos(engine, first, slos, beginning);
  const { holdsPerSec, atHolds, saturationPerSec } = found;
  const unknown = { ...found, loadError: undefined, requests: first.length };
  if (shape.pattern.kind === 'log' || holdsPerSec === undefined || atHolds === undefined) return unknown;
  if (holdsPerSec >= saturationPerSec) return unknown;
  const slo = slos[tightest(atHolds, slos)];
  const below = engine(first, BELOW * holdsPerSec, slos);
  const loadError = loadErrorOf(atHolds, below, slo);
  if (loadError === undefined) return unknown;
  const slope = (excessOf(below, slos) - excessOf(atHolds, slos)) / Math.log(BELOW);
  if (loadError <= OPEN || first === shape || !(slope > 0)) return { ...unknown, loadError };
  const { tolerance, growth } = beginning;
  const runAt = (ratePerSec: number): RatedRun => engine(shape, ratePerSec, slos);
  const atWhole = byLine(runAt, slos, { perSec: holdsPerSec, slope }, saturationPerSec, tolerance);
  const search = { tolerance, from: holdsPerSec, saturationPerSec, ...(growth !== undefined && { growth }) };
  const whole =
    atWhole === undefined
      ? rateWithinSlos(engine, shape, slos, search)
      : { ...found, holdsPerSec: atWhole.figures.ratePerSec, atHolds: atWhole };
  const ownError = whole.atHolds && loadErrorOf(whole.atHolds, below, slo);
  return { ...whole, loadError: ownError ?? loadError, requests: shape.length };
};
