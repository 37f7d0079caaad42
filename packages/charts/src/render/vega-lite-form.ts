import { type ChartSpec, isPanels, type JsonObject, type Spec } from '../spec.js';
import { wrapText } from './font-metrics.js';

const TITLE_PX = 15;
const SUBTITLE_PX = 12;
/** About what the left axis and its title take: titles may run over them too. */
const AXIS_ROOM_PX = 50;

const wrappedTitle = (spec: Spec, widthPx: number): JsonObject => ({
  text: wrapText(spec.title.text, widthPx, TITLE_PX, 'bold'),
  ...(spec.title.subtitle === undefined ? {} : { subtitle: wrapText(spec.title.subtitle, widthPx, SUBTITLE_PX) }),
});

const untitled = ({ title: _title, ...rest }: ChartSpec): JsonObject => rest as unknown as JsonObject;

const titled = (spec: ChartSpec): JsonObject => ({
  ...untitled(spec),
  title: wrappedTitle(spec, spec.width + AXIS_ROOM_PX),
});

/** The specification as a picture of its own: titles broken into lines that fit. */
export const standaloneForm = (spec: Spec): JsonObject => {
  if (!isPanels(spec)) return titled(spec);
  const widest = Math.max(...spec.concat.map((panel) => panel.width));
  const across = Math.min(spec.columns, spec.concat.length);
  return {
    $schema: spec.$schema,
    description: spec.description,
    title: wrappedTitle(spec, across * (widest + AXIS_ROOM_PX)),
    columns: spec.columns,
    spacing: 28,
    resolve: { scale: INDEPENDENT, legend: INDEPENDENT },
    concat: spec.concat.map((panel, i) => ({
      ...panelForm(panel),
      name: `panel_${i}`,
      title: { ...wrappedTitle(panel, panel.width), fontSize: 13 },
    })),
  };
};

const INDEPENDENT: JsonObject = {
  color: 'independent',
  shape: 'independent',
  strokeDash: 'independent',
  opacity: 'independent',
};

/**
 * A panel beside others. A picture cannot be clicked, and two panels may not share the name of a selection. Expressions over the plot's
 * `width` get the number: in a concatenation the signal of that name is not the panel's.
 */
const panelForm = (panel: ChartSpec): JsonObject =>
  JSON.parse(
    JSON.stringify(titled(panel), (name, value: unknown) => {
      if (name === 'params') return undefined;
      if (name === 'expr' && typeof value === 'string') return value.replaceAll(/\bwidth\b/g, String(panel.width));
      return name === 'opacity' && isPick(value) ? { value: value.condition.value } : value;
    }),
  ) as JsonObject;

const isPick = (value: unknown): value is { condition: { value: number } } =>
  typeof value === 'object' && value !== null && 'condition' in value;

/** The chart inside a page that has its own heading: no title, as wide as its place. */
export const pageForm = (spec: ChartSpec): JsonObject => ({
  ...untitled(spec),
  width: 'container',
  autosize: { type: 'fit-x', contains: 'padding', resize: true },
});
