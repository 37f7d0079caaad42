import fc from 'fast-check';
import { expect, test } from 'vitest';
import { NameIndex } from '../src/names/name-index.js';

test('numbers names in order of first sight', () => {
  const index = new NameIndex();
  expect(['a', 'b', 'a', 'é', '', 'b'].map((name) => index.internText(name))).toEqual([0, 1, 0, 2, 3, 1]);
  const names = index.names();
  expect(Array.from({ length: names.length }, (_, i) => names.at(i))).toEqual(['a', 'b', 'é', '']);
  expect(() => names.at(4)).toThrow(RangeError);
});

test('agrees with a Map on any names', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme', maxLength: 3 }), { maxLength: 400 }), (texts) => {
      const index = new NameIndex();
      const map = new Map<string, number>();
      for (const text of texts) {
        if (!map.has(text)) map.set(text, map.size);
        expect(index.internText(text)).toBe(map.get(text));
      }
      const names = index.names();
      expect([...map.keys()]).toEqual(Array.from({ length: names.length }, (_, i) => names.at(i)));
    }),
  );
});

test('keeps apart a hundred thousand names that differ in their last digits', () => {
  const index = new NameIndex();
  for (let i = 0; i < 100_000; i++) expect(index.internText(`request-${i}`)).toBe(i);
  for (let i = 0; i < 100_000; i += 997) expect(index.internText(`request-${i}`)).toBe(i);
});

test('keeps names of one length and of many over several pages', () => {
  const index = new NameIndex();
  const texts = Array.from({ length: 40_000 }, (_, i) =>
    i < 20_000 ? `r${10_000 + i}` : `r${i % 7 === 0 ? i : i * 1009}`,
  );
  const numbers = texts.map((text) => index.internText(text));
  expect(texts.every((text, i) => index.nameAt(numbers[i]) === text)).toBe(true);
  expect(index.length).toBe(new Set(texts).size);
});
