import { escaped, svgText } from '../drawing/svg-text.js';
import type { Summary } from '../messages.js';
import { shownFigures } from './figure.js';
import { PAPER } from './ink.js';

const STYLE =
  'body{margin:2rem auto;max-width:980px;padding:0 1rem;font:16px/1.5 system-ui,sans-serif;color:#17202e;background:#fff}h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}table{border-collapse:collapse}td,th{text-align:left;padding:.25rem .8rem .25rem 0;border-top:1px solid #dde3eb}svg{max-width:100%;height:auto}.soft{color:#556070}pre{white-space:pre-wrap;overflow-wrap:anywhere}';

const HEIGHTS: Readonly<Record<string, number>> = { timeline: 520, batch: 440, windows: 560, capacity: 360 };

/** The page as one file that needs nothing: words, tables and pictures, no script. */
export const reportHtml = (summary: Summary, version: string): string => {
  const { heading, headline, sentences, method, coefficients, warnings, leftOut, facts, name } = summary;
  const cell = (text: string, as: 'td' | 'th' = 'td'): string => `<${as}>${escaped(text)}</${as}>`;
  const rows = coefficients.map(
    ({ label, phrase, value, interval, shareText, seconds, unit }) =>
      `<tr>${cell(`${label}, ${phrase}`, 'th')}${cell(value)}${cell(interval)}${cell(shareText)}${cell(`${seconds} ${unit}`)}</tr>`,
  );
  const head = ['Coefficient', 'Value', 'Interval', 'Of the mean step', 'Seconds'].map((text) => cell(text, 'th'));
  const figures = [...shownFigures.values()].map(
    ({ name: figure, title, words, draw }) =>
      `<h2>${escaped(title)}</h2><figure>${svgText(draw, { width: 960, height: HEIGHTS[figure] ?? 260 }, PAPER).replaceAll('inside-', `${figure}-inside-`)}<figcaption class="soft">${escaped(words)}</figcaption></figure>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${escaped(name)}</title><style>${STYLE}</style></head><body><h1>${escaped(headline)}</h1><p class="soft">${escaped(heading)}</p><p>${escaped(sentences.join(' '))}</p><table><thead><tr>${head.join('')}</tr></thead><tbody>${rows.join('')}</tbody></table><p>${escaped(method)}</p><table>${facts.map(([what, fact]) => `<tr>${cell(what, 'th')}${cell(fact)}</tr>`).join('')}</table>${figures.join('')}<h2>Left out and warnings</h2>${[...leftOut, ...warnings.map(({ code, message }) => `${message} [${code}]`)].map((line) => `<p>${escaped(line)}</p>`).join('') || '<p>None.</p>'}<p class="soft">stepclock ${escaped(version)}</p></body></html>\n`;
};
