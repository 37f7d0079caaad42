import '@stepclock/vitest-matchers';
import fc from 'fast-check';
import { Matrix, pseudoInverse } from 'ml-matrix';
import { describe, expect, it } from 'vitest';
import { leastCorrection } from '../src/step-clock/clock/least-correction.js';
import type { OffsetGraph } from '../src/step-clock/clock/offset-graph.js';
import { trackClock } from '../src/step-clock/clock/track-clock.js';
import { wholeSteps } from '../src/step-clock/clock/whole-steps.js';

type Edge = readonly [from: number, to: number, gap: number];

const graphOf = (components: number, list: readonly Edge[]): OffsetGraph => {
  const touching = Array.from({ length: components }, (_, c) =>
    list.flatMap(([u, v], e) => (u === c || v === c ? [e] : [])),
  );
  const start = [0];
  for (const edges of touching) start.push((start.at(-1) as number) + edges.length);
  return {
    components,
    edges: list.length,
    segment: Int32Array.from(list, (_, e) => e),
    from: Int32Array.from(list, ([u]) => u),
    to: Int32Array.from(list, ([, v]) => v),
    gap: Float64Array.from(list, ([, , gap]) => gap),
    start: Int32Array.from(start),
    incident: Int32Array.from(touching.flat()),
  };
};

const steps = ({ edges, from, to, gap }: OffsetGraph, x: ArrayLike<number>): number[] =>
  Array.from({ length: edges }, (_, e) => x[to[e]] - x[from[e]] + gap[e]);

/** Any graph, with weights over six decades, and a clock to begin with. */
const anyGraph = fc.integer({ min: 2, max: 12 }).chain((components) =>
  fc.record({
    components: fc.constant(components),
    list: fc.array(
      fc
        .tuple(fc.nat(components - 1), fc.nat(components - 2), fc.integer({ min: -9, max: 9 }))
        .map(([u, v, gap]): Edge => [u, v < u ? v : v + 1, gap]),
      { minLength: 1, maxLength: 30 },
    ),
    seed: fc.array(fc.double({ min: 0, max: 20, noNaN: true }), { minLength: 30, maxLength: 30 }),
    decades: fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 30, maxLength: 30 }),
  }),
);

