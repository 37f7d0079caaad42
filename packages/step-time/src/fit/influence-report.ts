import { isFault } from '@stepclock/faults';
import { medianOf, robustSd } from '@stepclock/numerics';
import {
  type Dataset,
  type Influence,
  influenceOf,
  type LeastSquaresFit,
  leastSquares,
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
  /** Of a fit without the dominant and the pivotal rows; `null` when there are none, or nothing can be fitted without them. */
  readonly r2Without: number | null;
  /** Coefficients of that fit, in the order of the fit's table; ms. */
  readonly coefficientsWithout: readonly number[] | null;
  /** The ten rows with the largest shares. */
  readonly largest: readonly InfluentialPoint[];
  /** The row that moves the coefficients most, by Cook's distance. */
  readonly largestCooksDistance: InfluentialPoint | null;
  /**
   * The few rows that move the coefficients beyond their errors (a distance above 1) once the dominant rows, and the pivotal ones before
   * them, are set aside; each with the figures of that fit.
   */
  readonly pivotal: readonly InfluentialPoint[];
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

/** As many rows may be set aside as few wild ones. */
const fewOf = (rows: number): number => Math.max(2, Math.floor(FEW * rows));

/**
 * The fewest rows far outside the others' residuals that carry most of the sum of squares, with those that are like them; none when that
 * takes more than a few.
 */
const dominantRows = (residuals: Float64Array, order: Uint32Array, rssShare: Float64Array): Uint32Array => {
  const centre = medianOf(residuals);
  const scale = robustSd(residuals, centre);
  const few = fewOf(residuals.length);
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

/** Rows of the data, a fit of them, and what each row does to it. */
interface InfluencedFit {
  readonly rows: Uint32Array;
  readonly fit: LeastSquaresFit;
  readonly influence: Influence;
}

const pointOf = ({ target }: Dataset, { rows, fit, influence }: InfluencedFit, at: number): InfluentialPoint => ({
  row: rows[at],
  stepTimeMs: target[rows[at]],
  predictedMs: fit.fitted[at],
  residualMs: fit.residuals[at],
  rssShare: influence.rssShare[at],
  studentised: influence.studentised[at],
  leverage: influence.leverage[at],
  cooksDistance: influence.cooksDistance[at],
});

/** A fit through all rows (but for rounding) has residuals that say nothing; with few to spare each is a mixture of all. */
const isInformative = ({ statistics, warnings }: LeastSquaresFit): boolean =>
  statistics.df > 0 && !warnings.some(({ code }) => code === 'exact-fit');

/** Where Cook's distance is largest. */
const mostPivotal = ({ cooksDistance }: Influence): number =>
  cooksDistance.reduce((best, value, row) => (value > cooksDistance[best] ? row : best), 0);

/** Rows that no longer count, and the fit of the others; `undefined` where they determine none. */
interface SetAside {
  readonly pivotal: readonly InfluentialPoint[];
  readonly without: LeastSquaresFit | undefined;
}

/**
 * Sets rows aside one after another, each the one that moves the coefficients most, while one moves them beyond their errors. Each is sought
 * in the fit without the rows before it: a wild row swells the errors of all others and hides a leverage point.
 */
const setAsidePivotal = (data: Dataset, terms: readonly Term[], start: InfluencedFit | undefined): SetAside => {
  const pivotal: InfluentialPoint[] = [];
  let current = start;
  while (current !== undefined && isInformative(current.fit) && current.fit.statistics.df >= MIN_DF) {
    const most = mostPivotal(current.influence);
    if (!(current.influence.cooksDistance[most] > PIVOTAL) || pivotal.length >= fewOf(data.target.length)) break;
    pivotal.push(pointOf(data, current, most));
    current = fitOfRows(
      data,
      terms,
      current.rows.filter((_, at) => at !== most),
    );
  }
  return { pivotal, without: current?.fit };
};

const fitOfRows = (data: Dataset, terms: readonly Term[], rows: Uint32Array): InfluencedFit | undefined => {
  try {
    const fit = leastSquares(takeDatasetRows(data, rows), { terms });
    return { rows, fit, influence: influenceOf(fit) };
  } catch (error) {
    // The rows set aside were what told two terms apart: that is an answer too.
    if (isFault(error, 'regression')) return undefined;
    throw error;
  }
};

/**
 * Finds the rows that decide what r2, rmse and the coefficients say. An r2 of 0.66 may be one stall of 280 ms in 2,413 rows: such rows are
 * set aside, then those that move the coefficients of the fit without them, and the fit is done again without all of them, to show both.
 */
export const influenceReport = (fit: LeastSquaresFit, data: Dataset, terms: readonly Term[]): InfluenceReport => {
  const n = data.target.length;
  const all: InfluencedFit = { rows: Uint32Array.from({ length: n }, (_, i) => i), fit, influence: influenceOf(fit) };
  const { rssShare } = all.influence;
  const order = all.rows.slice().sort((i, k) => rssShare[k] - rssShare[i] || i - k);
  const informative = isInformative(fit);
  const dominant =
    informative && fit.statistics.df >= MIN_DF ? dominantRows(fit.residuals, order, rssShare) : new Uint32Array(0);
  const kept = all.rows.filter((row) => !dominant.includes(row));
  const start = dominant.length === 0 ? all : fitOfRows(data, terms, kept);
  const { pivotal, without } = setAsidePivotal(data, terms, start);
  const unchanged = dominant.length + pivotal.length === 0;
  return {
    dominant: Array.from(dominant, (row) => pointOf(data, all, row)),
    informative,
    dominantShare: dominant.reduce((sum, row) => sum + rssShare[row], 0),
    r2: fit.statistics.r2,
    r2Without: unchanged ? null : (without?.statistics.r2 ?? null),
    coefficientsWithout: unchanged ? null : (without?.coefficients.map(({ estimate }) => estimate) ?? null),
    largest: informative ? Array.from(order.slice(0, LISTED), (row) => pointOf(data, all, row)) : [],
    largestCooksDistance: informative ? pointOf(data, all, mostPivotal(all.influence)) : null,
    pivotal,
  };
};

const percent = (share: number): string => (share < 5e-4 ? 'under 0.1 %' : `${(100 * share).toFixed(1)} %`);
const shownR2 = (r2: number | null): string => (r2 === null ? 'not defined' : r2.toFixed(3));

/** The report in a sentence: the first thing to read about a fit. */
export const influenceInWords = (report: InfluenceReport, rows: number): string => {
  const { dominant, dominantShare, informative, r2, r2Without, largest, pivotal } = report;
  if (!informative) return `The fit passes through all ${rows} points: they say nothing about its errors.`;
  const set = dominant.length + pivotal.length;
  if (set === 0) {
    const share = largest[0]?.rssShare ?? 0;
    return `No few points decide the fit: the largest share of one in the residual sum of squares is ${percent(share)}.`;
  }
  const carry = `${dominant.length === 1 ? 'carries' : 'carry'} ${percent(dominantShare)} of the residual sum of squares`;
  const distance = Math.max(...pivotal.map(({ cooksDistance }) => cooksDistance)).toPrecision(2);
  const move = `${pivotal.length === 1 ? 'moves' : 'move'} the coefficients beyond their errors (Cook's distance ${distance})`;
  const what =
    pivotal.length === 0
      ? `${dominant.length} of ${rows} points ${carry}`
      : dominant.length === 0
        ? `${pivotal.length} of ${rows} points ${move}`
        : `${dominant.length} of ${rows} points ${carry} and ${dominant.length === 1 ? 'hides' : 'hide'} ${pivotal.length} more that ${move}`;
  const them = set === 1 ? 'it' : 'them';
  const after =
    r2Without === null
      ? `without ${them} the coefficients are not determined`
      : `${shownR2(r2Without)} without ${them}`;
  return `${what}: r2 is ${shownR2(r2)} with ${them}, ${after}.`;
};
