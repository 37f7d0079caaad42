import { expect, test } from 'vitest';
import { shareText } from '../src/index.js';

test.each([
  [0.0123, '1.2 %'],
  [0.030001, '3.0 %'],
  [0.994, '99 %'],
  [0.996, '100 %'],
  [-1.234, '-123 %'],
])('%d is shown as %s', (share, text) => {
  expect(shareText(share)).toBe(text);
});
