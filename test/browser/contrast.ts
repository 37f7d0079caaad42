import type { Page } from 'playwright-core';

/** Texts whose contrast with what lies behind them is below 4.5 to 1 (WCAG AA), with the ratio. Empty is good. */
export const weakTexts = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const parse = (colour: string): [number, number, number, number] => {
      const [r = 0, g = 0, b = 0, a = 1] = (colour.match(/[\d.]+/g) ?? []).map(Number);
      return [r, g, b, a];
    };
    const luminance = ([r, g, b]: readonly number[]): number => {
      const [x = 0, y = 0, z = 0] = [r, g, b].map((channel = 0) => {
        const share = channel / 255;
        return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const behind = (element: Element | null): readonly number[] => {
      for (let at = element; at !== null; at = at.parentElement) {
        const colour = parse(getComputedStyle(at).backgroundColor);
        if (colour[3] > 0.99) return colour;
      }
      return [255, 255, 255];
    };
    const weak: string[] = [];
    for (const element of document.querySelectorAll('h1,h2,h3,p,li,dt,dd,th,td,figcaption,a,button,code,.plot text')) {
      const text = (element.textContent ?? '').trim();
      if (text === '' || element.getAttribute('opacity') === '0' || element.getAttribute('stroke') !== null) continue;
      const style = getComputedStyle(element);
      const ink = parse(element instanceof SVGElement ? style.fill : style.color);
      const a = luminance(ink);
      const b = luminance(behind(element));
      const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
      if (ratio < 4.5) weak.push(`"${text.slice(0, 40)}" ${ratio.toFixed(2)}`);
    }
    return [...new Set(weak)];
  });
