import { listed } from '@stepclock/faults';
import { seededRandom, shuffled } from '@stepclock/numerics';
import { knobKeys, rowsByKey } from '../data/configurations.js';
import { hasTotalsAlone, type StageTable } from '../data/stage-table.js';
import { stageFault } from '../stage-fault.js';

/** Row numbers of one seed's sets. Test and samples are rows of the target, source rows those of the source. */
export interface DrawnSets {
  readonly test: Uint32Array;
  /** In random order: the first N are the samples for N. */
  readonly pool: Uint32Array;
  readonly source: Uint32Array;
}

/** Held out by default. */
const MOST_TEST = 100;
const TEST_SHARE = 0.26;

export const testSize = (table: StageTable, asked: number): number =>
  asked > 0 ? asked : Math.max(1, Math.min(MOST_TEST, Math.round(TEST_SHARE * table.length)));

/** Most samples that every seed can draw: rows of equal knobs go to the test set together, and the last of them may carry it past its size. */
export const mostSamples = (table: StageTable, test: number): number =>
  table.length - test + 1 - rowsByKey(knobKeys(table)).reduce((most, rows) => Math.max(most, rows.length), 1);

/**
 * One seed's test set, calibration pool and source set. Rows of equal knobs (answers of several lengths) are on one side only. When the source
 * has no more configurations than are asked for, all of them train the source model, those of the test set included: they were measured on the
 * source, and only times on the target are held out.
 *
 * @throws Fault `stage/too-many-samples` when the test set leaves nothing to calibrate on
 */
export const drawSets = (
  source: StageTable,
  target: StageTable,
  test: number,
  sourceConfigurations: number,
  seed: number,
): DrawnSets => {
  if (!(test >= 1 && mostSamples(target, test) >= 1)) {
    throw stageFault('stage/too-many-samples', {
      what: 'test configurations',
      rule: `must leave some of the target's ${target.length} to calibrate on`,
      value: test,
    });
  }
  const keys = knobKeys(target);
  const groups = rowsByKey(keys);
  const order = Array.from(shuffled(groups.length, seededRandom(seed, 'test')), (group) => groups[group]);
  let groupsTested = 0;
  for (let rows = 0; rows < test; groupsTested++) rows += order[groupsTested].length;
  const testRows = Uint32Array.from(order.slice(0, groupsTested).flat());
  const free = order.slice(groupsTested).flat();
  const pool =
    groups.length === target.length
      ? Uint32Array.from(free)
      : Uint32Array.from(shuffled(free.length, seededRandom(seed, 'pool')), (i) => free[i]);
  const all = shuffled(source.length, seededRandom(seed, 'source'));
  if (source.length <= sourceConfigurations) return { test: testRows, pool, source: all.sort() };
  const held = new Set(Array.from(testRows, (row) => keys[row]));
  const sourceKeys = knobKeys(source);
  const unseen = all.filter((row) => !held.has(sourceKeys[row]));
  return { test: testRows, pool, source: unseen.slice(0, sourceConfigurations).sort() };
};

/** @throws Fault `stage/other-knobs`, `stage/other-stages` when source and target are not the same experiment */
export const refuseOtherExperiment = (source: StageTable, target: StageTable): void => {
  const names = (table: StageTable): string[] => table.knobs.map(({ name, kind }) => `${name} (${kind})`);
  const [a, b] = [names(source), names(target)];
  if (a.some((name) => !b.includes(name)) || b.some((name) => !a.includes(name))) {
    throw stageFault('stage/other-knobs', {
      what: 'target',
      rule: `must have the knobs of the source (${listed(a, 20)})`,
      value: listed(b, 20),
      file: target.origin?.files[0],
    });
  }
  if (source.stageNames.join() !== target.stageNames.join() && !hasTotalsAlone(target)) {
    throw stageFault('stage/other-stages', {
      what: 'target',
      rule: `must have the stages of the source (${source.stageNames.join(', ')})`,
      value: target.stageNames.join(', '),
      file: target.origin?.files[0],
    });
  }
};
