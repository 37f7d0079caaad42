import { nnls } from '@stepclock/nnls-solver';
import { type PhaseTable, PREFILL } from '@stepclock/trace-io';

type Mode = 'end' | 'uniform' | 'none' | 'beta_informed';

export interface PlainRun {
  readonly beta: number[][];
  readonly rmse: number[];
  readonly r2: number[];
  readonly delta: number[];
  /** Features of every regression, one row a phase. */
  readonly designs: number[][][];
}

/**
 * The published estimators as docs/theory.md defines them, sentence by sentence: plain arrays, every integral a loop over all
 * segments, time points instead of indices. Quadratic, and good for a few hundred phases. Independent of overlap-pressure.
 */
export const plainPublished = (
  phases: PhaseTable,
  options: { chunk: number; minDuration?: number; init: Mode; rounds: number; mode?: Mode; tol?: number; eta?: number },
): PlainRun => {
  const { chunk: C, minDuration = 0, init, rounds, mode = 'beta_informed', tol = 1e-6, eta = 1 } = options;
  const all = Array.from({ length: phases.length }, (_, i) => {
    const prefill = phases.kind[i] === PREFILL;
    const P = phases.prefillTokens[i];
    const given = phases.steps?.[i] ?? Number.NaN;
    const N = Number.isNaN(given) ? (prefill ? Math.ceil(P / C) : phases.decodeTokens[i]) : given;
    const start = phases.startSec[i];
    const end = phases.endSec[i];
    const mu = prefill ? Math.min(Math.max(C - Math.min(Math.max(P - C * (N - 1), 0), C), 0), C) : 0;
    return { prefill, N, start, end, mu, T: Math.max(end - start, minDuration) };
  });
  const times = [...new Set(all.flatMap((p) => [p.start, p.end]))].sort((a, b) => a - b);
  const segments = times.slice(1).map((to, j) => ({ from: times[j], to, dt: to - times[j] }));
  const covers = (p: { start: number; end: number }, s: { from: number; to: number }) =>
    p.start <= s.from && s.to <= p.end;
  const over = (p: { start: number; end: number }, signal: number[]) =>
    segments.reduce((sum, s, j) => (covers(p, s) ? sum + signal[j] * s.dt : sum), 0);
  const full = segments.map((s) => C * all.filter((p) => p.prefill && covers(p, s)).length);
  const decode = segments.map((s) => all.filter((p) => !p.prefill && covers(p, s)).length);

  const correction = (how: Mode, lambda: number[]): number[] => {
    const c = segments.map(() => 0);
    for (const p of all.filter((q) => q.mu > 0)) {
      if (how === 'none') continue;
      const inside = segments.map((s, j) => ({ ...s, j })).filter((s) => covers(p, s));
      if (how === 'end') {
        const next = segments.findIndex((s) => s.from === p.end);
        const at = next < 0 ? segments.length - 1 : next;
        c[at] = c[at] + p.mu / (segments[at]?.dt as number);
      } else if (how === 'uniform') {
        for (const { j } of inside) c[j] = c[j] + p.mu / (p.end - p.start);
      } else if (p.N > 0) {
        const L = over(p, lambda);
        let before = 0;
        for (const { j, dt } of inside) {
          const here = lambda[j] * dt;
          const inWindow = Math.min(Math.max(before + here - (L - L / p.N), 0), here);
          c[j] = c[j] + ((p.mu / (L / p.N)) * inWindow) / dt;
          before += here;
        }
      }
    }
    return c;
  };
  const T = all.map((p) => p.T);
  const mean = T.reduce((a, b) => a + b, 0) / T.length;
  const fit = (rows: number[][]) => {
    const { x, residualNorm } = nnls(rows, T);
    const squares = residualNorm ** 2;
    const r2 = 1 - squares / T.reduce((sum, t) => sum + (t - mean) ** 2, 0);
    return { x: [...x], rmse: Math.sqrt(squares / T.length), r2 };
  };

  const c0 = correction(init, []);
  let rows = all.map((p) => {
    const lambda = p.N / p.T;
    return [p.N, lambda * over(p, full) - over(p, c0), lambda * over(p, decode)];
  });
  const first = fit(rows);
  const run = { beta: [first.x], rmse: [first.rmse], r2: [first.r2], delta: [] as number[], designs: [rows] };
  let q = full;
  for (let m = 0; m < rounds; m++) {
    const [b0, b1, b2] = run.beta[m] as [number, number, number];
    const lambda = segments.map((_, j) => 1 / Math.max(b0 + b1 * q[j] + b2 * decode[j], 1e-12));
    const c = correction(mode, lambda);
    q = full.map((p, j) => Math.max(p - c[j] / Math.max(lambda[j], 1e-12), 0));
    const weighted = (signal: number[]) => signal.map((v, j) => v * lambda[j]);
    rows = all.map((p) => {
      const L = over(p, lambda);
      return [p.N, (p.N * over(p, weighted(q))) / L, (p.N * over(p, weighted(decode))) / L];
    });
    run.designs.push(rows);
    const { x, rmse, r2 } = fit(rows);
    const next = x.map((v, k) => (1 - eta) * run.beta[m][k] + eta * v);
    const delta = Math.hypot(...next.map((v, k) => v - run.beta[m][k]));
    run.beta.push(next);
    run.rmse.push(rmse);
    run.r2.push(r2);
    run.delta.push(delta);
    if (delta < tol) break;
  }
  return run;
};

/** Whether the columns of a design, those of zeros aside, are independent: else no coefficients are the answer. */
export const independent = (rows: readonly (readonly number[])[]): boolean => {
  const kept: number[][] = [];
  for (const j of [0, 1, 2]) {
    const column = rows.map((row) => row[j]);
    const length = Math.hypot(...column);
    if (length === 0) continue;
    let rest = column.map((v) => v / length);
    for (const unit of kept) {
      const along = rest.reduce((sum, v, i) => sum + v * unit[i], 0);
      rest = rest.map((v, i) => v - along * unit[i]);
    }
    const left = Math.hypot(...rest);
    if (!(left > 1e-6)) return false;
    kept.push(rest.map((v) => v / left));
  }
  return true;
};
