import type { Spec } from '../spec.js';
import { PALETTES, themeConfig } from './theme.js';
import { compileSpec, drawSvg } from './vega.js';
import { standaloneForm } from './vega-lite-form.js';

const escapeXml = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');

/** Says to readers of the screen what Vega's drawing is. */
const accessible = (svg: string, spec: Spec): string =>
  svg.replace(
    /^<svg ([^>]*)>/,
    `<svg $1 role="img" aria-labelledby="chart-title chart-description"><title id="chart-title">${escapeXml(spec.title.text).replace(/\$/g, '$$$$')}</title><desc id="chart-description">${escapeXml(spec.description).replace(/\$/g, '$$$$')}</desc>`,
  );

/**
 * Draws a specification as SVG, without a browser. The same specification gives the same bytes, on every machine: text is
 * measured in the bundled DejaVu Sans.
 *
 * @example const svg = await renderSvg(histogramSpec({ title: 'TTFT', values, x: { label: 'TTFT', unit: 's' } }));
 */
export const renderSvg = async (spec: Spec): Promise<string> => {
  const compiled = await compileSpec(standaloneForm(spec), themeConfig(PALETTES.light));
  return accessible(await drawSvg(compiled), spec);
};
