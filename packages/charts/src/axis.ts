import { chartsFault } from './charts-fault.js';
import type { JsonObject } from './spec.js';

/** What an axis shows. */
export interface Axis {
  readonly label: string;
  /** Unit of the values given; `''` for a pure number. Seconds are drawn in us or ms where that reads better. */
  readonly unit: string;
  /** `'auto'` (default) takes a log scale for positive values that span more than two decades where the chart allows it. */
  readonly scale?: 'auto' | 'linear' | 'log';
  /** Fixes the range, in the unit given. */
  readonly domain?: readonly [number, number];
}

/** An axis with its range known: how values become drawn values, and the axis in Vega-Lite. */
export interface ResolvedAxis {
  readonly title: string;
  readonly label: string;
  readonly unit: string;
  /** Drawn value = value x factor. */
  readonly factor: number;
  readonly log: boolean;
  /** In drawn units. */
  readonly domain: readonly [number, number];
  readonly format: string;
}

export interface AxisRules {
  /** The log scale is on offer to `'auto'`. */
  readonly mayBeLog?: boolean;
  /** Zero belongs in the picture (bars, areas). */
  readonly includeZero?: boolean;
  /** Room left beyond the values, as a share of their range. */
  readonly padding?: number;
}

const secondsUnit = (largest: number): readonly [number, string] =>
  largest < 1e-3 ? [1e6, 'us'] : largest < 1 ? [1e3, 'ms'] : [1, 's'];

const secondsPer = /^s(?=\/|$)/;

const padded = (low: number, high: number, log: boolean, padding: number): readonly [number, number] => {
  if (log) {
    const room = Math.max(Math.log(high / low) * padding, 0.02);
    return [low * Math.exp(-room), high * Math.exp(room)];
  }
  const room = high > low ? (high - low) * padding : Math.max(Math.abs(high) * 0.1, 1e-9);
  return [low >= 0 && low - room < 0 ? 0 : low - room, high + room];
};

const formatFor = ([low, high]: readonly [number, number], log: boolean): string =>
  log && low < 1e-4 ? '~e' : Math.max(Math.abs(low), Math.abs(high)) >= 1e6 ? '.3~s' : ',.6~r';

/** Titles of axes become names in Vega's expressions, where these two separators would end the line. */
const oneLine = (text: string): string => text.replace(/[\u2028\u2029]/g, ' ');

/** Chooses unit, scale and range for the values between `low` and `high`. */
export const resolveAxis = (
  axis: Axis,
  [low, high]: readonly [number, number],
  rules: AxisRules = {},
): ResolvedAxis => {
  if (axis.scale === 'log' && !(low > 0)) {
    throw chartsFault('charts/bad-option', `axis "${axis.label}"`, 'needs positive values for a log scale', low);
  }
  const log =
    axis.scale === 'log' || (axis.scale !== 'linear' && rules.mayBeLog === true && low > 0 && high / low > 100);
  const [factor, prefixed] = secondsPer.test(axis.unit)
    ? secondsUnit(Math.max(Math.abs(low), Math.abs(high)))
    : [1, 's'];
  const unit = oneLine(axis.unit).replace(secondsPer, prefixed);
  const label = oneLine(axis.label);
  const from = rules.includeZero ? Math.min(0, low) : low;
  const to = rules.includeZero ? Math.max(0, high) : high;
  const [first, last] = axis.domain ?? padded(from, to, log, rules.padding ?? 0.03);
  if (!(first < last))
    throw chartsFault('charts/bad-option', `domain of "${axis.label}"`, 'must rise', `${first}..${last}`);
  const domain = [first * factor, last * factor] as const;
  return {
    title: unit === '' ? label : `${label} (${unit})`,
    label,
    unit,
    factor,
    log,
    domain,
    format: formatFor(domain, log),
  };
};

/** Ticks of a log axis: powers of ten, with 2 and 5 between them where there is room, every other one beyond eight decades. */
const logTicks = ([low, high]: readonly [number, number]): number[] => {
  const decades = Math.log10(high / low);
  const steps = decades > 2.5 ? [1] : decades > 1.2 ? [1, 3] : [1, 2, 3, 5];
  const ticks: number[] = [];
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
    if (decades > 8 && e % 2 !== 0) continue;
    for (const step of steps) {
      const tick = Number((step * 10 ** e).toPrecision(6));
      if (tick >= low && tick <= high) ticks.push(tick);
    }
  }
  return ticks;
};

const linearAxis = (tickCount: number): JsonObject => ({ tickCount });

/** The `scale` and `axis` of a Vega-Lite position channel. */
export const positionOf = (axis: ResolvedAxis, tickCount = 6): JsonObject => {
  const ticks = axis.log ? logTicks(axis.domain) : [];
  return {
    type: 'quantitative',
    title: axis.title,
    scale: axis.log
      ? { type: 'log', domain: [...axis.domain] }
      : { domain: [...axis.domain], zero: false, nice: false },
    axis: { format: axis.format, ...(ticks.length >= 2 ? { values: ticks } : linearAxis(tickCount)) },
  };
};

/** The value in a tooltip, with its unit in the name. */
export const tooltipOf = (field: string, axis: ResolvedAxis): JsonObject => ({
  field,
  type: 'quantitative',
  title: axis.title,
  format: ',.4~r',
});
