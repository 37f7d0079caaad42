import { seededRandom } from '@stepclock/numerics';
import { type Dataset, dataset, featureTable } from '../src/index.js';

const NAMES = ['a', 'b', 'c', 'd'];

/** Friedman's first function over four uniform features, with unit normal noise times `noise`. */
export const friedman = (rows: number, seed: number, noise = 1): Dataset => {
  const uniform = seededRandom(seed, 'friedman');
  const columns = NAMES.map(() => Float64Array.from({ length: rows }, uniform));
  const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  const target = Float64Array.from({ length: rows }, (_, i) => {
    const [a, b, c, d] = columns.map((column) => column[i]) as [number, number, number, number];
    return 10 * Math.sin(Math.PI * a * b) + 20 * (c - 0.5) ** 2 + 10 * d + noise * normal();
  });
  return dataset(featureTable(NAMES, columns), target);
};

/** `JSON.parse(JSON.stringify(model))`, as a file would bring it back. */
export const throughJSON = (model: object): unknown => JSON.parse(JSON.stringify(model));
