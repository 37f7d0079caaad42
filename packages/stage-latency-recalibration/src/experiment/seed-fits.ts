import type { Method } from '../recalibration/method.js';
import { type RecalibrateOptions, recalibrate } from '../recalibration/recalibrate.js';
import type { Recalibration } from '../recalibration/recalibration.js';
import { type TransferSamples, takeSamples } from '../recalibration/samples.js';

/** A method fitted to the first n samples of a seed. */
export type SeedFits = (method: Method, n: number) => Recalibration;

/** The first n samples. */
export const firstSamples = (samples: TransferSamples, n: number): TransferSamples =>
  takeSamples(
    samples,
    Uint32Array.from({ length: n }, (_, i) => i),
  );

/**
 * Each fit of a seed is made once: `auto` has fitted its candidates, which are methods of their own, and half of 50 samples are the 25 of another N.
 *
 * @param samples in random order
 */
export const seedFits = (samples: TransferSamples, options: RecalibrateOptions): SeedFits => {
  const made = new Map<string, Recalibration>();
  const fits: SeedFits = (method, n) => {
    const key = `${method}|${n}`;
    const known = made.get(key);
    if (known !== undefined) return known;
    const fit =
      made.get(`auto|${n}`)?.candidates?.get(method) ?? recalibrate(method, firstSamples(samples, n), options);
    made.set(key, fit);
    return fit;
  };
  return fits;
};
