import '@stepclock/vitest-matchers';
import { describe, expect, it } from 'vitest';
import { type Evaluation, minimise } from '../src/index.js';

/** `(x - c)' A (x - c) / 2` of two variables, and where it was evaluated. */
const quadratic = (a: readonly [number, number, number], c: readonly [number, number]) => {
  const visited: number[][] = [];
  const f = (x: Float64Array): Evaluation => {
    visited.push([...x]);
    const [u, v] = [(x[0] ?? 0) - c[0], (x[1] ?? 0) - c[1]];
    return {
      value: (a[0] * u * u + 2 * a[1] * u * v + a[2] * v * v) / 2,
      gradient: Float64Array.of(a[0] * u + a[1] * v, a[1] * u + a[2] * v),
    };
  };
  return { f, visited };
};

/** `x` of one variable. */
const line = (slope: number) => {
  let calls = 0;
  return {
    calls: () => calls,
    f: (x: Float64Array): Evaluation => {
      calls++;
      return { value: x[0] ?? 0, gradient: Float64Array.of(slope) };
    },
  };
};

const rosenbrock = (x: Float64Array): Evaluation => {
  const [a = 0, b = 0] = x;
  return {
    value: (1 - a) ** 2 + 100 * (b - a * a) ** 2,
    gradient: Float64Array.of(-2 * (1 - a) - 400 * a * (b - a * a), 200 * (b - a * a)),
  };
};

