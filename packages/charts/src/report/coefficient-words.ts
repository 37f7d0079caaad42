import { formatNumber, formatSeconds } from '../number-text.js';
import type { CoefficientName, ReportCoefficient } from './estimate-input.js';
import type { KeyFigure, ReportBlock } from './report-data.js';

const WORDS: Readonly<
  Record<
    CoefficientName,
    { readonly symbol: string; readonly label: string; readonly per: string; readonly phrase: string }
  >
> = {
  beta0: { symbol: 'β₀', label: 'Fixed cost of a step', per: 'step', phrase: '' },
  beta1: { symbol: 'β₁', label: 'Prefill token', per: 'token', phrase: 'per prefill token' },
  beta2: { symbol: 'β₂', label: 'Decode token', per: 'token', phrase: 'per decoding sequence' },
  beta3: { symbol: 'β₃', label: 'Context token read', per: 'token', phrase: 'per token of context' },
};

/** `'β₁, per prefill token'`: how a coefficient is called in titles. */
export const coefficientTitle = (name: CoefficientName): string =>
  `${WORDS[name].symbol}, ${WORDS[name].label.toLowerCase()}`;

export const coefficientUnit = (name: CoefficientName): string => `s/${WORDS[name].per}`;

/** The prefix in which a coefficient reads best, for its value and its interval alike. */
const prefixOf = (seconds: number): { readonly factor: number; readonly unit: string } => {
  const size = Math.abs(seconds);
  if (size === 0) return { factor: 1e6, unit: 'µs' };
  if (size >= 1) return { factor: 1, unit: 's' };
  if (size >= 1e-3) return { factor: 1e3, unit: 'ms' };
  return size >= 1e-6 ? { factor: 1e6, unit: 'µs' } : { factor: 1e9, unit: 'ns' };
};

const intervalText = (interval: readonly [number, number], factor: number): string =>
  `${formatNumber(interval[0] * factor)} to ${formatNumber(interval[1] * factor)}`;

/** Half the width of the interval over the value; infinite at zero. */
export const relativeHalfWidth = ({ value, interval }: ReportCoefficient): number | undefined =>
  interval === undefined
    ? undefined
    : value === 0
      ? Number.POSITIVE_INFINITY
      : (interval[1] - interval[0]) / 2 / Math.abs(value);

/** "A step takes 12.2 ms, plus 41 µs per prefill token and 120 µs per decoding sequence." */
export const modelSentence = (coefficients: readonly ReportCoefficient[]): string => {
  const fixed = coefficients.find(({ name }) => name === 'beta0');
  const parts = coefficients
    .filter(({ name }) => name !== 'beta0')
    .map(({ name, value }) => `${value === 0 ? 'nothing' : formatSeconds(value, 3)} ${WORDS[name].phrase}`);
  const last = parts.at(-1);
  const listed = parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
  return `A step takes ${formatSeconds(fixed?.value ?? 0, 3)}${listed === undefined ? '' : `, plus ${listed}`}.`;
};

export const coefficientCards = (coefficients: readonly ReportCoefficient[], confidence: number): KeyFigure[] =>
  coefficients.map(({ name, value, interval, note }) => {
    const { factor, unit } = prefixOf(value);
    const small = interval === undefined ? note : `${confidence * 100} %: ${intervalText(interval, factor)}`;
    return {
      label: `${WORDS[name].label} (${WORDS[name].symbol})`,
      value: formatNumber(value * factor),
      unit: `${unit}/${WORDS[name].per}`,
      ...(small === undefined ? {} : { note: small }),
    };
  });

export const coefficientTable = (coefficients: readonly ReportCoefficient[], confidence: number): ReportBlock => {
  const withInterval = coefficients.some(({ interval }) => interval !== undefined);
  const withNote = coefficients.some(({ note }) => note !== undefined);
  return {
    kind: 'table',
    caption: 'Coefficients',
    columns: [
      { label: 'Coefficient' },
      { label: 'Value', kind: 'number' },
      { label: 'Unit' },
      ...(withInterval
        ? [
            { label: `${confidence * 100} % interval`, kind: 'number' as const },
            { label: 'Half width', kind: 'number' as const },
          ]
        : []),
      { label: 'In seconds', kind: 'number' },
      ...(withNote ? [{ label: 'Note' }] : []),
    ],
    rows: coefficients.map((coefficient) => {
      const { name, value, interval, note } = coefficient;
      const { factor, unit } = prefixOf(value);
      const half = relativeHalfWidth(coefficient);
      return [
        `${WORDS[name].symbol}  ${WORDS[name].label.toLowerCase()}`,
        formatNumber(value * factor, 5),
        `${unit}/${WORDS[name].per}`,
        ...(withInterval
          ? [
              interval === undefined ? 'not given' : intervalText(interval, factor),
              half === undefined || !Number.isFinite(half) ? 'n/a' : `± ${formatNumber(half * 100, 2)} %`,
            ]
          : []),
        value === 0 ? '0' : value.toExponential(4).replace('-', '\u2212'),
        ...(withNote ? [note ?? ''] : []),
      ];
    }),
  };
};
