import { runScenario, type ScenarioName, scenarios } from '@stepclock/engine-sim';
import { seededRandom } from '@stepclock/numerics';
import { type Betas, stepCost, stretchOfStep } from '@stepclock/step-cost';
import type { StepColumns } from '@stepclock/step-model';

/** Mean 1 each: right-skewed noise as real steps have it. */
const NOISE = {
  lognormal: (random: () => number): number =>
    Math.exp(0.1 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()) - 0.005),
  Pareto: (random: () => number): number => 0.95 * (1 - random()) ** -0.05,
} as const;

export interface SimulatedLog {
  readonly name: string;
  /** Seconds per unit of each term that the engine has. */
  readonly truth: Betas;
  readonly steps: StepColumns;
  /** The steps without noise and stalls, s. */
  readonly trueSec: Float64Array;
}

/** Engines whose steps are skewed and stall: 2 % of them take twenty times as long. */
export const simulatedLogs = (requests: number): readonly SimulatedLog[] => {
  const curve = { decode_seqs_over_16: 8e-5, prefill_step: 0.003, prefill_context: 2e-9 };
  const engines: readonly (readonly [string, ScenarioName, Betas])[] = [
    ['kv', 'kv', {}],
    ['kv, a curve, prefill_step and prefill_context', 'kv', curve],
    ['budget-2048-light', 'budget-2048-light', {}],
  ];
  return engines.flatMap(([name, scenario, more]) =>
    (Object.keys(NOISE) as (keyof typeof NOISE)[]).map((noise) => {
      const { beta0, beta1, beta2, beta3 } = scenarios[scenario].engine.coefficients;
      const truth: Betas = { beta0, beta1, beta2, ...(beta3 !== undefined && { beta3 }), ...more };
      const cost = stepCost(truth);
      const { steps } = runScenario(scenario, {
        requests,
        seed: 11,
        stepSeconds: (step: Parameters<typeof stretchOfStep>[0]) => cost.secondsOf(stretchOfStep(step)),
      });
      const random = seededRandom(11, `${name} ${noise}`);
      const durationSec = steps.durationSec.map((sec) => sec * NOISE[noise](random) * (random() < 0.02 ? 20 : 1));
      const { startSec: _, ...log } = steps;
      return { name: `${name}, ${noise}`, truth, steps: { ...log, durationSec }, trueSec: steps.durationSec };
    }),
  );
};