describe('minimise', () => {
  it('learns the curvature of a function of any scale', () => {
    for (const scale of [1e-30, 1e-14, 1, 1e20]) {
      const f = (x: Float64Array): Evaluation => {
        const { value, gradient } = rosenbrock(x);
        return { value: scale * value, gradient: gradient.map((slope) => scale * slope) };
      };
      const { x, iterations, converged } = minimise(f, Float64Array.of(-1.2, 1), { tolerance: 1e-18 * scale });
      expect(converged).toBe(true);
      expect(x).toAgree([1, 1], 1e-6);
      expect(iterations).toBeLessThan(60);
    }
  });

  it('calls no point a minimum where the function is not defined', () => {
    const nowhere = () => ({ value: Number.POSITIVE_INFINITY, gradient: new Float64Array(1) });
    expect(minimise(nowhere, Float64Array.of(1)).converged).toBe(false);
  });

  it('finds the minimum of a quadratic, and its inverse Hessian', () => {
    const { f } = quadratic([3, 1, 2], [0.7, -1.2]);
    const { x, inverseHessian } = minimise(f, Float64Array.of(0, 0), { tolerance: 1e-20 });
    expect(x).toAgree([0.7, -1.2], 1e-7);
    // Of [3 1; 1 2]: [2 -1; -1 3] / 5.
    expect(inverseHessian).toAgree([0.4, -0.2, -0.2, 0.6], 0.01);
  });

  it('finds the minimum of the Rosenbrock valley', () => {
    const { x } = minimise(rosenbrock, Float64Array.of(-1.2, 1), { tolerance: 1e-20 });
    expect(x).toAgree([1, 1], 1e-5);
  });

  it('updates the inverse Hessian by the textbook: (1 - s y’/s’y) H (1 - y s’/s’y) + s s’/s’y, first H = (s’y / y’y) 1', () => {
    const { f } = quadratic([3, 1, 2], [0.7, -1.2]);
    const start = Float64Array.of(0.2, 0.1);
    const states = [0, 1, 2].map((maxIterations) => minimise(f, start, { maxIterations, tolerance: 0 }));
    expect([...(states[0]?.x ?? [])]).toEqual([0.2, 0.1]);
    let h = [
      [1, 0],
      [0, 1],
    ];
    states.slice(1).forEach(({ x, inverseHessian }, k) => {
      const before = states[k]?.x ?? start;
      const s = [...x].map((value, i) => value - (before[i] ?? 0));
      const [g, gBefore] = [f(x).gradient, f(before).gradient];
      const y = [...g].map((value, i) => value - (gBefore[i] ?? 0));
      const [s0 = 0, s1 = 0, y0 = 0, y1 = 0] = [...s, ...y];
      const sy = s0 * y0 + s1 * y1;
      if (k === 0) h = h.map((row) => row.map((value) => (value * sy) / (y0 * y0 + y1 * y1)));
      const left = [0, 1].map((i) => [0, 1].map((j) => (i === j ? 1 : 0) - ((s[i] ?? 0) * (y[j] ?? 0)) / sy));
      h = [0, 1].map((i) =>
        [0, 1].map((j) => {
          let sum = ((s[i] ?? 0) * (s[j] ?? 0)) / sy;
          for (const a of [0, 1]) {
            for (const b of [0, 1]) sum += (left[i]?.[a] ?? 0) * (h[a]?.[b] ?? 0) * (left[j]?.[b] ?? 0);
          }
          return sum;
        }),
      );
      expect(inverseHessian).toAgree(h.flat(), 1e-9, 1e-12);
      // The secant equation.
      expect([
        (inverseHessian[0] ?? 0) * y0 + (inverseHessian[1] ?? 0) * y1,
        (inverseHessian[2] ?? 0) * y0 + (inverseHessian[3] ?? 0) * y1,
      ]).toAgree(s, 1e-9, 1e-12);
    });
  });

  it('takes a bare gradient half a unit far, and a known curvature at most two', () => {
    const steep = quadratic([50, 0, 2], [9, 7]);
    minimise(steep.f, Float64Array.of(0, 0), { maxIterations: 1 });
    // Down the gradient (450, 14), 0.5 along the longer of them.
    expect(steep.visited[1]).toAgree([0.5, (0.5 * 14) / 450], 1e-12);
    const known = quadratic([50, 0, 2], [9, 7]);
    const inverseHessian = Float64Array.of(1 / 50, 0, 0, 1 / 2);
    minimise(known.f, Float64Array.of(0, 0), { maxIterations: 1, inverseHessian });
    // Newton's step is (9, 7), cut to 2 along the longer of them.
    expect(known.visited[1]).toAgree([2, 14 / 9], 1e-12);
    const near = quadratic([50, 0, 2], [1.5, -1]);
    expect(minimise(near.f, Float64Array.of(0, 0), { maxIterations: 1, inverseHessian }).x).toAgree([1.5, -1], 1e-12);
  });

  it('goes down the gradient when the curvature it was given points uphill', () => {
    const { f, visited } = quadratic([1, 0, 1], [4, 0]);
    const uphill = Float64Array.of(-1, 0, 0, -1);
    const { x } = minimise(f, Float64Array.of(0, 0), { inverseHessian: uphill, tolerance: 1e-20 });
    expect(visited[1]).toAgree([0.5, 0], 1e-12);
    expect(x).toAgree([4, 0], 1e-6, 1e-6);
    // A curvature that says nothing is given up as well.
    const flat = quadratic([1, 0, 1], [4, 0]);
    minimise(flat.f, Float64Array.of(0, 0), { inverseHessian: new Float64Array(4), maxIterations: 1 });
    expect(flat.visited[1]).toAgree([0.5, 0], 1e-12);
  });

  it('stays at a minimum', () => {
    const { f, visited } = quadratic([1, 0, 1], [4, 0]);
    const { x, inverseHessian } = minimise(f, Float64Array.of(4, 0));
    expect([...x]).toEqual([4, 0]);
    expect([...inverseHessian]).toEqual([1, 0, 0, 1]);
    expect(visited).toHaveLength(1);
  });

  it('halves a step that does not go down far enough', () => {
    const visited: number[] = [];
    const parabola = (x: Float64Array): Evaluation => {
      visited.push(x[0] ?? 0);
      return { value: (x[0] ?? 0) ** 2, gradient: x.map((value) => 2 * value) };
    };
    // From 0.25 a step of half a unit lands on the other side at the same height; half of it is the minimum.
    expect([...minimise(parabola, Float64Array.of(0.25)).x]).toEqual([0]);
    expect(visited).toEqual([0.25, -0.25, 0]);
  });

  it('keeps to where the function is defined', () => {
    const walled = (x: Float64Array): Evaluation => {
      const [at = 0] = x;
      return { value: at > 0.1 ? at * at : Number.POSITIVE_INFINITY, gradient: Float64Array.of(2 * at) };
    };
    const [at = 0] = minimise(walled, Float64Array.of(0.4), { tolerance: 1e-9 }).x;
    expect(at).toBeGreaterThan(0.1);
    expect(at).toBeLessThan(0.101);
  });

  it('gives up after thirty halvings of a gradient that is wrong', () => {
    const { f, calls } = line(-1);
    const { x, inverseHessian } = minimise(f, Float64Array.of(3));
    expect([...x]).toEqual([3]);
    expect([...inverseHessian]).toEqual([1]);
    // At the start, the whole step, and thirty halves.
    expect(calls()).toBe(32);
  });

  it('ends after as many iterations as it is told, 100 by default, on a slope without an end', () => {
    // No curvature, so nothing is learnt: half a unit at a time.
    expect(minimise(line(1).f, Float64Array.of(0)).x).toAgree([-50], 1e-12);
    const { x, inverseHessian } = minimise(line(1).f, Float64Array.of(0), { maxIterations: 3 });
    expect(x).toAgree([-1.5], 1e-12);
    expect([...inverseHessian]).toEqual([1]);
  });

  it('ends when a step gains less than the tolerance', () => {
    // Half a unit down a slope of 1 gains 0.5, and that is not less. Without curvature two such steps end it.
    expect(minimise(line(1).f, Float64Array.of(0), { tolerance: 0.5, maxIterations: 4 }).x).toAgree([-2], 1e-12);
    expect(minimise(line(1).f, Float64Array.of(0), { tolerance: 0.51, maxIterations: 4 }).x).toAgree([-1], 1e-12);
    // By default 5e-3.
    const gentle = (slope: number) => (x: Float64Array) => ({
      value: slope * (x[0] ?? 0),
      gradient: Float64Array.of(slope),
    });
    // A step of the slope's own length where that is below half a unit: it gains the slope's square.
    expect(minimise(gentle(0.07), Float64Array.of(0), { maxIterations: 9 }).x).toAgree([-0.14], 1e-12);
    expect(minimise(gentle(0.072), Float64Array.of(0), { maxIterations: 9 }).x).toAgree([-0.648], 1e-12);
  });

  it('stays in its box, and finds the best there', () => {
    const { f, visited } = quadratic([3, 1, 2], [0.7, -1.2]);
    const bounds = { lower: Float64Array.of(-1, -0.5), upper: Float64Array.of(1, 2) };
    const { x, converged } = minimise(f, Float64Array.of(5, 5), { bounds, tolerance: 1e-20 });
    // y at its wall -0.5; there d/dx = 3 (x - 0.7) + (-0.5 + 1.2) = 0.
    expect(x).toAgree([0.7 - 0.7 / 3, -0.5], 1e-8);
    expect(converged).toBe(true);
    for (const [a = 0, b = 0] of visited) {
      expect(a).toBeGreaterThanOrEqual(-1);
      expect(a).toBeLessThanOrEqual(1);
      expect(b).toBeGreaterThanOrEqual(-0.5);
      expect(b).toBeLessThanOrEqual(2);
    }
    // A corner that the gradient presses into from both sides.
    const corner = minimise(f, Float64Array.of(0, 0), {
      bounds: { lower: Float64Array.of(1, 0), upper: Float64Array.of(2, 3) },
    });
    expect([...corner.x]).toEqual([1, 0]);
  });

  it('says where it ended, after how many iterations, and whether that is a minimum', () => {
    const { f } = quadratic([3, 1, 2], [0.7, -1.2]);
    const found = minimise(f, Float64Array.of(0, 0), { tolerance: 1e-20 });
    expect(found.value).toAgree(0, 1e-12, 1e-12);
    expect(found.converged).toBe(true);
    const cut = minimise(line(1).f, Float64Array.of(0), { maxIterations: 3 });
    expect([cut.converged, cut.iterations]).toEqual([false, 3]);
    expect(cut.value).toAgree(-1.5, 1e-12);
  });
});