describe('leastCorrection', () => {
  it('is the weighted least-squares clock', () => {
    fc.assert(
      fc.property(anyGraph, ({ components, list, seed, decades }) => {
        const graph = graphOf(components, list);
        const expected = Float64Array.from(list, (_, e) => seed[e]);
        const weight = Float64Array.from(list, (_, e) => 10 ** decades[e]);
        const x = new Float64Array(components);
        leastCorrection(graph, expected, weight, x, 1e-13, 500);
        const incidence = Matrix.zeros(list.length, components);
        const target = Matrix.zeros(list.length, 1);
        for (const [e, [u, v, gap]] of list.entries()) {
          const root = Math.sqrt(weight[e]);
          incidence.set(e, u, -root);
          incidence.set(e, v, root);
          target.set(e, 0, root * (expected[e] - gap));
        }
        const plain = pseudoInverse(incidence).mmul(target).to1DArray();
        expect(steps(graph, x)).toAgree(steps(graph, plain), 1e-6, 1e-5);
      }),
      { numRuns: 60 },
    );
  });

  it('starts from the clock it is given: one that fits is left as it is, up to nothing at all', () => {
    const graph = graphOf(3, [
      [0, 1, 4],
      [1, 2, -1],
      [0, 2, 0],
    ]);
    const x = Float64Array.of(7, 10, 15);
    const { iterations, reduction } = leastCorrection(
      graph,
      Float64Array.of(7, 4, 8),
      new Float64Array(3).fill(2),
      x,
      1e-3,
      100,
    );
    expect([...x]).toEqual([7, 10, 15]);
    expect([iterations, reduction]).toEqual([0, 0]);
  });

  it('keeps the mean offset of what hangs together: no clock is moved for nothing', () => {
    const graph = graphOf(4, [
      [0, 1, 0],
      [1, 2, 0],
    ]);
    const x = Float64Array.of(0, 0, 0, 42);
    // Diagonal 1, 2, 1: with the diagonal as metric, x0 + 2 x1 + x2 stays.
    const { iterations } = leastCorrection(graph, Float64Array.of(3, 5), Float64Array.of(1, 1), x, 1e-12, 100);
    expect([...x]).toAgree([-3.5, -0.5, 4.5, 42], 1e-12);
    expect(iterations).toBeLessThanOrEqual(3);
  });

  it('stops at the iterations allowed, and says how far it came', () => {
    const n = 40;
    const graph = graphOf(
      n + 1,
      Array.from({ length: n }, (_, e): Edge => [e, e + 1, 0]),
    );
    const expected = Float64Array.from({ length: n }, (_, e) => 1 + (e % 5));
    const weight = new Float64Array(n).fill(1);
    const run = (tolerance: number, most: number) => {
      const x = new Float64Array(n + 1);
      return { ...leastCorrection(graph, expected, weight, x, tolerance, most), x };
    };
    expect(run(1e-9, 0)).toMatchObject({ iterations: 0, reduction: 1 });
    const some = run(1e-9, 3);
    expect(some.iterations).toBe(3);
    expect(some.reduction).toBeGreaterThan(0.01);
    expect(some.reduction).toBeLessThan(1.5);
    const all = run(1e-9, 500);
    expect(all.iterations).toBeLessThanOrEqual(n + 1);
    expect(all.reduction).toBeLessThanOrEqual(1e-9);
    expect(steps(graph, all.x)).toAgree(expected, 1e-7);
    const rough = run(0.3, 500);
    expect(rough.iterations).toBeLessThan(all.iterations);
    expect(rough.reduction).toBeLessThanOrEqual(0.3);
  });

  it('does not amplify rounding: what is exact to the last digit is left alone', () => {
    const graph = graphOf(2, [[0, 1, 0]]);
    // A billion steps are known to a tenth of a millionth, on either side of zero.
    for (const at of [1e9, -1e9]) {
      const x = Float64Array.of(at, at + 3 + 1.2e-7);
      const { iterations } = leastCorrection(graph, Float64Array.of(3), Float64Array.of(1), x, 1e-12, 100);
      expect(iterations).toBe(0);
      const far = Float64Array.of(at, at + 4);
      leastCorrection(graph, Float64Array.of(3), Float64Array.of(1), far, 1e-12, 100);
      expect(far[1] - far[0]).toAgree(3, 0, 3e-7);
    }
    const wide = Float64Array.of(0, 0.5);
    leastCorrection(graphOf(2, [[0, 1, 1e9]]), Float64Array.of(1e9 + 0.1), Float64Array.of(1), wide, 1e-12, 100);
    expect(wide[1] - wide[0]).toAgree(0.1, 0, 2e-7);
  });
});

describe('trackClock', () => {
  it('puts each component where its earlier neighbours expect it, by their weights', () => {
    // Both ways along an edge: 2 comes from 0 and 1, by edges that point forwards and backwards.
    const graph = graphOf(4, [
      [0, 1, 1],
      [0, 2, 2],
      [2, 1, 3],
    ]);
    const x = Float64Array.of(10, 0, 0, 77);
    trackClock(graph, Float64Array.of(5, 9, 4), Float64Array.of(1, 3, 1), x);
    // x1 = 10 + 5 - 1; x2: 3 times 10 + 9 - 2, once 14 - (4 - 3).
    expect([...x]).toEqual([10, 14, (3 * 17 + 13) / 4, 77]);
  });

  it('leaves the start of a busy period where it is, and follows from there', () => {
    const graph = graphOf(4, [
      [0, 1, 0],
      [2, 3, 0],
    ]);
    const x = Float64Array.of(1, 5, 100, 0);
    trackClock(graph, Float64Array.of(2, 3), Float64Array.of(1, 1), x);
    expect([...x]).toEqual([1, 3, 100, 103]);
  });
});

