import { expect, it } from 'vitest';
import { closest, didYouMean } from '../src/index.js';

const NAMES = ['chunk-size', 'ci', 'max-num-seqs', 'max-num-batched-tokens', 'time-unit', 'json'];

it.each([
  ['chunk-sise', 'chunk-size'],
  ['chunk_size', 'chunk-size'],
  ['chunck-size', 'chunk-size'],
  ['jsno', 'json'],
  ['max-num-batched-token', 'max-num-batched-tokens'],
  ['time', 'time-unit'],
  // Two begin so, and neither is near.
  ['max-num', undefined],
  ['verbose', undefined],
  ['', undefined],
])('%s: %s', (name, meant) => {
  expect(closest(name, NAMES)).toBe(meant);
});

it('is the hint of a fault, or none', () => {
  expect(didYouMean('btach', ['batch', 'gpu'])).toEqual({ hint: 'did you mean batch?' });
  // Names come from files.
  expect(didYouMean('done', [`done${'e'.repeat(5000)}`]).hint?.length).toBeLessThan(120);
  expect(didYouMean('colour', ['batch', 'gpu'])).toEqual({});
});
