import { seededRandom } from '@stepclock/numerics';
import { DECODE, type PhaseTable, PREFILL } from '@stepclock/trace-io';
import fc from 'fast-check';

interface TraceShape {
  readonly requests: number;
  readonly seed: number;
  /** Times in whole seconds: boundaries coincide. */
  readonly ties: boolean;
  readonly given: boolean;
  /** Some phases take no step at all. */
  readonly zeroSteps: boolean;
  readonly kinds: 'both' | 'prefill' | 'decode';
}

/** Requests with a prefill, a decode or both, as the published estimators take them. */
const randomTrace = ({ requests, seed, ties, given, zeroSteps, kinds }: TraceShape): PhaseTable => {
  const random = seededRandom(seed, 'trace');
  const span = (scale: number): number => (ties ? 1 + Math.floor(scale * random()) : 0.05 + scale * random());
  const rows: { kind: number; start: number; end: number; tokens: number; request: number }[] = [];
  for (let request = 0; request < requests; request++) {
    const start = ties ? Math.floor(requests * random()) : requests * random();
    const middle = start + span(3);
    const tokens = (scale: number): number => (zeroSteps && random() < 0.15 ? 0 : 1 + Math.floor(scale * random()));
    if (kinds !== 'decode') rows.push({ kind: PREFILL, start, end: middle, tokens: tokens(900), request });
    if (kinds !== 'prefill')
      rows.push({ kind: DECODE, start: middle, end: middle + span(5), tokens: tokens(60), request });
  }
  return {
    length: rows.length,
    kind: Uint8Array.from(rows, (r) => r.kind),
    startSec: Float64Array.from(rows, (r) => r.start),
    endSec: Float64Array.from(rows, (r) => r.end),
    prefillTokens: Float64Array.from(rows, (r) => (r.kind === PREFILL ? r.tokens : 0)),
    decodeTokens: Float64Array.from(rows, (r) => (r.kind === DECODE ? r.tokens : 0)),
    ...(given
      ? { steps: Float64Array.from(rows, () => (random() < 0.4 ? Number.NaN : Math.floor(30 * random()))) }
      : {}),
    request: Uint32Array.from(rows, (r) => r.request),
    requestIds: { length: requests, at: (i) => `q${i}` },
  };
};

export const anyTrace: fc.Arbitrary<PhaseTable> = fc
  .record({
    requests: fc.integer({ min: 1, max: 30 }),
    seed: fc.integer(),
    ties: fc.boolean(),
    given: fc.boolean(),
    zeroSteps: fc.boolean(),
    kinds: fc.constantFrom('both', 'both', 'both', 'prefill', 'decode'),
  })
  .map((shape) => randomTrace({ ...shape, kinds: shape.kinds as TraceShape['kinds'] }));

/** A trace whose three coefficients are determined. */
export const niceTrace: fc.Arbitrary<PhaseTable> = fc
  .integer()
  .map((seed) => randomTrace({ requests: 40, seed, ties: false, given: false, zeroSteps: false, kinds: 'both' }));

/** The same phases with other times. */
export const retimed = (phases: PhaseTable, time: (sec: number) => number): PhaseTable => ({
  ...phases,
  startSec: phases.startSec.map(time),
  endSec: phases.endSec.map(time),
});

/** The same phases in another order. */
export const reordered = (phases: PhaseTable, order: Uint32Array): PhaseTable => {
  const moved = (column: Float64Array): Float64Array => Float64Array.from(order, (i) => column[i]);
  return {
    ...phases,
    kind: Uint8Array.from(order, (i) => phases.kind[i]),
    startSec: moved(phases.startSec),
    endSec: moved(phases.endSec),
    prefillTokens: moved(phases.prefillTokens),
    decodeTokens: moved(phases.decodeTokens),
    ...(phases.steps && { steps: moved(phases.steps) }),
    request: Uint32Array.from(order, (i) => phases.request[i]),
  };
};
