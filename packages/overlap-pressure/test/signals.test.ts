import '@stepclock/vitest-matchers';
import { DECODE, type PhaseTable, PREFILL } from '@stepclock/trace-io';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  exposures,
  fullPressures,
  type LastSteps,
  lastStepCorrection,
  lastSteps,
  missingTokens,
  prefixIntegral,
  prefixSum,
  staticCorrection,
  stepCounts,
  sumBetween,
  sumOverPhases,
  type TimeGrid,
  timeGrid,
} from '../src/index.js';
import { plainActiveSum, plainIntegral, plainLastStepCorrection, plainSegments } from './plain-signals.js';
import { anyChunkSize, anyPhases, randomPhases } from './random-phases.js';

const gridOf = (phases: PhaseTable) => timeGrid(phases.startSec, phases.endSec);
const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
/** A step density that changes from segment to segment. */
const densityOf = (count: number): Float64Array =>
  Float64Array.from({ length: count }, (_, j) => 1 + ((j * 7) % 11) / 3);
const correctionOf = (grid: TimeGrid, last: LastSteps, onSegment: Float64Array): Float64Array => {
  const running = prefixSum(onSegment);
  return lastStepCorrection(last, sumOverPhases(grid, running), onSegment, running);
};
const phaseTable = (rows: [kind: number, start: number, end: number, tokens: number][]): PhaseTable => ({
  length: rows.length,
  kind: Uint8Array.from(rows, ([kind]) => kind),
  startSec: Float64Array.from(rows, ([, start]) => start),
  endSec: Float64Array.from(rows, ([, , end]) => end),
  prefillTokens: Float64Array.from(rows, ([kind, , , tokens]) => (kind === PREFILL ? tokens : 0)),
  decodeTokens: Float64Array.from(rows, ([kind, , , tokens]) => (kind === DECODE ? tokens : 0)),
  request: Uint32Array.from(rows, (_, i) => i),
  requestIds: { length: rows.length, at: String },
});

