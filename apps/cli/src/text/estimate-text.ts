import type { Session } from '../session/session.js';
import { significant } from './quantity.js';
import { tableText } from './table.js';

/** What the text of an estimate needs; every estimator's result fits. */
export interface EstimateForText {
  readonly algo: string;
  readonly betas: { readonly beta0: number; readonly beta1: number; readonly beta2: number; readonly beta3?: number };
  readonly intervals?: object | null | undefined;
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

interface Row {
  readonly key: 'beta0' | 'beta1' | 'beta2' | 'beta3';
  readonly name: string;
  readonly per: string;
  /** The small unit it reads best in, and how many of it make a second. */
  readonly unit: string;
  readonly perSecond: number;
}

const ROWS: readonly Row[] = [
  { key: 'beta0', name: 'per step', per: 'step', unit: 'us', perSecond: 1e6 },
  { key: 'beta1', name: 'per prefill token', per: 'token', unit: 'us', perSecond: 1e6 },
  { key: 'beta2', name: 'per decode token', per: 'token', unit: 'us', perSecond: 1e6 },
  { key: 'beta3', name: 'per context token', per: 'token', unit: 'ns', perSecond: 1e9 },
];

const HISTORY_TAIL = 5;

const isPair = (v: unknown): v is readonly [number, number] =>
  Array.isArray(v) && v.length === 2 && v.every((x) => typeof x === 'number');

/** A field of the intervals object, whichever estimator made it. */
const field = (intervals: object | null | undefined, key: string): unknown =>
  intervals !== undefined && intervals !== null && key in intervals
    ? (intervals as Readonly<Record<string, unknown>>)[key]
    : undefined;

/** The coefficients, one a line: seconds, and the small unit, with the interval where there is one. */
export const betasText = (estimate: Pick<EstimateForText, 'betas' | 'intervals'>, paint: Session['paint']): string => {
  const { intervals } = estimate;
  const confidence = field(intervals, 'level');
  const level = typeof confidence === 'number' ? `${+(100 * confidence).toFixed(2)} % interval` : '';
  const head = ['', '', 'seconds', '', 'small unit', '', level];
  const rows = ROWS.flatMap(({ key, name, per, unit, perSecond }) => {
    const value = estimate.betas[key];
    if (value === undefined) return [];
    const pair = field(intervals, key);
    const interval = isPair(pair)
      ? `[${significant(pair[0] * perSecond, 4)}, ${significant(pair[1] * perSecond, 4)}] ${unit}/${per}`
      : '';
    return [
      [
        key,
        name,
        value.toFixed(key === 'beta3' ? 12 : 9),
        `s/${per}`,
        significant(value * perSecond),
        `${unit}/${per}`,
        interval,
      ],
    ];
  });
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
const historyText = (history: NonNullable<EstimateForText['history']>): string => {
  const rounds = history.deltaBetaL2.length;
  const from = Math.max(1, rounds - HISTORY_TAIL + 1);
  const cell = (column: ArrayLike<number | null> | undefined, round: number, digits: number): string => {
    const x = column?.[round - 1];
    return x === undefined || x === null ? '' : significant(x, digits);
  };
  const width = history.beta[rounds]?.length ?? 3;
  const names = ROWS.slice(0, width).map(({ key }) => key);
  const rows = [['  round', ...names, '|delta beta|', 'r2', 'rmse s']];
  for (let round = from; round <= rounds; round++) {
    const beta = history.beta[round] ?? [];
    rows.push([
      `  ${round}`,
      // A token of context costs nanoseconds.
      ...names.map((key, c) => (beta[c] ?? 0).toFixed(key === 'beta3' ? 13 : 9)),
      cell(history.deltaBetaL2, round, 3),
      cell(history.r2, round, 7),
      cell(history.rmseSeconds, round, 5),
    ]);
  }
  return `history (last ${rounds - from + 1} of ${rounds} rounds)\n${tableText(rows)}`;
};

/** A whole estimate for people. `heading` says what was read. */
export const estimateText = (heading: string, estimate: EstimateForText, paint: Session['paint']): string => {
  const state = estimate.converged
    ? `converged after ${estimate.iterations} rounds`
    : paint.yellow(`did not converge in ${estimate.iterations} rounds`);
  const parts = [
    heading,
    `${estimate.algo}${estimate.algo === 'baseline' ? '' : `, ${state}`}`,
    '',
    betasText(estimate, paint),
    '',
    'diagnostics',
    diagnosticsText(estimate.diagnostics),
  ];
  if (estimate.history !== undefined && estimate.history.deltaBetaL2.length > 0)
    parts.push('', historyText(estimate.history));
  return parts.join('\n');
};
