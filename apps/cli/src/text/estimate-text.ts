import type { Session } from '../session.js';
import { significant } from './quantity.js';
import { tableText } from './table.js';

/** What the text of an estimate needs; every estimator's result fits. */
export interface EstimateForText {
  readonly algo: string;
  readonly betas: { readonly beta0: number; readonly beta1: number; readonly beta2: number; readonly beta3?: number };
  readonly intervals?: Readonly<Record<string, unknown>>;
  readonly converged: boolean;
  readonly iterations: number;
  readonly diagnostics: Readonly<Record<string, unknown>>;
  readonly history?: {
    readonly beta: ArrayLike<ArrayLike<number>>;
    readonly deltaBetaL2: ArrayLike<number>;
    readonly r2?: ArrayLike<number>;
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

/** The coefficients, one a line: seconds, and the small unit, with the interval where there is one. */
export const betasText = (estimate: EstimateForText, paint: Session['paint']): string => {
  const { intervals } = estimate;
  const level = typeof intervals?.level === 'number' ? `${+(100 * intervals.level).toFixed(2)} % interval` : '';
  const head = ['', '', 'seconds', '', 'small unit', '', level];
  const rows = ROWS.flatMap(({ key, name, per, unit, perSecond }) => {
    const value = estimate.betas[key];
    if (value === undefined) return [];
    const pair = intervals?.[key];
    const interval = isPair(pair)
      ? `[${significant(pair[0] * perSecond, 4)}, ${significant(pair[1] * perSecond, 4)}] ${unit}/${per}`
      : '';
    return [[key, name, value.toFixed(9), `s/${per}`, significant(value * perSecond), `${unit}/${per}`, interval]];
  });
  const lines = tableText([head, ...rows], [0, 1, 3, 5, 6]).split('\n');
  return [paint.dim(lines[0] ?? ''), ...lines.slice(1).map((l) => paint.bold(l))].join('\n');
};

const diagnosticText = (value: unknown): string =>
  typeof value === 'number' ? (Number.isInteger(value) ? String(value) : significant(value, 7)) : String(value);

const diagnosticsText = (diagnostics: Readonly<Record<string, unknown>>): string =>
  tableText(
    Object.entries(diagnostics)
      .filter(([, v]) => typeof v === 'number' || typeof v === 'boolean')
      .map(([k, v]) => [`  ${k}`, diagnosticText(v)]),
  );

const historyText = (history: NonNullable<EstimateForText['history']>): string => {
  const rounds = history.beta.length;
  const from = Math.max(0, rounds - HISTORY_TAIL);
  const rows = [['  round', 'beta0', 'beta1', 'beta2', '|delta beta|', 'r2', 'rmse s']];
  const cell = (column: ArrayLike<number> | undefined, i: number, digits: number): string => {
    const x = column?.[i];
    return x === undefined ? '' : significant(x, digits);
  };
  for (let i = from; i < rounds; i++) {
    const beta = history.beta[i] ?? [];
    rows.push([
      `  ${i + 1}`,
      ...[0, 1, 2].map((c) => (beta[c] ?? 0).toFixed(9)),
      cell(history.deltaBetaL2, i, 3),
      cell(history.r2, i, 7),
      cell(history.rmseSeconds, i, 5),
    ]);
  }
  return `history (last ${rounds - from} of ${rounds})\n${tableText(rows)}`;
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
  if (estimate.history !== undefined && estimate.history.beta.length > 0) parts.push('', historyText(estimate.history));
  return parts.join('\n');
};
