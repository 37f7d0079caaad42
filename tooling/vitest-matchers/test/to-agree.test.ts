import { describe, expect, it } from 'vitest';

describe('toAgree', () => {
  it('is relative', () => {
    expect(1.0000001e-5).toAgree(1e-5, 1e-6);
    expect(1.1e-5).not.toAgree(1e-5, 1e-6);
  });

  it('fails on NaN and on a missing element', () => {
    expect(Number.NaN).not.toAgree(1, 1e9);
    expect([1]).not.toAgree([1, 2], 1);
  });
});
