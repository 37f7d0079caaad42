export type KernelName = 'rbf' | 'matern-3/2' | 'matern-5/2';

/**
 * Stationary kernels of `r^2 = sum_d ((x_d - x'_d) / l_d)^2` with unit variance: the correlation `g`, and `slope` with
 * `dg / d log l_d = slope x ((x_d - x'_d) / l_d)^2`. (Rasmussen and Williams 2006, section 4.2.)
 */
export const correlation = (
  kernel: KernelName,
  squaredDistance: number,
): { readonly g: number; readonly slope: number } => {
  switch (kernel) {
    case 'rbf': {
      const g = Math.exp(-squaredDistance / 2);
      return { g, slope: g };
    }
    case 'matern-3/2': {
      const a = Math.sqrt(3 * squaredDistance);
      const decay = Math.exp(-a);
      return { g: (1 + a) * decay, slope: 3 * decay };
    }
    case 'matern-5/2': {
      const a = Math.sqrt(5 * squaredDistance);
      const decay = Math.exp(-a);
      return { g: (1 + a + (a * a) / 3) * decay, slope: (5 / 3) * (1 + a) * decay };
    }
  }
};

/** In standardised units: of the inputs (length scales) and of the target (signal and noise standard deviation). */
export interface Hyperparameters {
  readonly lengthScales: Float64Array;
  readonly signalSd: number;
  readonly noiseSd: number;
}
