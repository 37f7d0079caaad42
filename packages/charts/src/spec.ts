/** A JSON object. Absent and undefined fields are one. */
export interface JsonObject {
  readonly [name: string]: Json | undefined;
}

type Json = null | boolean | number | string | readonly Json[] | JsonObject;

/** One row of a chart's data. */
export type Row = Readonly<Record<string, number | string | boolean | null>>;

/** Title of a chart, and the line under it. */
export interface ChartTitle {
  readonly text: string;
  readonly subtitle?: string;
}

/** A Vega-Lite layer. */
export interface Layer extends JsonObject {
  readonly mark: JsonObject;
}

/** One chart, as a layered Vega-Lite 6 specification: plain data, ready for `JSON.stringify`. */
export interface ChartSpec {
  readonly $schema: string;
  readonly title: ChartTitle;
  /** For people who cannot see the chart: what is drawn, over which ranges. */
  readonly description: string;
  readonly width: number;
  readonly height: number;
  readonly layer: readonly Layer[];
  readonly resolve?: JsonObject;
}

/** Several charts under one title, as a Vega-Lite concatenation. */
export interface PanelSpec {
  readonly $schema: string;
  readonly title: ChartTitle;
  readonly description: string;
  readonly columns: number;
  readonly concat: readonly ChartSpec[];
}

/** What the renderers take. */
export type Spec = ChartSpec | PanelSpec;

/** What every chart is told besides its data. */
export interface ChartText {
  readonly title: string;
  readonly subtitle?: string;
  /** Replaces the description that is made from the axes and the data. */
  readonly description?: string;
  /** Size of the plot without axes and title, px. */
  readonly width?: number;
  readonly height?: number;
}

const SCHEMA = 'https://vega.github.io/schema/vega-lite/v6.json';

/** Puts layers and text together. */
export const chart = (
  text: ChartText,
  described: string,
  layer: readonly Layer[],
  extra: { readonly width?: number; readonly height?: number; readonly resolve?: JsonObject } = {},
): ChartSpec => ({
  $schema: SCHEMA,
  title: { text: text.title, ...(text.subtitle === undefined ? {} : { subtitle: text.subtitle }) },
  description: text.description ?? `${text.title}. ${described}`,
  width: text.width ?? extra.width ?? 560,
  height: text.height ?? extra.height ?? 320,
  layer,
  ...(extra.resolve === undefined ? {} : { resolve: extra.resolve }),
});

/** Charts side by side (and below each other) under one title. In a report each panel stands on its own. */
export const panelSpec = (
  text: ChartText & { readonly columns?: number; readonly panels: readonly ChartSpec[] },
): PanelSpec => ({
  $schema: SCHEMA,
  title: { text: text.title, ...(text.subtitle === undefined ? {} : { subtitle: text.subtitle }) },
  description: text.description ?? `${text.title}. ${text.panels.map((panel) => panel.description).join(' ')}`,
  columns: text.columns ?? 2,
  concat: text.panels,
});

/** Whether the specification holds several panels. */
export const isPanels = (spec: Spec): spec is PanelSpec => 'concat' in spec;