describe('laws of the signals', () => {
  it('pressures are what counting the covering phases gives', () => {
    fc.assert(
      fc.property(anyPhases, anyChunkSize, (phases, chunkSize) => {
        const { prefill, decode } = fullPressures(phases, gridOf(phases), chunkSize);
        const is = (kind: number): number[] => Array.from(phases.kind, (k) => (k === kind ? 1 : 0));
        for (const [j, segment] of plainSegments(phases).entries()) {
          expect(prefill[j]).toBe(chunkSize * plainActiveSum(phases, segment, is(PREFILL)));
          expect(decode[j]).toBe(plainActiveSum(phases, segment, is(DECODE)));
        }
      }),
    );
  });

  it('fast integrals equal slow ones', () => {
    fc.assert(
      fc.property(anyPhases, (phases) => {
        const grid = gridOf(phases);
        const signal = densityOf(grid.segmentCount);
        const running = prefixIntegral(grid, signal);
        for (let i = 0; i < phases.length; i++) {
          const fast = sumBetween(running, grid.startIndex[i], grid.endIndex[i]);
          expect(fast).toAgree(plainIntegral(phases, signal, i), 1e-12);
        }
      }),
    );
  });

  it.each(['end', 'uniform', 'none'] as const)(
    'tokens are conserved: the integral of c is what is missing (%s)',
    (mode) => {
      fc.assert(
        fc.property(anyPhases, anyChunkSize, (phases, chunkSize) => {
          const grid = gridOf(phases);
          const missing = missingTokens(phases, stepCounts(phases, chunkSize), chunkSize);
          const rate = staticCorrection(mode, grid, missing);
          const total = sum(rate.map((c, j) => c * grid.segmentSec[j]));
          expect(total).toAgree(mode === 'none' ? 0 : sum(missing), 1e-11, 1e-12);
        }),
      );
    },
  );

  it('tokens are conserved on last steps, and the fast correction equals the slow one', () => {
    fc.assert(
      fc.property(anyPhases, anyChunkSize, fc.boolean(), (phases, chunkSize, again) => {
        const grid = gridOf(phases);
        const steps = stepCounts(phases, chunkSize);
        const missing = missingTokens(phases, steps, chunkSize);
        const density = densityOf(grid.segmentCount);
        const onSegment = density.map((d, j) => d * grid.segmentSec[j]);
        const last = lastSteps(grid, missing, steps);
        // Hints left by another density must not matter.
        if (again) {
          const other = onSegment.map((k, j) => k * (1 + ((j * 5) % 13)));
          correctionOf(grid, last, other);
        }
        const perStep = correctionOf(grid, last, onSegment);
        const taken = missing.filter((_, i) => steps[i] > 0);
        expect(sum(perStep.map((c, j) => c * onSegment[j]))).toAgree(sum(taken), 1e-11, 1e-10);
        const plain = plainLastStepCorrection(phases, missing, steps, density);
        expect(perStep.map((c, j) => c * density[j])).toAgree(plain, 1e-9, 1e-9 * (1 + Math.max(...plain)));
      }),
      { numRuns: 300 },
    );
  });

  it('exposures equal slow integrals', () => {
    fc.assert(
      fc.property(anyPhases, anyChunkSize, (phases, chunkSize) => {
        const grid = gridOf(phases);
        const pressures = fullPressures(phases, grid, chunkSize);
        const steps = stepCounts(phases, chunkSize);
        const correction = staticCorrection('uniform', grid, missingTokens(phases, steps, chunkSize));
        const density = steps.map((n, i) => n / (phases.endSec[i] - phases.startSec[i]));
        const got = exposures(grid, pressures, correction, density);
        for (let i = 0; i < phases.length; i++) {
          const lambda = density[i];
          const full = lambda * plainIntegral(phases, pressures.prefill, i);
          const off = plainIntegral(phases, correction, i);
          expect(got.prefillTokens[i]).toAgree(full - off, 0, 1e-11 * (full + off) + 1e-12);
          expect(got.decodeTokens[i]).toAgree(lambda * plainIntegral(phases, pressures.decode, i), 1e-11);
        }
      }),
    );
  });

  it('a window of many spans is found wherever the search begins', () => {
    const phases = phaseTable([
      [PREFILL, 0, 6000, 6000 * 64 - 5],
      ...Array.from({ length: 5999 }, (_, i): [number, number, number, number] => [DECODE, i, i + 1, 1]),
    ]);
    const grid = gridOf(phases);
    for (const chunkSize of [64, 5000, 150_000, 4e5]) {
      const steps = stepCounts(phases, chunkSize);
      const missing = missingTokens(phases, steps, chunkSize);
      const onSegment = new Float64Array(grid.segmentCount).fill(1);
      const last = lastSteps(grid, missing, steps);
      for (const hint of [0, 1, 1023, 1024, 3000, 5998]) {
        last.hint[0] = hint;
        const perStep = correctionOf(grid, last, onSegment);
        expect(sum(perStep)).toAgree(missing[0], 1e-10);
        const window = 6000 / steps[0];
        expect(perStep.filter((c) => c > 1e-12).length).toBe(Math.ceil(window));
      }
    }
  });
});

