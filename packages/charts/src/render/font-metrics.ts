import { chartsFault } from '../charts-fault.js';
import { installedBytes, installedFile } from './installed-file.js';

/** Advance widths of a TrueType font, in units of one em. */
interface FontMetrics {
  widthOf(text: string): number;
}

/** Path of a bundled font: the one family that every output is drawn and measured in. */
export const fontPath = (weight: 'normal' | 'bold'): string =>
  installedFile(`dejavu-fonts-ttf/ttf/${weight === 'bold' ? 'DejaVuSans-Bold' : 'DejaVuSans'}.ttf`);

const unreadable = (what: string) =>
  chartsFault('charts/font-unreadable', 'font', 'must be a TrueType font with a Unicode map', what);

/** Glyph of a code point, from the font's segmented Unicode map (cmap format 4). */
const unicodeMap = (view: DataView, cmap: number): ((code: number) => number) => {
  let at = -1;
  const tables = view.getUint16(cmap + 2);
  for (let i = 0; i < tables; i++) {
    const offset = cmap + view.getUint32(cmap + 8 + 8 * i);
    if (view.getUint16(offset) === 4) at = offset;
  }
  if (at < 0) throw unreadable('no cmap of format 4');
  const segments = view.getUint16(at + 6) / 2;
  const ends = at + 14;
  const starts = ends + 2 * segments + 2;
  const deltas = starts + 2 * segments;
  const ranges = deltas + 2 * segments;
  return (code) => {
    for (let s = 0; s < segments; s++) {
      if (view.getUint16(ends + 2 * s) < code) continue;
      const start = view.getUint16(starts + 2 * s);
      if (start > code) return 0;
      const range = view.getUint16(ranges + 2 * s);
      const delta = view.getUint16(deltas + 2 * s);
      if (range === 0) return (code + delta) & 0xffff;
      const glyph = view.getUint16(ranges + 2 * s + range + 2 * (code - start));
      return glyph === 0 ? 0 : (glyph + delta) & 0xffff;
    }
    return 0;
  };
};

/** Reads the advance widths (OpenType tables head, hhea, hmtx and cmap). Kerning is left out: it moves a line by under 1 %. */
const readFontMetrics = (bytes: Uint8Array): FontMetrics => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const tables = new Map<string, number>();
  for (let i = 0; i < view.getUint16(4); i++) {
    const record = 12 + 16 * i;
    tables.set(String.fromCharCode(...bytes.subarray(record, record + 4)), view.getUint32(record + 8));
  }
  const table = (name: string): number => {
    const offset = tables.get(name);
    if (offset === undefined) throw unreadable(`no table ${name}`);
    return offset;
  };
  const perEm = view.getUint16(table('head') + 18);
  const measured = view.getUint16(table('hhea') + 34);
  const hmtx = table('hmtx');
  const glyphOf = unicodeMap(view, table('cmap'));
  const widths = new Map<number, number>();
  const widthOfCode = (code: number): number => {
    let width = widths.get(code);
    if (width === undefined) {
      width = view.getUint16(hmtx + 4 * Math.min(glyphOf(code), measured - 1)) / perEm;
      widths.set(code, width);
    }
    return width;
  };
  return {
    widthOf: (text) => {
      let width = 0;
      for (const character of text) width += widthOfCode(character.codePointAt(0) ?? 0);
      return width;
    },
  };
};

const loaded = new Map<string, FontMetrics>();

/** Width of a line of text in the bundled font, px. */
export const textWidth = (text: string, fontSizePx: number, weight: 'normal' | 'bold' = 'normal'): number => {
  let metrics = loaded.get(weight);
  if (metrics === undefined) {
    metrics = readFontMetrics(installedBytes(fontPath(weight)));
    loaded.set(weight, metrics);
  }
  return metrics.widthOf(text) * fontSizePx;
};

/** Breaks text into lines that are at most `widthPx` wide; a single longer word keeps its line. */
export const wrapText = (
  text: string,
  widthPx: number,
  fontSizePx: number,
  weight: 'normal' | 'bold' = 'normal',
): string[] => {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((part) => part !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && textWidth(longer, fontSizePx, weight) > widthPx) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === '' ? lines : [...lines, line];
};
