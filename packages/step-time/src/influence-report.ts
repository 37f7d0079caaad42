import {
  type Dataset,
  influenceOf,
  type LeastSquaresFit,
  leastSquares,
  RegressionError,
  type Term,
  takeDatasetRows,
} from '@stepclock/regression';

/** One row that matters, and how much. Times in ms. */
export interface InfluentialPoint {
  /** Counted from 0. */
  readonly row: number;
  readonly stepTimeMs: number;
  readonly predictedMs: number;
  readonly residualMs: number;
  /** Share in the residual sum of squares. */
  readonly rssShare: number;
  /** Residual over its standard error from the other rows. */
  readonly studentised: number;
  readonly leverage: number;
  readonly cooksDistance: number;
}

/** What a few rows do to the whole fit. */
export interface InfluenceReport {
  /** The few rows that carry most of the residual sum of squares; empty when none do. */
  readonly dominant: readonly InfluentialPoint[];
  /** False where the fit passes through every row (but for rounding), so that residuals say nothing. */
  readonly informative: boolean;
  /** What the dominant rows carry together. */
  readonly dominantShare: number;
  readonly r2: number | null;
  /** Of a fit without the dominant rows (or the pivotal one), on the other rows; `null` when there are none, or nothing can be fitted without them. */
  readonly r2Without: number | null;
  /** Coefficients of that fit, in the order of the fit's table; ms. */
  readonly coefficientsWithout: readonly number[] | null;
  /** The ten rows with the largest shares. */
  readonly largest: readonly InfluentialPoint[];
  /** The row that moves the coefficients most, by Cook's distance. */
  readonly largestCooksDistance: InfluentialPoint | null;
  /** That row, when it moves them beyond their errors (a distance above 1) and there are no dominant rows; else `null`. */
  readonly pivotal: InfluentialPoint | null;
}

/** Residuals beyond this many robust standard deviations are no noise of the same kind. */
const WILD = 8;
/** Beyond this share of the rows (and two rows) they are a population of their own, not a few wild ones. */
const FEW = 0.01;
/** The share of the residual sum of squares that a few rows must carry to be called dominant. */
const MOST = 0.5;
/** A row belongs with the dominant ones when its share is at least this part of theirs. */
const ALIKE = 0.1;
const LISTED = 10;
/** Cook's distance beyond which a row moves the coefficients out of the middle of their confidence region. */
const PIVOTAL = 1;
/** With fewer degrees of freedom every residual is a mixture of all, and none can be called wild. */
const MIN_DF = 3;

const median = (values: Float64Array): number => {
  const sorted = values.slice().sort();
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
};

/**
 * The fewest rows far outside the others' residuals that carry most of the sum of squares, with those that are like them; none when that
 * takes more than a few.
 */
const dominantRows = (residuals: Float64Array, order: Uint32Array, rssShare: Float64Array): Uint32Array => {
  const centre = median(residuals);
  // 1.4826 makes the median absolute deviation a standard deviation under normal noise.
  const scale = 1.4826 * median(residuals.map((r) => Math.abs(r - centre)));
  const few = Math.max(2, Math.floor(FEW * residuals.length));
  let carried = 0;
  let last = 0;
  for (let k = 0; k <= few && k < order.length; k++) {
    const row = order[k];
    const share = rssShare[row];
    const wild = Math.abs(residuals[row] - centre) > WILD * scale;
    if (carried >= MOST && !(wild && share >= ALIKE * last)) return order.slice(0, k);
    if (!wild) break;
    carried += share;
    last = share;
  }
  return new Uint32Array(0);
};

/**
 * Finds the rows that decide what r2, rmse and the coefficients say. An r2 of 0.66 may be one stall of 280 ms in 2,413 rows: such rows are
 * set aside, and the fit is done again without them, to show both.
 */
export const influenceReport = (fit: LeastSquaresFit, data: Dataset, terms: readonly Term[]): InfluenceReport => {
  const influence = influenceOf(fit);
  const { rssShare, cooksDistance, studentised, leverage } = influence;
  const n = rssShare.length;
  const pointOf = (row: number): InfluentialPoint => ({
    row,
    stepTimeMs: data.target[row],
    predictedMs: fit.fitted[row],
    residualMs: fit.residuals[row],
    rssShare: rssShare[row],
    studentised: studentised[row],
    leverage: leverage[row],
    cooksDistance: cooksDistance[row],
  });
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  order.sort((i, k) => rssShare[k] - rssShare[i] || i - k);
  const informative = fit.statistics.df > 0 && !fit.warnings.some(({ code }) => code === 'exact-fit');
  const spare = informative && fit.statistics.df >= MIN_DF;
  const dominant = spare ? dominantRows(fit.residuals, order, rssShare) : new Uint32Array(0);
  const most = cooksDistance.reduce((best, value, row) => (value > cooksDistance[best] ? row : best), 0);
  const pivotal = spare && dominant.length === 0 && cooksDistance[most] > PIVOTAL ? [most] : [];

  const setAside = new Set([...dominant, ...pivotal]);
  const rest = order.filter((row) => !setAside.has(row)).sort();
  const without = setAside.size === 0 ? undefined : fitOrNothing(takeDatasetRows(data, rest), terms);
  return {
    dominant: Array.from(dominant, pointOf),
    informative,
    dominantShare: dominant.reduce((sum, row) => sum + rssShare[row], 0),
    r2: fit.statistics.r2,
    r2Without: without?.statistics.r2 ?? null,
    coefficientsWithout: without?.coefficients.map(({ estimate }) => estimate) ?? null,
    largest: informative ? Array.from(order.slice(0, LISTED), pointOf) : [],
    largestCooksDistance: informative ? pointOf(most) : null,
    pivotal: pivotal.map(pointOf)[0] ?? null,
  };
};

const fitOrNothing = (data: Dataset, terms: readonly Term[]): LeastSquaresFit | undefined => {
  try {
    return leastSquares(data, { terms });
  } catch (error) {
    // The rows set aside were what told two terms apart: that is an answer too.
    if (error instanceof RegressionError) return undefined;
    throw error;
  }
};

const percent = (share: number): string => (share < 5e-4 ? 'under 0.1 %' : `${(100 * share).toFixed(1)} %`);
const shownR2 = (r2: number | null): string => (r2 === null ? 'not defined' : r2.toFixed(3));

/** The report in a sentence: the first thing to read about a fit. */
export const influenceInWords = (report: InfluenceReport, rows: number): string => {
  const { dominant, dominantShare, informative, r2, r2Without, largest, pivotal } = report;
  if (!informative) return `The fit passes through all ${rows} points: they say nothing about its errors.`;
  const set = dominant.length === 0 && pivotal !== null ? [pivotal] : dominant;
  if (set.length === 0) {
    const share = largest[0]?.rssShare ?? 0;
    return `No few points decide the fit: the largest share of one in the residual sum of squares is ${percent(share)}.`;
  }
  const one = set.length === 1;
  const them = one ? 'it' : 'them';
  const what =
    dominant.length > 0
      ? `${one ? 'carries' : 'carry'} ${percent(dominantShare)} of the residual sum of squares`
      : `moves the coefficients beyond their errors (Cook's distance ${(pivotal?.cooksDistance ?? 0).toPrecision(2)})`;
  const after =
    r2Without === null
      ? `without ${them} the coefficients are not determined`
      : `${shownR2(r2Without)} without ${them}`;
  return `${set.length} of ${rows} points ${what}: r2 is ${shownR2(r2)} with ${them}, ${after}.`;
};
