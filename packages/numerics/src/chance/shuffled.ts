import type { RandomSource } from './seeded-random.js';

/** The integers 0 .. n-1 in random order (Fisher-Yates). The first k of them are a sample without replacement. */
export const shuffled = (n: number, random: RandomSource): Uint32Array => {
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const swap = order[i];
    order[i] = order[j];
    order[j] = swap;
  }
  return order;
};
