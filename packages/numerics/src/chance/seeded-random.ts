import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Uniform numbers in [0, 1) with 53 random bits, as d3-random's `.source()` takes them. */
export type RandomSource = () => number;

const TWO_POW_26 = 2 ** 26;
const TWO_POW_MINUS_53 = 2 ** -53;

/** FNV-1a over a stream's name: streams of one seed start far apart and do not depend on the order of their making. */
const hashName = (name: string): number => {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return h | 0;
};

/** The finaliser of MurmurHash3 (fmix32): xoroshiro is linear, so seeds that differ in one bit must be torn apart first. */
const mix = (bits: number): number => {
  let h = bits;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
};

/**
 * A reproducible source of uniform numbers (xoroshiro128+).
 *
 * @param seed any safe integer; the same seed and stream give the same numbers on every machine
 * @param stream name of an independent sequence under the same seed, for example `'arrivals'`
 * @throws RangeError when the seed is not a safe integer
 */
export const seededRandom = (seed: number, stream = ''): RandomSource => {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`seed: must be a safe integer; got ${seed}`);
  const high = Math.floor(seed / 2 ** 32);
  const generator = xoroshiro128plus(mix(mix(mix(seed | 0) ^ high) ^ hashName(stream)));
  // The generator's first state is mostly zeros; a few steps fill it.
  for (let i = 0; i < 16; i++) generator.next();
  return () => {
    const upper = generator.next() >>> 5;
    const lower = generator.next() >>> 6;
    return (upper * TWO_POW_26 + lower) * TWO_POW_MINUS_53;
  };
};
