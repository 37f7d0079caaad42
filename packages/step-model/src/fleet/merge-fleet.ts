import { CATALOGUE, type Term } from '@stepclock/step-cost';
import type { EngineLine } from './engine-line.js';
import { type FleetEngine, fleetEngine, isModelled } from './fleet-engine.js';
import { type PooledCoefficients, pooledCoefficients } from './pooled-coefficients.js';
import { meanStep, type Shift, type StandingOut, standingOut, stepShares } from './standing-out.js';

/** The engines of one kind, pooled. */
export interface FleetKind {
  /** Null: engines whose lines name none. */
  readonly label: string | null;
  /** By name. */
  readonly engines: readonly FleetEngine[];
  readonly pooled: PooledCoefficients;
  /** Engines that the pool leaves out: they stand out, so they are not of the kind. */
  readonly standingOut: readonly StandingOut[];
  /** Of each engine, a step of the kind's mean composition against the median of them all. */
  readonly shares: readonly Shift[];
  /** A step of the kind's mean composition by the pooled coefficients, s. */
  readonly meanStepSec: number;
}

/** An engine without a model, and why. */
export interface FailedEngine {
  readonly engine: string;
  readonly rows: number;
  readonly code: string;
  readonly message: string;
}

export interface Fleet {
  readonly level: number;
  readonly lines: number;
  readonly rows: number;
  readonly used: number;
  /** By label; the kind without one first. */
  readonly kinds: readonly FleetKind[];
  readonly failed: readonly FailedEngine[];
}

const LEVEL = 0.95;
/** By code point: the same in every locale. */
const inOrder = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * A fleet from the lines of its engines, in any order: windows of one engine are summed, coefficients of engines of one kind pooled with a variance
 * between them, and those that stand out are named and left out of the pool.
 *
 * @throws Fault as {@link fleetEngine} does
 */
export const mergeFleet = (lines: Iterable<EngineLine>, catalogue: readonly Term[] = CATALOGUE): Fleet => {
  const byEngine = new Map<string, EngineLine[]>();
  let count = 0;
  for (const line of lines) {
    count++;
    const held = byEngine.get(line.engine);
    if (held === undefined) byEngine.set(line.engine, [line]);
    else held.push(line);
  }
  const all = [...byEngine].sort(([a], [b]) => inOrder(a, b)).map(([, of]) => of);
  const failed: FailedEngine[] = [];
  const engines = all.flatMap((of) => {
    const [bad] = of.filter((line) => !line.ok);
    const good = of.filter(isModelled);
    const rows = of.reduce((sum, line) => sum + line.rows, 0);
    if (bad !== undefined) failed.push({ engine: bad.engine, rows: bad.rows, code: '', message: '', ...bad.error });
    if (good.length === 0) return [];
    const engine = fleetEngine(good, catalogue);
    if (engine !== undefined) return [engine];
    const message = 'its log is too short for intervals, and nothing can be pooled without them';
    failed.push({ engine: of[0].engine, rows, code: 'no-intervals', message });
    return [];
  });
  const labels = [...new Set(engines.map(({ label }) => label))].sort((a, b) => inOrder(a ?? '', b ?? ''));
  const sum = (of: (line: EngineLine) => number): number => all.flat().reduce((total, line) => total + of(line), 0);
  return {
    level: LEVEL,
    lines: count,
    rows: sum(({ rows }) => rows),
    used: sum(({ used }) => used),
    kinds: labels.map((label) =>
      kindOf(
        label,
        engines.filter((engine) => engine.label === label),
        catalogue,
      ),
    ),
    failed,
  };
};

const kindOf = (label: string | null, engines: readonly FleetEngine[], catalogue: readonly Term[]): FleetKind => {
  const terms = catalogue.filter((term) => engines.some((engine) => engine.terms.includes(term)));
  const shares = stepShares(engines, terms);
  const odd = standingOut(engines, shares);
  const out = new Set(odd.map(({ engine }) => engine));
  const like = engines.filter(({ name }) => !out.has(name));
  const pooled = pooledCoefficients(like, catalogue, LEVEL);
  const composition = meanStep(like, terms);
  const meanStepSec = pooled.coefficients.reduce(
    (sum, { term, value }) => sum + value * composition[terms.indexOf(term)],
    0,
  );
  return { label, engines, pooled, standingOut: odd, shares, meanStepSec };
};
