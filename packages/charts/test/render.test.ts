import '@stepclock/vitest-matchers';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Resvg } from '@resvg/resvg-js';
import { describe, expect, it } from 'vitest';
import { panelSpec, renderPng, renderSvg } from '../src/index.js';
import { fontPath, textWidth, wrapText } from '../src/render/font-metrics.js';
import { everySpec } from './every-spec.js';

const specs = Object.entries(everySpec());

describe('SVG', () => {
  it.each(specs)('%s: the same bytes each time, with title and description', async (_, spec) => {
    const first = await renderSvg(spec);
    expect((await renderSvg(spec)) === first).toBe(true);
    expect(first.slice(0, 800)).toContain(`<title id="chart-title">${spec.title.text}</title>`);
    expect(first.slice(0, 800)).toContain('<desc id="chart-description">');
    expect(first.match(/NaN|undefined/)).toBeNull();
  });

  it('is the same whether charts are drawn one after the other or at once', async () => {
    const alone: string[] = [];
    for (const [, spec] of specs) alone.push(await renderSvg(spec));
    const together = await Promise.all(specs.map(([, spec]) => renderSvg(spec)));
    together.forEach((svg, i) => {
      expect(svg === alone[i]).toBe(true);
    });
  });

  it('is the same as on the machine that recorded it', async () => {
    const [, spec] = specs[0] ?? [];
    if (spec === undefined) throw new Error('no chart');
    await expect(await renderSvg(spec)).toMatchFileSnapshot('specs/observed-predicted.svg.golden');
  });

  it('holds texts from the outside as text', async () => {
    const hostile = '</title><script>alert(1)</script>"&';
    const [, spec] = specs.find(([name]) => name === 'bar') ?? [];
    if (spec === undefined) throw new Error('no chart');
    const svg = await renderSvg(
      JSON.parse(JSON.stringify(spec).replaceAll('least squares', JSON.stringify(hostile).slice(1, -1))),
    );
    expect(svg).not.toContain('<script');
    expect(svg).toContain('&lt;script&gt;');
  });
});

describe('PNG', () => {
  it('is the same to the byte each time, and twice the size of the SVG', async () => {
    const [, spec] = specs[0] ?? [];
    if (spec === undefined) throw new Error('no chart');
    const png = await renderPng(spec);
    expect(Buffer.from(await renderPng(spec)).equals(png)).toBe(true);
    const width = Number(/width="(\d+)"/.exec(await renderSvg(spec))?.[1]);
    expect(Buffer.from(png).readUInt32BE(16)).toBe(width * 2);
  });

  it('draws its text: the picture is darker than one without fonts', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="100" height="30"><text x="5" y="20" font-family="DejaVu Sans">text</text></svg>';
    const drawn = await renderPng(svg);
    const blank = new Resvg(svg, { fitTo: { mode: 'zoom', value: 2 }, font: { loadSystemFonts: false } })
      .render()
      .asPng();
    expect(drawn.length).toBeGreaterThan(blank.length);
  });

  it('draws panels under one title', async () => {
    const panels = specs.slice(0, 3).map(([, spec]) => spec);
    const svg = await renderSvg(panelSpec({ title: 'Three', panels, columns: 2 }));
    for (const panel of panels) expect(svg).toContain(`>${panel.title.text}<`);
  });
});

describe('text is measured in the font that draws it', () => {
  it.each([
    ['normal', 'Observed duration (ms), 1,234.5'],
    ['bold', 'Observed against predicted'],
    ['normal', 'β₀ × 10⁻³ µs − Ärger'],
  ] as const)('%s: %s', (weight, text) => {
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="900" height="60"><text x="0" y="40" font-size="30" font-family="DejaVu Sans" font-weight="${weight}">|${text}|</text></svg>`;
    const box = new Resvg(svg, {
      font: { fontFiles: [fontPath('normal'), fontPath('bold')], loadSystemFonts: false },
    }).getBBox();
    const bars = textWidth('||', 30, weight);
    expect(textWidth(`|${text}|`, 30, weight)).toAgree((box?.width ?? 0) + bars / 2, 0.02);
  });

  it('lines are broken where they would be too long, words are never', () => {
    const lines = wrapText('one two three incomprehensibilities four', 90, 12);
    expect(lines.join(' ')).toBe('one two three incomprehensibilities four');
    for (const line of lines) if (line.includes(' ')) expect(textWidth(line, 12)).toBeLessThanOrEqual(90);
  });
});

describe('importing is cheap', () => {
  it('Vega and resvg are imported when something is drawn, not before', async () => {
    const src = fileURLToPath(new URL('../src', import.meta.url));
    for (const entry of await readdir(src, { recursive: true })) {
      if (!entry.endsWith('.ts')) continue;
      const eager = (await readFile(`${src}/${entry}`, 'utf8')).match(
        /^import (?!type )[^;]*from '(vega[^']*|@resvg[^']*)'/gm,
      );
      expect(eager, entry).toBeNull();
    }
  });
});
