import { type Drawing, FONT, type Ink, type Size, type Surface } from './surface.js';

const MARKUP: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text that stays text in markup. Characters that XML does not have become blanks. */
export const escaped = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: exactly those are meant
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, ' ')
    .replace(/[&<>"']/g, (sign) => MARKUP[sign]);

const short = (value: number): string => String(Math.round(value * 100) / 100);

const ANCHOR = { start: 'start', center: 'middle', end: 'end' } as const;

/** A drawing as the text of an SVG file. */
export const svgText = (draw: Drawing, { width, height }: Size, ink: Ink): string => {
  const pieces: string[] = [];
  let clips = 0;
  const pointsOf = (points: ArrayLike<number>): string => {
    let text = '';
    for (let i = 0; i < points.length; i += 2)
      text += `${i === 0 ? '' : ' '}${short(points[i])},${short(points[i + 1])}`;
    return text;
  };
  const surface: Surface = {
    rect: (x, y, w, h, fill, opacity = 1) =>
      void pieces.push(
        `<rect x="${short(x)}" y="${short(y)}" width="${short(Math.max(0, w))}" height="${short(Math.max(0, h))}" fill="${fill}"${opacity < 1 ? ` fill-opacity="${short(opacity)}"` : ''}/>`,
      ),
    line: (points, { stroke, width: thick = 1, dash = [] }) =>
      void pieces.push(
        `<polyline points="${pointsOf(points)}" fill="none" stroke="${stroke}" stroke-width="${thick}" stroke-linejoin="round"${dash.length === 0 ? '' : ` stroke-dasharray="${dash.join(' ')}"`}/>`,
      ),
    area: (points, fill, opacity) =>
      void pieces.push(`<polygon points="${pointsOf(points)}" fill="${fill}" fill-opacity="${opacity}"/>`),
    dot: (x, y, radius, fill) =>
      void pieces.push(`<circle cx="${short(x)}" cy="${short(y)}" r="${short(radius)}" fill="${fill}"/>`),
    text: (x, y, text, { fill, size = 11, align = 'start', isBold = false, isUpright = false }) =>
      void pieces.push(
        `<text x="${short(x)}" y="${short(y)}" fill="${fill}" font-size="${size}" text-anchor="${ANCHOR[align]}"${isBold ? ' font-weight="bold"' : ''}${isUpright ? ` transform="rotate(-90 ${short(x)} ${short(y)})"` : ''}>${escaped(text)}</text>`,
      ),
    inside: (x, y, w, h, inner) => {
      const id = `inside-${clips++}`;
      pieces.push(
        `<clipPath id="${id}"><rect x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}"/></clipPath><g clip-path="url(#${id})">`,
      );
      inner();
      pieces.push('</g>');
    },
  };
  draw(surface, { width, height }, ink);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${escaped(FONT)}"><rect width="${width}" height="${height}" fill="${ink.surface}"/>${pieces.join('')}</svg>\n`;
};
