import { expect, it } from 'vitest';
import { percent } from '../src/text/quantity.js';

it('percent rounds to zero without a sign, and keeps that of everything else', () => {
  expect([-1e-6, 1e-6, 0, -0, -0.00006, 0.5, -1].map((share) => percent(share))).toEqual([
    '0.00 %',
    '0.00 %',
    '0.00 %',
    '0.00 %',
    '-0.01 %',
    '50.00 %',
    '-100.00 %',
  ]);
  expect([percent(-0.004, 0), percent(-0.2, 0)]).toEqual(['0 %', '-20 %']);
});
