import { runScenario, type Scenario, scenarios } from '@stepclock/engine-sim';
import { seededRandom } from '@stepclock/numerics';
import { type Betas, stepCost, stretchOfStep } from '@stepclock/step-cost';
import type { StepColumns } from '@stepclock/step-model';

/** Mean 1 each: right-skewed noise as real steps have it. */
const NOISE = {
  lognormal: (random: () => number): number =>
    Math.exp(0.1 * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random()) - 0.005),
  Pareto: (random: () => number): number => 0.95 * (1 - random()) ** -0.05,
} as const;

const CURVE: Betas = { decode_seqs_over_16: 8e-5, prefill_step: 0.003, prefill_context: 1e-8 };
/** Bursts, so that batches lie on both sides of the curve's knot. */
const BURSTY: Scenario = { ...scenarios.kv, arrivals: { kind: 'gamma', perSec: 8, shape: 1 / 8 } };

const ENGINES: readonly (readonly [name: string, scenario: Scenario, more: Betas, stepsPerRequest: number])[] = [
  ['kv', scenarios.kv, {}, 5],
  ['kv, a curve, prefill_step and prefill_context', BURSTY, CURVE, 10],
  ['budget-2048-light', scenarios['budget-2048-light'], {}, 35],
];

export interface SimulatedLog {
  readonly name: string;
  /** Seconds per unit of each term that the engine has. */
  readonly truth: Betas;
  readonly steps: StepColumns;
  /** The steps without noise and stalls, s. */
  readonly trueSec: Float64Array;
  /** 1 for a step that stalls. */
  readonly stalls: Uint8Array;
}

/**
 * Engines whose steps are skewed and stall: 2 % of them take twenty times as long.
 *
 * @param length steps of a log, about
 */
export const simulatedLogs = (length: number, seed = 11): readonly SimulatedLog[] =>
  ENGINES.flatMap(([name, scenario, more, stepsPerRequest]) => {
    const { beta0, beta1, beta2, beta3 } = scenario.engine.coefficients;
    const truth: Betas = { beta0, beta1, beta2, ...(beta3 !== undefined && { beta3 }), ...more };
    const cost = stepCost(truth);
    const { steps } = runScenario(scenario, {
      requests: Math.round(length / stepsPerRequest),
      seed,
      stepSeconds: (step: Parameters<typeof stretchOfStep>[0]) => cost.secondsOf(stretchOfStep(step)),
    });
    const { startSec: _, durationSec: trueSec, ...log } = steps;
    return (Object.keys(NOISE) as (keyof typeof NOISE)[]).map((noise) => {
      const random = seededRandom(seed, `${name} ${noise}`);
      const stalls = new Uint8Array(steps.length);
      const durationSec = trueSec.map((sec, i) => {
        const noisy = sec * NOISE[noise](random);
        stalls[i] = random() < 0.02 ? 1 : 0;
        return stalls[i] === 1 ? 20 * noisy : noisy;
      });
      return { name: `${name}, ${noise}`, truth, steps: { ...log, durationSec }, trueSec, stalls };
    });
  });
