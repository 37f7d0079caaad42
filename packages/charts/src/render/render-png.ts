import type { Spec } from '../spec.js';
import { fontPath } from './font-metrics.js';
import { renderSvg } from './render-svg.js';

/** Pixels per px of the specification. */
const SCALE = 2;

/** Draws a specification, or an SVG that `renderSvg` made, as PNG with the bundled fonts: byte-identical across runs. */
export const renderPng = async (specOrSvg: Spec | string): Promise<Uint8Array> => {
  const svg = typeof specOrSvg === 'string' ? specOrSvg : await renderSvg(specOrSvg);
  const { Resvg } = await import('@resvg/resvg-js');
  const drawing = new Resvg(svg, {
    fitTo: { mode: 'zoom', value: SCALE },
    font: {
      fontFiles: [fontPath('normal'), fontPath('bold')],
      loadSystemFonts: false,
      defaultFontFamily: 'DejaVu Sans',
    },
  });
  return drawing.render().asPng();
};
