import { type Axis, resolveAxis } from '../axis.js';
import { requireFinite, requireRows } from '../column.js';
import { drawn, formatNumber } from '../number-text.js';
import { type ChartSpec, type ChartText, chart, type JsonObject, type Layer, type Row } from '../spec.js';
import { pickedOpacity, pickParam, seriesColour } from './series-look.js';

/** One bar. */
export interface Bar {
  /** Its place on the category axis: a model, a stage, an algorithm. */
  readonly group: string;
  /** Its colour within the group: train and test, ours and theirs. */
  readonly series?: string;
  readonly value: number;
  /** Ends of a whisker, in the value's unit. */
  readonly interval?: readonly [number, number];
}

export interface BarInput extends ChartText {
  readonly value: Axis;
  readonly bars: readonly Bar[];
  /** A dashed line across all bars: a target, a truth, a limit. */
  readonly reference?: { readonly value: number; readonly label: string };
}

/** The values beside the ends of their bars, with a halo where a grid line crosses them. */
const writtenValues = (rows: readonly Row[], negative: boolean, place: Readonly<Record<string, JsonObject>>): Layer[] =>
  ['halo', 'annotation'].map((style) => ({
    data: { values: rows },
    mark: {
      type: 'text',
      style,
      align: negative ? 'right' : 'left',
      dx: negative ? -5 : 5,
      baseline: 'middle',
      aria: false,
    },
    encoding: { ...place, x: { ...place.x, field: 'at' }, text: { field: 'text', type: 'nominal' } },
  }));

/** Room beyond the longest bar for its value, whatever the width of the plot. */
const VALUE_PX = 48;

const distinct = (names: readonly string[]): string[] => [...new Set(names)];

/**
 * Grouped bars lying down (long names stay readable), in the order given, each with its value written at its end.
 *
 * @throws Fault `charts/...` for no bars or a value that is not finite.
 */
export const barSpec = (input: BarInput): ChartSpec => {
  const { bars, reference } = input;
  requireRows('bars', bars);
  requireFinite(
    'bars.value',
    bars.map((bar) => bar.value),
  );
  requireFinite(
    'bars.interval',
    bars.flatMap((bar) => bar.interval ?? []),
  );
  const reach = [
    ...bars.flatMap((bar) => [bar.value, ...(bar.interval ?? [])]),
    ...(reference ? [reference.value] : []),
  ];
  const axis = resolveAxis({ ...input.value, scale: 'linear' }, [Math.min(...reach), Math.max(...reach)], {
    includeZero: true,
    padding: 0,
  });
  const [lowest, highest] = axis.domain;
  const groups = distinct(bars.map((bar) => bar.group));
  const series = distinct(bars.map((bar) => bar.series ?? ''));
  const rows = bars.map((bar) => ({
    group: bar.group,
    series: bar.series ?? '',
    value: drawn(bar.value * axis.factor),
    text: formatNumber(bar.value * axis.factor, 3),
    ...(bar.interval === undefined
      ? {}
      : { low: drawn(bar.interval[0] * axis.factor), high: drawn(bar.interval[1] * axis.factor) }),
  }));
  const label = { labelAngle: 0, ticks: false, domain: false, labelLimit: 200, title: null };
  const y: JsonObject = { field: 'group', type: 'nominal', sort: groups, axis: label, title: null };
  const yOffset: JsonObject = series.length < 2 ? {} : { yOffset: { field: 'series', type: 'nominal', sort: series } };
  const x: JsonObject = {
    field: 'value',
    type: 'quantitative',
    title: axis.title,
    stack: null,
    scale: {
      domain: [...axis.domain],
      nice: false,
      range: [lowest < 0 ? VALUE_PX : 0, { expr: `width - ${highest > 0 ? VALUE_PX : 0}` }],
    },
    axis: { format: axis.format, tickCount: { expr: 'clamp(floor(width / 60), 2, 6)' }, grid: true },
  };
  const whiskers = rows.filter((row) => row.low !== undefined);
  const layers: Layer[] = [
    {
      data: { values: rows },
      params: pickParam(),
      mark: { type: 'bar', cornerRadiusEnd: 2 },
      encoding: {
        y,
        ...yOffset,
        x,
        color: seriesColour(series),
        opacity: pickedOpacity(0.92),
        tooltip: [
          { field: 'group', type: 'nominal', title: 'group' },
          ...(series.length < 2 ? [] : [{ field: 'series', type: 'nominal', title: 'series' }]),
          { field: 'value', type: 'quantitative', title: axis.title, format: ',.4~r' },
        ],
      },
    },
  ];
  if (whiskers.length > 0) {
    layers.push({
      data: { values: whiskers },
      mark: { type: 'rule', style: 'whisker', aria: false },
      encoding: { y, ...yOffset, x: { ...x, field: 'low' }, x2: { field: 'high' } },
    });
  }
  const values = [false, true].flatMap((negative) => {
    const own = rows.filter((row) => row.value < 0 === negative);
    const outer = negative ? Math.min : Math.max;
    const end = (row: (typeof rows)[number]): number => outer((negative ? row.low : row.high) ?? row.value, row.value);
    return own.length === 0
      ? []
      : writtenValues(
          own.map((row) => ({ ...row, at: end(row) })),
          negative,
          { y, ...yOffset, x },
        );
  });
  if (reference !== undefined) {
    const data = { values: [{ value: drawn(reference.value * axis.factor), label: reference.label }] };
    layers.push(
      { data, mark: { type: 'rule', style: 'reference', aria: false }, encoding: { x } },
      {
        data,
        mark: {
          type: 'text',
          style: 'annotation',
          align: 'left',
          baseline: 'bottom',
          dx: 4,
          dy: -3,
          y: 0,
          aria: false,
        },
        encoding: { x, text: { field: 'label', type: 'nominal' } },
      },
    );
  }
  layers.push(...values);
  const best = bars.map(
    (bar) => `${[bar.group, bar.series].filter(Boolean).join(', ')}: ${formatNumber(bar.value * axis.factor, 3)}`,
  );
  return chart(input, `${axis.title}: ${best.slice(0, 24).join('; ')}.`, layers, {
    width: 460,
    height: Math.max(90, groups.length * (series.length < 2 ? 30 : 14 + 18 * series.length)),
  });
};
