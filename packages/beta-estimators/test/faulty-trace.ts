import { runScenario, type Scenario, type ScenarioName, scenarios } from '@stepclock/engine-sim';
import { DECODE, type PhaseTable } from '@stepclock/trace-io';

/** A scenario's phases with every decode counting `by` steps more. */
export const miscounted = (phases: PhaseTable, by: number): PhaseTable => ({
  ...phases,
  decodeTokens: phases.decodeTokens.map((tokens, i) => (phases.kind[i] === DECODE ? tokens + by : 0)),
});

/** The rows that are kept, in their order. */
export const keptRows = (phases: PhaseTable, keep: (row: number) => boolean): PhaseTable => {
  const rows = Array.from({ length: phases.length }, (_, i) => i).filter(keep);
  const pick = (column: Float64Array): Float64Array => Float64Array.from(rows, (i) => column[i]);
  return {
    length: rows.length,
    kind: Uint8Array.from(rows, (i) => phases.kind[i]),
    startSec: pick(phases.startSec),
    endSec: pick(phases.endSec),
    prefillTokens: pick(phases.prefillTokens),
    decodeTokens: pick(phases.decodeTokens),
    request: Uint32Array.from(rows, (i) => phases.request[i]),
    requestIds: phases.requestIds,
  };
};

/** Without every tenth request. */
export const withMissing = (phases: PhaseTable): PhaseTable =>
  keptRows(phases, (i) => (phases.request[i] * 7919) % 10 !== 3);

/** Several engines whose instance column was lost. */
export const mixedEngines = (seed: number, requests = 1000): PhaseTable => {
  const { phases } = runScenario('budget-2048-medium', { seed, instances: 2, requests });
  return keptRows(phases, () => true);
};

const variant = (name: ScenarioName, changes: Partial<Scenario>): Scenario => ({ ...scenarios[name], ...changes });

export const shortOutputs = variant('budget-2048-medium', {
  output: { kind: 'lognormal', mean: 20, sigma: 0.7, atLeast: 2 },
});

/** Every request alike, one after the other: nothing varies. */
export const constantWorkload = variant('budget-2048-medium', {
  arrivals: { kind: 'gamma', perSec: 0.5, shape: 1e6 },
  prompt: { kind: 'lognormal', mean: 600, sigma: 0, atLeast: 1 },
  output: { kind: 'lognormal', mean: 150, sigma: 0, atLeast: 2 },
});
