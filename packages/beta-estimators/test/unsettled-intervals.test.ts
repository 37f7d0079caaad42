import { BASE_TERMS } from '@stepclock/step-cost';
import { describe, expect, test } from 'vitest';
import { unsettledIntervals } from '../src/step-clock/verdict/unsettled-intervals.js';

const terms = BASE_TERMS.slice(0, 2);
const settled = {
  level: 0.95,
  byLabel: { beta0: [0.9, 1.1], beta1: [0, 0.3] },
  covariance: [
    [0.04 ** 2, 0],
    [0, 0],
  ],
  blocks: 1000,
} as const;

describe('intervals of coefficients that still moved', () => {
  test('are those of the rows where passes agree', () => {
    const { byLabel, covariance } = unsettledIntervals(
      settled,
      terms,
      [1, 0],
      [
        [1, 0],
        [1, 0],
      ],
    );
    expect(byLabel.beta0?.[1]).toAgree(1.1, 1e-12);
    expect(byLabel.beta1).toEqual([0, 0.3]);
    expect(covariance).toEqual(settled.covariance);
  });

  test('reach as far as the passes wander, terms that trade with each other together', () => {
    const passes = [
      [1.3, 0],
      [0.7, 0.4],
      [1.3, 0],
      [0.7, 0.4],
      [1, 0],
    ];
    const { byLabel, covariance } = unsettledIntervals(settled, terms, [1, 0], passes);
    // The rows' own half width, and 1.96 times the 0.3 by which the passes are off.
    expect(byLabel.beta0?.[1]).toAgree(1 + Math.hypot(0.1, 1.9623 * 0.3), 1e-3);
    expect(covariance[0][1]).toAgree((0.3 * 0 - 0.3 * 0.4) / 2, 1e-12);
    expect(byLabel.beta1?.[0]).toBe(0);
  });
});
