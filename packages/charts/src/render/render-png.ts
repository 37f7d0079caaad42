import { chartsFault } from '../charts-fault.js';
import type { Spec } from '../spec.js';
import { fontPath } from './font-metrics.js';
import { type RenderOptions, renderSvg } from './render-svg.js';

export interface PngOptions extends RenderOptions {
  /** Pixels per px of the specification, default 2. */
  readonly scale?: number;
}

/** Draws a specification, or an SVG that `renderSvg` made, as PNG with the bundled fonts: byte-identical across runs. */
export const renderPng = async (specOrSvg: Spec | string, options: PngOptions = {}): Promise<Uint8Array> => {
  const { scale = 2 } = options;
  if (!(scale > 0 && scale <= 8)) throw chartsFault('charts/bad-option', 'scale', 'must lie in (0, 8]', scale);
  const svg = typeof specOrSvg === 'string' ? specOrSvg : await renderSvg(specOrSvg, options);
  const { Resvg } = await import('@resvg/resvg-js');
  const drawing = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: scale },
    font: {
      fontFiles: [fontPath('normal'), fontPath('bold')],
      loadSystemFonts: false,
      defaultFontFamily: 'DejaVu Sans',
    },
  });
  return drawing.render().asPng();
};
