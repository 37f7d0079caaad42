/** Ways to spoil a file. Each takes the bytes and a source of chance, and is deterministic. */
export type Mutation = (bytes: Uint8Array, random: () => number) => Uint8Array;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const pick = <T>(values: readonly T[], random: () => number): T => values[Math.floor(random() * values.length)];
const at = (length: number, random: () => number): number => Math.floor(random() * Math.max(length, 1));

function splice(bytes: Uint8Array, from: number, remove: number, insert: Uint8Array): Uint8Array {
  const tail = bytes.subarray(Math.min(from + remove, bytes.length));
  const out = new Uint8Array(from + insert.length + tail.length);
  out.set(bytes.subarray(0, from));
  out.set(insert, from);
  out.set(tail, from + insert.length);
  return out;
}

const onText =
  (change: (text: string, random: () => number) => string): Mutation =>
  (bytes, random) =>
    encoder.encode(change(decoder.decode(bytes), random));

/** Replaces one of the matches of a pattern. */
function replaceOne(text: string, pattern: RegExp, random: () => number, change: (match: string) => string): string {
  const matches = [...text.matchAll(pattern)];
  if (matches.length === 0) return text;
  const match = pick(matches, random);
  return text.slice(0, match.index) + change(match[0]) + text.slice(match.index + match[0].length);
}

const ODD_VALUES = [
  '1e999',
  '-1',
  '-1e308',
  'NaN',
  'Infinity',
  '0',
  '-0',
  '0x10',
  '1e308',
  '5e-324',
  '1.5',
  '99999999999999999999',
  '1e17',
  'null',
  'true',
  '""',
  '"12"',
  '"x"',
  '{}',
  '[]',
  '[1]',
  '{"value":1}',
  '',
  ' ',
  '1_000',
  '1,5',
  '٣',
  '+7',
  '.5',
  '5.',
  '00012',
  '1e',
  '"1e400"',
  '"\\u0000"',
];
const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'length',
  '',
  'prototype',
  'x'.repeat(5000),
  'request_id',
  '\u0000',
];

/** Changes that keep the number of records: their loss would be silent. */
export const VALUE_MUTATIONS: Readonly<Record<string, Mutation>> = {
  'odd number': onText((text, random) =>
    replaceOne(text, /(?<![\w"])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w"])/g, random, () => pick(ODD_VALUES, random)),
  ),
  'other digit': onText((text, random) => replaceOne(text, /\d/g, random, () => String(at(10, random)))),
  'lower sign': onText((text, random) => replaceOne(text, /(?<![\w.-])\d+\.\d+/g, random, (number) => `-${number}`)),
};

/** Changes after which a file is refused or still says the same. */
export const HARMLESS: readonly string[] = [
  'byte order mark',
  'carriage returns',
  'old line ends',
  'no last line end',
  'blank lines',
  'other spaces',
];

/** What a flood repeats: characters and words on which a scanner that looks back takes quadratic time. */
export const FLOODS: readonly string[] = [
  ...'7 \t\n\r"\\\',;:.-e([{}]/x\0\xff',
  'Iteration(1',
  '(EngineCore',
  '"ttfts":',
  'a,',
  '[{',
];
const FLOOD_BYTES = 1_000_000;

/** A megabyte of one character or word. Not among the other mutations: they search the text. */
export const flood: Mutation = (bytes, random) => {
  const word = pick(FLOODS, random);
  return splice(bytes, at(bytes.length, random), 0, Buffer.from(word.repeat(FLOOD_BYTES / word.length), 'latin1'));
};

