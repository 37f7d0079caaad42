import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../apps/cli/package.json'), 'utf8'));
const OWN_VERSION = new RegExp(`(?<![\\d.])${version.replaceAll('.', '\\.')}(?![\\d.])`, 'g');

/** A long list keeps its first items, its length and the sum of its numbers. */
const ITEMS = 2;
const LONG_LIST = 4;
const LONG_TEXT = 60;
const LONG_JSON = 100;
const LONG_LINE = 240;

const condensedValue = (value: unknown): unknown => {
  if (Array.isArray(value)) {
    if (value.length <= LONG_LIST) return value.map(condensedValue);
    const numbers = value.filter((x): x is number => typeof x === 'number');
    const sum = numbers.length === 0 ? '' : `, sum ${numbers.reduce((a, b) => a + b, 0)}`;
    return [...value.slice(0, ITEMS).map(condensedValue), `... ${value.length} in all${sum}`];
  }
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, condensedValue(inner)]));
  }
  return value;
};

const json = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const wordsOfPage = (html: string): string =>
  html
    .replace(/<(script|style|svg)\b[\s\S]*?<\/\1>/g, '')
    .replace(/<[^>]+>/g, '\n')
    .replace(/^\s+|\s+$/gm, '')
    .replace(/\n+/g, '\n');

const shortLine = (line: string): string =>
  line.length <= LONG_LINE ? line : `${line.slice(0, LONG_LINE)}... ${line.length} characters`;

const NUMBER = /-?\d+(?:\.\d+)?(?:e[+-]?\d+)?/g;

/** The first lines, how many there are, and the sum of all numbers in them, which a change of one would change. */
const shortLines = (lines: readonly string[], limit: number): readonly string[] => {
  if (lines.length <= limit) return lines.map(shortLine);
  const sum = (lines.join('\n').match(NUMBER) ?? []).reduce((total, x) => total + Math.abs(Number(x)), 0);
  return [
    ...lines.slice(0, limit / 2).map(shortLine),
    `... ${lines.length} lines in all, sum ${Number(sum.toPrecision(8))}`,
    ...lines.slice(-2).map(shortLine),
  ];
};

const rounded = (_key: string, value: unknown): unknown =>
  typeof value === 'number' ? Number(value.toPrecision(8)) : value;

/** An output as a few lines that hardly any change of it leaves alone. Figures stand for themselves by name. */
export const condensed = (content: Buffer, name: string): readonly string[] => {
  if (/\.(png|svg)$/.test(name)) return [];
  // The day of a run and the program's version are no behaviour.
  const text = content
    .toString('utf8')
    .replace(/\b20\d\d-[01]\d-[0-3]\d(?:T[\d:.]+Z)?/g, 'TODAY')
    .replace(OWN_VERSION, '0.0.0');
  if (text === '') return [];
  if (name.endsWith('.html')) return shortLines(wordsOfPage(text).split('\n'), LONG_TEXT);
  const value = json(text);
  if (typeof value === 'object' && value !== null) {
    return shortLines(JSON.stringify(condensedValue(value), rounded, 1).split('\n'), LONG_JSON);
  }
  return shortLines(text.replace(/\n$/, '').split('\n'), LONG_TEXT);
};
