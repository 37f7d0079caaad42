import type { Betas, Term } from '@stepclock/step-cost';
import type { Session } from '../session/session.js';
import { percent, significant } from './quantity.js';
import { tableText } from './table.js';

/** What the text of an estimate needs; every estimator's result fits. */
export interface EstimateForText {
  readonly algo: string;
  readonly terms: readonly Term[];
  readonly betas: Betas;
  readonly intervals?:
    | { readonly level: number; readonly byLabel: Readonly<Record<string, readonly [number, number] | null>> }
    | null
    | undefined;
  /** How good the model is, in one line, where the estimator tells. */
  readonly verdict?: { readonly sentence: string };
  readonly overhead?: { readonly seconds: number };
  /** Of the mean step: what a regression without a clock says of it, relative to the clock. */
  readonly crossCheck?: { readonly difference: number } | null;
  readonly converged: boolean;
  readonly iterations: number;
  readonly diagnostics: object;
  readonly history?: {
    readonly beta: ArrayLike<ArrayLike<number>>;
    readonly deltaBetaL2: ArrayLike<number>;
    readonly r2?: ArrayLike<number | null>;
    readonly rmseSeconds?: ArrayLike<number>;
  };
}

/** How many of a small unit make a second. */
const PER_SECOND = { us: 1e6, ns: 1e9, ps: 1e12 } as const;

/** Digits behind the point that show a coefficient to a thousandth of its small unit. */
const DECIMALS = { us: 9, ns: 12, ps: 15 } as const;

const HISTORY_TAIL = 5;

type Coefficients = Pick<EstimateForText, 'terms' | 'betas' | 'intervals'>;

/** Each coefficient as it is printed: seconds, and the small unit, with the interval where there is one. */
export const betaCells = ({ terms, betas, intervals }: Coefficients) =>
  terms.map(({ label, phrase, unit, smallUnit }) => {
    const value = betas[label];
    const perSecond = PER_SECOND[smallUnit];
    const small = unit.replace(/^s/, smallUnit);
    const pair = intervals?.byLabel[label];
    const interval = pair ? `[${pair.map((end) => significant(end * perSecond, 4)).join(', ')}] ${small}` : '';
    const seconds = value.toFixed(DECIMALS[smallUnit]);
    return { label, phrase, seconds, unit, value: significant(value * perSecond), small, interval };
  });

/** The coefficients, one a line. */
export const betasText = (coefficients: Coefficients, paint: Session['paint']): string => {
  const { intervals } = coefficients;
  const level = intervals ? `${+(100 * intervals.level).toFixed(2)} % interval` : '';
  const head = ['', '', 'seconds', '', 'small unit', '', level];
  const rows = betaCells(coefficients).map((cells) => Object.values(cells));
  const lines = tableText([head, ...rows], [0, 1, 3, 5, 6]).split('\n');
  return [paint.dim(lines[0] ?? ''), ...lines.slice(1).map((l) => paint.bold(l))].join('\n');
};

const diagnosticText = (value: unknown): string =>
  typeof value === 'number' ? (Number.isInteger(value) ? String(value) : significant(value, 7)) : String(value);

export const diagnosticsText = (diagnostics: object): string =>
  tableText(
    Object.entries(diagnostics)
      .filter(([, v]) => typeof v === 'number' || typeof v === 'boolean')
      .map(([k, v]) => [`  ${k}`, diagnosticText(v)]),
  );

/** `beta[0]` is the start, `beta[m]` the coefficients after round m; the other columns begin with round 1. */
const historyText = (history: NonNullable<EstimateForText['history']>, terms: readonly Term[]): string => {
  const rounds = history.deltaBetaL2.length;
  const from = Math.max(1, rounds - HISTORY_TAIL + 1);
  const cell = (column: ArrayLike<number | null> | undefined, round: number, digits: number): string => {
    const x = column?.[round - 1];
    return x === undefined || x === null ? '' : significant(x, digits);
  };
  const rows = [['  round', ...terms.map(({ label }) => label), '|delta beta|', 'r2', 'rmse s']];
  for (let round = from; round <= rounds; round++) {
    const beta = history.beta[round] ?? [];
    rows.push([
      `  ${round}`,
      // A token of context costs nanoseconds.
      ...terms.map(({ smallUnit }, t) => (beta[t] ?? 0).toFixed(smallUnit === 'us' ? 9 : DECIMALS[smallUnit] + 1)),
      cell(history.deltaBetaL2, round, 3),
      cell(history.r2, round, 7),
      cell(history.rmseSeconds, round, 5),
    ]);
  }
  return `history (last ${rounds - from + 1} of ${rounds} rounds)\n${tableText(rows)}`;
};

/** Smaller differences need no word. */
const AGREES = 0.05;

const crossCheckLines = ({ crossCheck }: EstimateForText): readonly string[] =>
  crossCheck && Math.abs(crossCheck.difference) > AGREES
    ? [
        '',
        `a regression of the decodes without a clock, which may be off by a tenth, makes the mean step ${percent(Math.abs(crossCheck.difference))} ${crossCheck.difference > 0 ? 'longer' : 'shorter'}`,
      ]
    : [];

/** A whole estimate for people. `heading` says what was read, and what not. */
export const estimateText = (
  heading: readonly string[],
  estimate: EstimateForText,
  paint: Session['paint'],
): string => {
  const state = estimate.converged
    ? `converged after ${estimate.iterations} rounds`
    : paint.yellow(`did not converge in ${estimate.iterations} rounds`);
  const parts = [
    ...heading,
    estimate.verdict === undefined
      ? `${estimate.algo}${estimate.algo === 'baseline' ? '' : `, ${state}`}`
      : `${estimate.algo}, ${estimate.verdict.sentence}`,
    ...(estimate.verdict !== undefined && !estimate.converged ? [state] : []),
    '',
    betasText(estimate, paint),
    ...(estimate.overhead === undefined
      ? []
      : ['', `${significant(1e3 * estimate.overhead.seconds, 3)} ms lie between the client and the engine`]),
    ...crossCheckLines(estimate),
    '',
    'diagnostics',
    diagnosticsText(estimate.diagnostics),
  ];
  if (estimate.history !== undefined && estimate.history.deltaBetaL2.length > 0)
    parts.push('', historyText(estimate.history, estimate.terms));
  return parts.join('\n');
};