export const MUTATIONS: Readonly<Record<string, Mutation>> = {
  ...VALUE_MUTATIONS,
  'flipped byte': (bytes, random) => splice(bytes, at(bytes.length, random), 1, Uint8Array.of(at(256, random))),
  'flipped bytes': (bytes, random) =>
    Array.from({ length: 8 }).reduce<Uint8Array>(
      (all) => splice(all, at(all.length, random), 1, Uint8Array.of(at(256, random))),
      bytes,
    ),
  'removed range': (bytes, random) => splice(bytes, at(bytes.length, random), at(60, random), new Uint8Array(0)),
  'doubled range': (bytes, random) => {
    const from = at(bytes.length, random);
    return splice(bytes, from, 0, bytes.slice(from, from + at(200, random)));
  },
  'inserted bytes': (bytes, random) =>
    splice(
      bytes,
      at(bytes.length, random),
      0,
      Uint8Array.from({ length: 6 }, () => at(256, random)),
    ),
  truncation: (bytes, random) => bytes.slice(0, at(bytes.length, random)),
  'twice the file': (bytes) => splice(bytes, bytes.length, 0, bytes),
  'byte order mark': (bytes) => splice(bytes, 0, 0, Uint8Array.of(0xef, 0xbb, 0xbf)),
  'utf-16': (bytes) => new Uint8Array(Buffer.from(decoder.decode(bytes), 'utf16le')),
  'latin-1': (bytes, random) => splice(bytes, at(bytes.length, random), 0, Uint8Array.of(0xe9)),
  'carriage returns': onText((text) => text.replaceAll('\n', '\r\n')),
  'old line ends': onText((text) => text.replaceAll('\n', '\r')),
  'no last line end': onText((text) => text.trimEnd()),
  'blank lines': onText((text) => text.replaceAll('\n', '\n\n')),
  'shuffled lines': onText((text, random) => {
    const lines = text.split('\n');
    for (let i = lines.length - 1; i > 0; i--) {
      const j = at(i + 1, random);
      [lines[i], lines[j]] = [lines[j], lines[i]];
    }
    return lines.join('\n');
  }),
  'other name': onText((text, random) =>
    replaceOne(text, /"\w+"(?=\s*:)|^\w+(?=,)|(?<=,)\w+(?=,)/gm, random, () => JSON.stringify(pick(NAMES, random))),
  ),
  'name in place of another': onText((text, random) => {
    const names = [...text.matchAll(/"\w+"(?=\s*:)/g)].map(([name]) => name);
    return names.length === 0 ? text : replaceOne(text, /"\w+"(?=\s*:)/g, random, () => pick(names, random));
  }),
  'removed field': onText((text, random) =>
    replaceOne(text, /"\w+"\s*:\s*[^,{}[\]]+,|(?<=,)[^,\n]*,/g, random, () => ''),
  ),
  'added field': onText((text, random) =>
    replaceOne(text, /\{/g, random, () => '{"__proto__":{"polluted":1},"constructor":[{}],'),
  ),
  'stray quote': onText((text, random) => replaceOne(text, /[,:\s]/g, random, (match) => `"${match}`)),
  'deep nesting': onText((text, random) =>
    replaceOne(text, /(?<=[:,])-?\d+/g, random, () => '['.repeat(3000) + ']'.repeat(at(2, random) * 3000)),
  ),
  'other spaces': onText((text) => text.replace(/":\s*/g, '" : ')),
  'other type': onText((text, random) =>
    replaceOne(text, /(?<=:\s*)(?:-?\d[\d.e+-]*|"[^"]*"|true|false|null)/g, random, (value) =>
      value.startsWith('"') ? value.slice(1, -1) || '0' : `"${value}"`,
    ),
  ),
  'huge number': onText((text, random) =>
    replaceOne(text, /-?\d+(?:\.\d+)?/g, random, (number) => `${number}e${at(330, random)}`),
  ),
  'many digits': onText((text, random) =>
    replaceOne(text, /\d+/g, random, (digits) => digits + '7'.repeat(1 + at(400, random))),
  ),
  'swapped cells': onText((text, random) =>
    replaceOne(text, /[^,\n]+,[^,\n]+/g, random, (pair) => pair.split(',').reverse().join(',')),
  ),
  'repeated line': onText((text, random) =>
    replaceOne(text, /^.+\n/gm, random, (line) => line.repeat(1 + at(4, random))),
  ),
  'lost line': onText((text, random) => replaceOne(text, /^.+\n/gm, random, () => '')),
  'nul bytes': (bytes, random) => splice(bytes, at(bytes.length, random), 0, new Uint8Array(3)),
};