describe('chunks', () => {
  it('counts steps: ceil(P / C) of a prefill, tokens of a decode, a given count wins', () => {
    const phases = phaseTable([
      [PREFILL, 0, 1, 96],
      [PREFILL, 0, 1, 64],
      [PREFILL, 0, 1, 0],
      [DECODE, 0, 1, 7],
    ]);
    expect([...stepCounts(phases, 64)]).toEqual([2, 1, 0, 7]);
    const given = { ...phases, steps: new Float64Array([5, Number.NaN, 1, 0]) };
    expect([...stepCounts(given, 64)]).toEqual([5, 1, 1, 0]);
  });

  it('misses what the last chunk lacks, between nothing and a chunk', () => {
    const phases = phaseTable([
      [PREFILL, 0, 1, 96],
      [PREFILL, 0, 1, 128],
      [PREFILL, 0, 1, 0],
      [DECODE, 0, 1, 7],
      [PREFILL, 0, 1, 64],
      [PREFILL, 0, 1, 640],
    ]);
    // By hand: 96 = 64 + 32; 128 fills two; no steps lack nothing; a decode has no chunk; 5 steps for 64 tokens leave the
    // last one empty; 2 steps for 640 tokens are more than full.
    const steps = new Float64Array([2, 2, 0, 7, 5, 2]);
    expect([...missingTokens(phases, steps, 64)]).toEqual([32, 0, 0, 0, 64, 0]);
  });

  it('puts all of mu on the segment that starts at the end, or on the last one', () => {
    const phases = phaseTable([
      [PREFILL, 0, 1, 96],
      [PREFILL, 0, 3, 100],
    ]);
    const rate = staticCorrection('end', gridOf(phases), new Float64Array([32, 28]));
    expect([...rate]).toEqual([0, (32 + 28) / 2]);
    expect([...staticCorrection('uniform', gridOf(phases), new Float64Array([32, 27]))]).toEqual([32 + 9, 9]);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY])('a chunk size of %d is refused', (chunkSize) => {
    const phases = phaseTable([[PREFILL, 0, 1, 96]]);
    for (const attempt of [
      () => stepCounts(phases, chunkSize),
      () => missingTokens(phases, new Float64Array(1), chunkSize),
    ]) {
      expect(attempt).toThrow(
        expect.objectContaining({
          code: 'overlap-pressure/bad-chunk-size',
          message: `chunkSize: must be finite and above 0; got ${chunkSize}`,
          row: undefined,
        }),
      );
    }
  });

  it.each([-1, Number.POSITIVE_INFINITY])(
    'counts of %d are refused, of tokens and of steps, with their row',
    (count) => {
      const refused = (what: string, kind: number, steps?: number) => {
        const rows = phaseTable([
          [PREFILL, 0, 1, 5],
          [kind, 0, 1, what === 'tokens' ? count : 5],
        ]);
        const phases = steps === undefined ? rows : { ...rows, steps: Float64Array.of(Number.NaN, steps) };
        expect(() => stepCounts(phases, 64)).toThrow(
          expect.objectContaining({
            name: 'Fault',
            code: 'overlap-pressure/bad-count',
            message: `${what}: must be finite and at least 0; got ${count} (row 1)`,
            row: 1,
          }),
        );
      };
      refused('tokens', PREFILL);
      refused('tokens', DECODE);
      refused('steps', PREFILL, count);
      refused('steps', DECODE, count);
    },
  );

  it('tokens that are no number are refused, and a given count does not hide them', () => {
    const phases = phaseTable([[DECODE, 0, 1, Number.NaN]]);
    for (const table of [phases, { ...phases, steps: Float64Array.of(3) }]) {
      expect(() => stepCounts(table, 64)).toThrow('tokens: must be finite and at least 0; got NaN (row 0)');
    }
  });

  it('a prefill with a given count may have unknown tokens, until somebody asks how many its last chunk lacks', () => {
    const phases = { ...phaseTable([[PREFILL, 0, 1, Number.NaN]]), steps: Float64Array.of(3) };
    const steps = stepCounts(phases, 64);
    expect([...steps]).toEqual([3]);
    expect(() => missingTokens(phases, steps, 64)).toThrow(
      'prefill tokens: must be known for a correction of last chunks; got "nothing" (row 0)',
    );
  });

  it('no steps, no tokens: nothing is missing and nothing is counted', () => {
    const none = phaseTable([
      [PREFILL, 0, 1, 0],
      [DECODE, 0, 1, 0],
    ]);
    expect([...stepCounts(none, 64)]).toEqual([0, 0]);
    const grid = gridOf(none);
    for (const mode of ['end', 'uniform', 'none'] as const) {
      expect([...staticCorrection(mode, grid, new Float64Array(2))]).toEqual([0]);
    }
    expect(lastSteps(grid, new Float64Array(2), new Float64Array(2))).toMatchObject({ length: 0, wholes: 0 });
  });

  it.each([
    [
      'a chunk size of 0',
      () => stepCounts(randomPhases(3, 1, false, false), 0),
      'chunkSize: must be finite and above 0; got 0',
    ],
    [
      'a chunk size of NaN',
      () => missingTokens(randomPhases(3, 1, false, false), new Float64Array(3), Number.NaN),
      'chunkSize: must be finite and above 0; got NaN',
    ],
    [
      'negative tokens',
      () => stepCounts(phaseTable([[PREFILL, 0, 1, -1]]), 64),
      'tokens: must be finite and at least 0; got -1 (row 0)',
    ],
    [
      'negative steps',
      () => stepCounts({ ...phaseTable([[DECODE, 0, 1, 1]]), steps: new Float64Array([-2]) }, 64),
      'steps: must be finite and at least 0; got -2 (row 0)',
    ],
  ])('refuses %s', (_, attempt, message) => {
    expect(attempt).toThrow(expect.objectContaining({ name: 'Fault', message }));
  });
});
