import type { JsonObject } from '../spec.js';

/** Colours of one look. The categories are told apart with the common colour-vision deficiencies (after Okabe and Ito). */
export interface Palette {
  readonly surface: string;
  readonly ink: string;
  readonly muted: string;
  readonly rule: string;
  readonly grid: string;
  readonly category: readonly string[];
}

export const PALETTES: Readonly<Record<'light' | 'dark', Palette>> = {
  light: {
    surface: '#ffffff',
    ink: '#17202e',
    muted: '#556070',
    rule: '#97a1b0',
    grid: '#e6eaf0',
    category: ['#0a6ebd', '#d9590b', '#0c8a68', '#b0539a', '#b98200', '#3fa0e0', '#6a7484', '#7a4a1c'],
  },
  dark: {
    surface: '#151b24',
    ink: '#e9eef6',
    muted: '#a7b2c2',
    rule: '#5d6a7c',
    grid: '#2a3442',
    category: ['#5db3f5', '#ff9a5c', '#45cba3', '#e794cd', '#edc14d', '#9bd6ff', '#9da8b8', '#cfa27a'],
  },
};

const variables = (name: string): string => `var(--chart-${name})`;

/** Colours left to the page's style sheet, so that one chart serves light, dark and print. */
export const PAGE_PALETTE: Palette = {
  surface: variables('surface'),
  ink: variables('ink'),
  muted: variables('muted'),
  rule: variables('rule'),
  grid: variables('grid'),
  category: PALETTES.light.category.map((_, i) => variables(`category-${i}`)),
};

/** Style-sheet declarations that give `PAGE_PALETTE` its colours. */
export const paletteDeclarations = (palette: Palette): string =>
  [
    `--chart-surface:${palette.surface}`,
    `--chart-ink:${palette.ink}`,
    `--chart-muted:${palette.muted}`,
    `--chart-rule:${palette.rule}`,
    `--chart-grid:${palette.grid}`,
    ...palette.category.map((colour, i) => `--chart-category-${i}:${colour}`),
  ].join(';');

const CHART_FONT = 'DejaVu Sans, Verdana, sans-serif';

/** The Vega-Lite configuration of a look. */
export const themeConfig = (palette: Palette, font: string = CHART_FONT): JsonObject => ({
  background: palette.surface,
  font,
  padding: 14,
  view: { stroke: null },
  title: {
    anchor: 'start',
    frame: 'bounds',
    color: palette.ink,
    fontSize: 15,
    fontWeight: 'bold',
    lineHeight: 20,
    offset: 14,
    subtitleColor: palette.muted,
    subtitleFontSize: 12,
    subtitleLineHeight: 17,
    subtitlePadding: 5,
  },
  axis: {
    labelColor: palette.muted,
    titleColor: palette.ink,
    domainColor: palette.rule,
    tickColor: palette.rule,
    gridColor: palette.grid,
    labelFontSize: 11,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 9,
    labelPadding: 5,
    labelLimit: 240,
    tickSize: 4,
    labelOverlap: true,
  },
  axisX: { labelFlush: true },
  axisY: { domain: false, ticks: false },
  legend: {
    orient: 'top',
    direction: 'horizontal',
    offset: 10,
    labelColor: palette.ink,
    titleColor: palette.muted,
    labelFontSize: 12,
    titleFontSize: 12,
    titleFontWeight: 'normal',
    titlePadding: 8,
    labelLimit: 260,
    columnPadding: 18,
    rowPadding: 5,
    symbolStrokeWidth: 2,
    gradientLength: 180,
    gradientThickness: 10,
  },
  range: { category: [...palette.category] },
  text: { color: palette.ink, fontSize: 12 },
  rule: { color: palette.rule },
  style: {
    reference: { color: palette.muted, stroke: palette.muted, strokeWidth: 1.4, strokeDash: [6, 4], opacity: 1 },
    trend: { color: palette.ink, stroke: palette.ink, strokeWidth: 2.2, opacity: 1 },
    whisker: { color: palette.ink, stroke: palette.ink, strokeWidth: 1.4 },
    halo: { color: palette.surface, stroke: palette.surface, strokeWidth: 3.5, strokeJoin: 'round', fontSize: 11 },
    annotation: { color: palette.muted, fill: palette.muted, fontSize: 11 },
  },
});