describe('wholeSteps', () => {
  const run = (graph: OffsetGraph, x: readonly number[], expected: readonly number[], weight: readonly number[]) => {
    const whole = new Float64Array(graph.components);
    const done = wholeSteps(graph, Float64Array.from(x), Float64Array.from(expected), Float64Array.from(weight), whole);
    // Adding 0 turns -0, which toEqual tells from 0, into 0.
    return { ...done, whole: [...whole].map((v) => v + 0) };
  };

  it('unwraps: a drift of the real clock shifts what comes after, it does not add up', () => {
    const n = 30;
    const graph = graphOf(
      n + 1,
      Array.from({ length: n }, (_, e): Edge => [e, e + 1, 0]),
    );
    // Each segment is expected to take 2.04 steps, so that the real clock is 1.2 steps ahead in the end.
    const x = Array.from({ length: n + 1 }, (_, c) => 2.04 * c);
    const { whole, unsure, settled } = run(graph, x, new Array(n).fill(2.04), new Array(n).fill(100));
    expect(whole).toEqual(Array.from({ length: n + 1 }, (_, c) => 2 * c));
    expect([unsure, settled]).toEqual([0, true]);
  });

  it('is sure from a quarter of a step: a weight above 16', () => {
    const graph = graphOf(2, [[0, 1, 0]]);
    const at = (weight: number) => run(graph, [0, 2.3], [2.3], [weight]);
    expect(at(16.1)).toMatchObject({ whole: [0, 2], unsure: 0, settled: true });
    const open = at(15.9);
    expect(open.unsure).toBe(2);
    expect(open.whole[1] - open.whole[0]).toAgree(2.3, 1e-12);
  });

  it('counts the offsets that stay real, and only those', () => {
    // 0 - 1 firmly, 1 - 2 loosely: 2 stays real, 1 is whole.
    const graph = graphOf(4, [
      [0, 1, 0],
      [1, 2, 0],
      [0, 3, 0],
    ]);
    const { whole, unsure } = run(graph, [0, 3.1, 5.4, 1.9], [3.1, 2.3, 1.9], [50, 1, 50]);
    expect(whole).toAgree([0, 3, 5.3, 2], 1e-12);
    expect(unsure).toBe(1);
  });

  it('corrects what later neighbours know better, until nothing moves', () => {
    // Alone, 1 would be rounded to 2; those after it say 3.
    const graph = graphOf(3, [
      [0, 1, 0],
      [1, 2, 1],
      [0, 2, 0],
    ]);
    const { whole, settled } = run(graph, [0, 2.45, 7.45], [2.45, 5.6, 7.9], [20, 30, 400]);
    expect(steps(graph, whole)).toEqual([3, 6, 8]);
    expect(settled).toBe(true);
  });

  it('each whole offset is the nearest to what all its neighbours expect, once settled', () => {
    fc.assert(
      fc.property(anyGraph, ({ components, list, seed, decades }) => {
        const graph = graphOf(components, list);
        const weight = list.map((_, e) => 50 * 10 ** decades[e]);
        const expected = list.map((_, e) => seed[e]);
        const x = new Float64Array(components);
        trackClock(graph, Float64Array.from(expected), Float64Array.from(weight), x);
        const { whole, settled, unsure } = run(graph, [...x], expected, weight);
        let real = 0;
        for (let c = 0; c < components; c++) {
          let total = 0;
          let sum = 0;
          for (const [e, [u, v, gap]] of list.entries()) {
            const span = expected[e] - gap;
            const w = weight[e];
            if (u !== c && v !== c) continue;
            total += w;
            sum += w * (v === c ? whole[u] + span : whole[v] - span);
          }
          if (total === 0) continue;
          if (total <= 16) real++;
          if (!settled) continue;
          if (total > 16) {
            expect(Number.isInteger(whole[c])).toBe(true);
            expect(Math.abs(whole[c] - sum / total)).toBeLessThanOrEqual(0.5 + 0.011);
          } else expect(whole[c]).toAgree(sum / total, 0, 0.011 * graph.edges);
        }
        expect(unsure).toBe(real);
      }),
      { numRuns: 60 },
    );
  });

  it('a component that nothing couples is rounded where it stands', () => {
    expect(run(graphOf(2, []), [3.4, 8.6], [], [])).toEqual({ whole: [3, 9], unsure: 0, settled: true });
  });

  it('gives up after twenty sweeps: real offsets far from rest creep', () => {
    const n = 60;
    const graph = graphOf(
      n + 1,
      Array.from({ length: n }, (_, e): Edge => [e, e + 1, 0]),
    );
    const { settled, unsure } = run(graph, new Array(n + 1).fill(0), new Array(n).fill(5), new Array(n).fill(1));
    expect([settled, unsure]).toEqual([false, n + 1]);
  });
});
