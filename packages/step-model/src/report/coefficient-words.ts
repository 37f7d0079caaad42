import { formatNumber, formatSeconds, type KeyFigure, type ReportBlock } from '@stepclock/charts';
import type { ReportCoefficient } from './estimate-input.js';

/** `β₁` for `beta1`; other coefficients keep their names. */
const symbolOf = (name: string): string =>
  name.replace(/^beta([0-3])$/, (_, digit: string) => `β${'₀₁₂₃'[Number(digit)]}`);

/** `'β₁, per prefill token'`: how a coefficient is called in titles. */
export const coefficientTitle = ({ name, phrase }: Pick<ReportCoefficient, 'name' | 'phrase'>): string =>
  `${symbolOf(name)}, ${phrase}`;

/** `us/token` of `s/token`. */
const unitWith = (prefixed: string, unit: string): string => unit.replace(/^s/, prefixed);

/** The prefix in which a coefficient reads best, for its value and its interval alike. */
const prefixOf = (seconds: number): { readonly factor: number; readonly unit: string } => {
  const size = Math.abs(seconds);
  if (size === 0) return { factor: 1e6, unit: 'us' };
  if (size >= 1) return { factor: 1, unit: 's' };
  if (size >= 1e-3) return { factor: 1e3, unit: 'ms' };
  return size >= 1e-6 ? { factor: 1e6, unit: 'us' } : { factor: 1e9, unit: 'ns' };
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

/** "A step takes 12.2 ms, plus 41 us per prefill token and 120 us per decoding sequence." */
export const modelSentence = (coefficients: readonly ReportCoefficient[]): string => {
  const [fixed, ...others] = coefficients;
  const parts = others.map(({ value, phrase }) => `${value === 0 ? 'nothing' : formatSeconds(value, 3)} ${phrase}`);
  const last = parts.at(-1);
  const listed = parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
  return `A step takes ${formatSeconds(fixed?.value ?? 0, 3)}${listed === undefined ? '' : `, plus ${listed}`}.`;
};

export const coefficientCards = (coefficients: readonly ReportCoefficient[], confidence: number): KeyFigure[] =>
  coefficients.map(({ name, phrase, value, unit: si, interval, note }) => {
    const { factor, unit } = prefixOf(value);
    const small = interval === undefined ? note : `${confidence * 100} %: ${intervalText(interval, factor)}`;
    return {
      label: `${phrase[0].toUpperCase()}${phrase.slice(1)} (${symbolOf(name)})`,
      value: formatNumber(value * factor),
      unit: unitWith(unit, si),
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
      const { value, interval, note } = coefficient;
      const { factor, unit } = prefixOf(value);
      const half = relativeHalfWidth(coefficient);
      return [
        coefficientTitle(coefficient),
        formatNumber(value * factor, 5),
        unitWith(unit, coefficient.unit),
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
