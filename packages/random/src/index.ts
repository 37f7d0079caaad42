export { type RandomSource, seededRandom } from './seeded-random.js';
export { shuffled } from './shuffled.js';
