import { expect, it } from 'vitest';
import { closest } from '../src/index.js';

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
