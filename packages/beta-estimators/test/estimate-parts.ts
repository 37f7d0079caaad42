import type { Coefficients } from '@stepclock/engine-sim';
import type { Betas } from '@stepclock/step-cost';

/** beta0 to beta3, s; beta3 is 0 where a model has none. */
export const values = ({ beta0, beta1, beta2, beta3 = 0 }: Betas | Coefficients): number[] => [
  beta0,
  beta1,
  beta2,
  beta3,
];

export const codes = (warnings: readonly { readonly code: string }[]): string[] => warnings.map((w) => w.code);

export const sum = (column: ArrayLike<number>): number => Array.from(column).reduce((a, b) => a + b, 0);
