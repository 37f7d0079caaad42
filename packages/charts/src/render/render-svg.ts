import type { Spec } from '../spec.js';
import { PALETTES, type ThemeName, themeConfig } from './theme.js';
import { compileSpec, drawSvg } from './vega.js';
import { standaloneForm } from './vega-lite-form.js';

export interface RenderOptions {
  /** Default `'light'`. */
  readonly theme?: ThemeName;
}

/**
 * Draws a specification as SVG, without a browser. The same specification gives the same bytes, on every machine: text is
 * measured in the bundled DejaVu Sans.
 *
 * @example const svg = await renderSvg(histogramSpec({ title: 'TTFT', values, x: { label: 'TTFT', unit: 's' } }));
 */
export const renderSvg = async (spec: Spec, options: RenderOptions = {}): Promise<string> =>
  drawSvg(await compileSpec(standaloneForm(spec), themeConfig(PALETTES[options.theme ?? 'light'])));
