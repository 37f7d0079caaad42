import { seededRandom } from '@stepclock/numerics';
import { DECODE, type PhaseTable, PREFILL } from '@stepclock/trace-io';
import fc from 'fast-check';

/** Phases drawn by seed; `ties` puts every time on a grid of whole seconds, so that boundaries coincide. */
export const randomPhases = (n: number, seed: number, ties: boolean, given: boolean): PhaseTable => {
  const random = seededRandom(seed, 'phases');
  const time = (scale: number): number => (ties ? Math.floor(scale * random()) : scale * random());
  const kind = Uint8Array.from({ length: n }, () => (random() < 0.5 ? PREFILL : DECODE));
  const startSec = Float64Array.from({ length: n }, () => time(12));
  return {
    length: n,
    kind,
    startSec,
    endSec: startSec.map((t) => t + (ties ? 1 : 0.01) + time(6)),
    prefillTokens: Float64Array.from(kind, (k) => (k === PREFILL ? Math.floor(900 * random()) : 0)),
    decodeTokens: Float64Array.from(kind, (k) => (k === DECODE ? Math.floor(40 * random()) : 0)),
    ...(given
      ? { steps: Float64Array.from({ length: n }, () => (random() < 0.3 ? Number.NaN : Math.floor(9 * random()))) }
      : {}),
    request: Uint32Array.from({ length: n }, (_, i) => i),
    requestIds: { length: n, at: (i) => `r${i}` },
  };
};

export const anyPhases: fc.Arbitrary<PhaseTable> = fc
  .record({
    n: fc.integer({ min: 1, max: 60 }),
    seed: fc.integer(),
    ties: fc.boolean(),
    given: fc.boolean(),
  })
  .map(({ n, seed, ties, given }) => randomPhases(n, seed, ties, given));

/** A chunk size, from smaller than every prompt to larger. */
export const anyChunkSize = fc.constantFrom(1, 7, 64, 128, 500, 5000);
