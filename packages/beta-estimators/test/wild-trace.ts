import { seededRandom } from '@stepclock/numerics';
import { DECODE, type PhaseTable, PREFILL } from '@stepclock/trace-io';
import fc from 'fast-check';

/** What no engine would write, but a file can hold. */
export interface WildShape {
  readonly seed: number;
  readonly phases: number;
  /** `mixed`: decodes follow no prefill, and rows lie anywhere. `chained`: each decode starts where its prefill ends. */
  readonly order: 'mixed' | 'chained';
  readonly kinds: 'both' | 'prefill' | 'decode';
  /** Times are rounded to whole units of this many seconds; 0 leaves them as they are. */
  readonly unitSec: number;
  /** All starts lie within this many usual lengths of each other: nested where small. */
  readonly spread: number;
  /** Decades that lengths, and tokens, range over. */
  readonly lengthDecades: number;
  readonly tokenDecades: number;
  readonly scaleSec: number;
  readonly originSec: number;
  /** Shares of rows: repeated from the row before, and without tokens. */
  readonly repeated: number;
  readonly empty: number;
  readonly steps: boolean;
  readonly engines: number;
}

export const wildTrace = (shape: WildShape): PhaseTable => {
  const random = seededRandom(shape.seed, 'wild');
  const { phases, order, kinds, unitSec, scaleSec, originSec } = shape;
  const rounded = (sec: number): number => (unitSec > 0 ? Math.round(sec / unitSec) * unitSec : sec);
  const length = (): number => scaleSec * 10 ** (shape.lengthDecades * (random() - 0.5));
  const tokens = (): number => (random() < shape.empty ? 0 : Math.ceil(10 ** (shape.tokenDecades * random())));
  const kind = new Uint8Array(phases);
  const startSec = new Float64Array(phases);
  const endSec = new Float64Array(phases);
  const count = new Float64Array(phases);
  for (let i = 0; i < phases; i++) {
    if (i > 0 && random() < shape.repeated) {
      kind[i] = kind[i - 1];
      startSec[i] = startSec[i - 1];
      endSec[i] = endSec[i - 1];
      count[i] = count[i - 1];
      continue;
    }
    const alternating = order === 'chained' ? i % 2 : Math.floor(2 * random());
    kind[i] = kinds === 'both' ? alternating : kinds === 'prefill' ? PREFILL : DECODE;
    const follows = order === 'chained' && i % 2 === 1;
    const start = follows ? endSec[i - 1] : rounded(originSec + scaleSec * shape.spread * random());
    const end = rounded(start + length());
    startSec[i] = start;
    // Far from zero a length may vanish: what is left is one unit in the last place.
    endSec[i] = end > start ? end : start + Math.max(unitSec, Math.abs(start) * 4e-16, 5e-324);
    count[i] = tokens();
  }
  return {
    length: phases,
    kind,
    startSec,
    endSec,
    prefillTokens: count.map((n, i) => (kind[i] === PREFILL ? n : 0)),
    decodeTokens: count.map((n, i) => (kind[i] === DECODE ? n : 0)),
    ...(shape.steps && { steps: count.map(() => (random() < 0.4 ? Number.NaN : Math.floor(30 * random()))) }),
    ...(shape.engines > 1 && { instance: Uint32Array.from(count, () => Math.floor(shape.engines * random())) }),
    request: Uint32Array.from(count, (_, i) => i >> 1),
    requestIds: { length: phases, at: (i) => `w${i}` },
  };
};

export const anyWildShape: fc.Arbitrary<WildShape> = fc.record({
  seed: fc.integer(),
  phases: fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 13, max: 400 })),
  order: fc.constantFrom<WildShape['order']>('mixed', 'chained'),
  kinds: fc.constantFrom<WildShape['kinds']>('both', 'both', 'both', 'both', 'prefill', 'decode'),
  unitSec: fc.constantFrom(0, 0, 1e-3, 1),
  spread: fc.constantFrom(1e-3, 1, 30, 1e4, 1e7),
  lengthDecades: fc.constantFrom(0, 2, 8, 16),
  tokenDecades: fc.constantFrom(0, 2, 4, 9, 15),
  scaleSec: fc.constantFrom(1e-200, 1e-12, 1e-3, 1, 1, 1e4, 1e12, 1e150),
  originSec: fc.constantFrom(0, 0, -1e3, 1.7e9),
  repeated: fc.constantFrom(0, 0.1, 1),
  empty: fc.constantFrom(0, 0, 0.2),
  steps: fc.boolean(),
  engines: fc.constantFrom(1, 1, 3),
});

const small: WildShape = {
  seed: 1,
  phases: 20,
  order: 'chained',
  kinds: 'both',
  unitSec: 0,
  spread: 1,
  lengthDecades: 8,
  tokenDecades: 9,
  scaleSec: 1,
  originSec: 0,
  repeated: 0,
  empty: 0.2,
  steps: true,
  engines: 1,
};

/** Shapes that once gave NaN, or an error that names no fault of the log. */
export const foundWild: readonly (readonly [string, WildShape])[] = [
  ['all counts are closed cycles of one stretched decode', { ...small, seed: 514556987, phases: 18, engines: 3 }],
  [
    'steps of no length, and a residual that is all rounding',
    {
      ...small,
      seed: -30,
      unitSec: 1e-3,
      spread: 30,
      lengthDecades: 2,
      tokenDecades: 0,
      scaleSec: 1e4,
      originSec: -1e3,
      repeated: 0.1,
      empty: 0,
    },
  ],
  [
    'a phase too short beside the other engines',
    { ...small, seed: 1874740163, phases: 392, order: 'mixed', spread: 30, lengthDecades: 16, engines: 3 },
  ],
  [
    'bends of the batch curve, which hold from a batch on',
    {
      ...small,
      seed: 1439116306,
      phases: 395,
      order: 'chained',
      kinds: 'both',
      unitSec: 1e-3,
      spread: 1e-3,
      lengthDecades: 0,
      tokenDecades: 2,
      scaleSec: 1e12,
      repeated: 0.1,
      empty: 0,
      steps: false,
    },
  ],
  ['lengths whose squares overflow', { ...small, seed: 524801600, phases: 12, lengthDecades: 16, scaleSec: 1e150 }],
  [
    'a standstill, and lengths that vanish when it is taken out',
    {
      ...small,
      seed: 0,
      phases: 63,
      kinds: 'decode',
      spread: 1e7,
      lengthDecades: 2,
      tokenDecades: 4,
      scaleSec: 1e-12,
      originSec: -1e3,
      repeated: 0.1,
      empty: 0,
      steps: false,
    },
  ],
];
