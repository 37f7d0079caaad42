import type { Page } from 'playwright-core';

/**
 * What is cut or overlaps on the page as it is laid out now, measured from the boxes that the browser drew. Empty is good.
 * Tables may scroll inside their frame; nothing else may be wider than its place.
 */
export const layoutFaults = (page: Page): Promise<string[]> =>
  page.evaluate(() => {
    const faults: string[] = [];
    const name = (element: Element): string =>
      `${element.tagName.toLowerCase()}${element.id === '' ? '' : `#${element.id}`} "${(element.textContent ?? '').trim().slice(0, 40)}"`;
    const size = (box: DOMRect): number => Math.max(0, box.width) * Math.max(0, box.height);
    const shared = (a: DOMRect, b: DOMRect): number =>
      Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
      Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

    const wide = document.documentElement.scrollWidth - window.innerWidth;
    if (wide > 0) faults.push(`the page is ${wide} px wider than the window`);

    for (const element of document.querySelectorAll('h1,h2,h3,p,li,dt,dd,figcaption,pre,button,.value,.headline')) {
      const box = element.getBoundingClientRect();
      if (box.width === 0) continue;
      if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth > 0)
        faults.push(`${name(element)} is cut`);
      if (box.left < -0.5 || box.right > window.innerWidth + 0.5) faults.push(`${name(element)} leaves the window`);
    }

    const boxes = [
      ...document.querySelectorAll('figure,.group,.cards li,.verdict,.warnings li,.table,header,h2,.facts div'),
    ];
    boxes.forEach((a, i) => {
      for (const b of boxes.slice(i + 1)) {
        if (a.contains(b) || b.contains(a)) continue;
        if (shared(a.getBoundingClientRect(), b.getBoundingClientRect()) > 1)
          faults.push(`${name(a)} lies over ${name(b)}`);
      }
    });

    for (const figure of document.querySelectorAll('figure')) {
      const frame = figure.querySelector('.plot')?.getBoundingClientRect() ?? figure.getBoundingClientRect();
      const texts = [...figure.querySelectorAll<SVGTextElement>('.plot text')]
        .filter((text) => (text.textContent ?? '') !== '' && text.closest('[display="none"]') === null)
        .filter((text) => text.getAttribute('opacity') !== '0' && text.getAttribute('stroke') === null)
        .map((text) => ({ text, box: text.getBoundingClientRect() }))
        .filter(({ box }) => box.width > 0);
      for (const { text, box } of texts) {
        if (text.textContent?.endsWith('…'))
          faults.push(`${figure.querySelector('h3')?.textContent}: ${name(text)} is cut`);
        if (
          box.left < frame.left - 1 ||
          box.right > frame.right + 1 ||
          box.top < frame.top - 1 ||
          box.bottom > frame.bottom + 1
        ) {
          faults.push(`${figure.querySelector('h3')?.textContent}: ${name(text)} leaves its plot`);
        }
      }
      texts.forEach((a, i) => {
        for (const b of texts.slice(i + 1)) {
          if (shared(a.box, b.box) > 0.08 * Math.min(size(a.box), size(b.box))) {
            faults.push(`${figure.querySelector('h3')?.textContent}: ${name(a.text)} lies over ${name(b.text)}`);
          }
        }
      });
      if (texts.length === 0) faults.push(`${figure.querySelector('h3')?.textContent}: no text at all`);
    }
    return faults;
  });
