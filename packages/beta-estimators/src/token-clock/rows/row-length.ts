/** A row's lateness variance must be below this part of the variance of its own steps. */
const LATENESS_PART = 1 / 4;
/** Rows are never longer, nor fewer than this many. */
const MOST_STEPS = 16;
const FEWEST_ROWS = 100;
/** Residuals beyond this many robust standard deviations count as that many. */
const CUT = 4;

/** How many steps a row takes at least. */
export interface RowLength {
  readonly steps: number;
  /** Standard deviation of the lateness that remains in a step's end, s. */
  readonly latenessSec: number;
  /** Standard deviation of a step's own time, s. */
  readonly stepNoiseSec: number;
}

/**
 * The smallest number m of steps a row for which `2 s^2 < (m v + 2 s^2) / 4`: v is the variance of a step's own time, s^2 that of the lateness
 * of its end. A late end makes one step longer and the next one shorter, so neighbouring residuals of single steps have a covariance lower by `s^2`
 * than those two steps apart.
 *
 * @param residualSec of single steps, measured less fitted; NaN where the step's own start or end is not trusted
 */
export function rowLength(residualSec: Float64Array): RowLength {
  const all = residualSec.filter((r) => !Number.isNaN(r)).sort();
  if (all.length === 0) return { steps: 1, latenessSec: 0, stepNoiseSec: 0 };
  const median = all[all.length >> 1];
  const deviations = all.map((r) => Math.abs(r - median)).sort();
  const sd = 1.4826 * deviations[deviations.length >> 1];
  const cut = (r: number): number => Math.max(-CUT * sd, Math.min(CUT * sd, r - median));
  let squares = 0;
  let count = 0;
  const lagged = [new Lagged(1), new Lagged(2)];
  for (let k = 0; k < residualSec.length; k++) {
    if (Number.isNaN(residualSec[k])) continue;
    const r = cut(residualSec[k]);
    squares += r * r;
    count++;
    for (const lag of lagged) {
      const before = k < lag.steps ? Number.NaN : residualSec[k - lag.steps];
      if (!Number.isNaN(before)) lag.add(r * cut(before));
    }
  }
  const variance = squares / count;
  // What drifts from step to step correlates over one step and over two alike.
  const drift = Math.max(0, lagged[1].mean);
  const lateness = Math.min(Math.max(0, drift - lagged[0].mean), variance / 2);
  const own = Math.max(variance - 2 * lateness, 0);
  const needed = (2 * lateness * (1 / LATENESS_PART - 1)) / own;
  const most = Math.max(1, Math.min(MOST_STEPS, Math.floor(residualSec.length / FEWEST_ROWS)));
  return {
    steps: lateness > 0 ? Math.max(1, Math.min(most, Math.ceil(needed))) : 1,
    latenessSec: Math.sqrt(lateness),
    stepNoiseSec: Math.sqrt(own),
  };
}

/** The mean of products of residuals so many steps apart. */
class Lagged {
  #sum = 0;
  #count = 0;

  constructor(readonly steps: number) {}

  add(product: number): void {
    this.#sum += product;
    this.#count++;
  }

  get mean(): number {
    return this.#count > 0 ? this.#sum / this.#count : 0;
  }
}
