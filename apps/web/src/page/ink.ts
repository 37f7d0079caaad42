import type { Ink } from '../drawing/surface.js';

const NAMES = ['surface', 'text', 'soft', 'line', 'decode', 'prefill', 'waiting', 'model', 'slow', 'fast'] as const;

/** The page's colours as its style sheet has them now, or those of a look. */
export const inkOf = (element: Element): Ink => {
  const style = getComputedStyle(element);
  const colours = NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]);
  return Object.fromEntries(colours);
};

/** For pictures that leave the page: they are read on white. */
export const PAPER: Ink = {
  surface: '#ffffff',
  text: '#17202e',
  soft: '#556070',
  line: '#e6eaf0',
  decode: '#0a6ebd',
  prefill: '#d9590b',
  waiting: '#a9b3c1',
  model: '#17202e',
  slow: '#a8123f',
  fast: '#0c8a68',
};
