import { seededRandom } from '@stepclock/numerics';
import { physicsPredictor } from '../regressors/physics.js';
import { rampEnergy } from '../regressors/power-ramp.js';
import { tokensOf } from '../regressors/tokens.js';

/** What a synthetic device does: the truth that a model trained on its data should find. */
export interface SyntheticModel {
  readonly name: string;
  /** Of `1, P, P^2` in s, s/token, s/token^2. */
  readonly prefill: readonly [number, number, number];
  /** Of `O - 1` steps and of the context read by them, s/token. */
  readonly decode: readonly [number, number];
  readonly power: { readonly plateauW: number; readonly dropW: number; readonly tauSec: number };
}

/** Invented, of the size of a 60 W edge device: nobody measured them. */
export const SYNTHETIC_MODELS: readonly SyntheticModel[] = [
  {
    name: '1.5B',
    prefill: [0.04, 6e-5, 6e-9],
    decode: [0.024, 1.5e-7],
    power: { plateauW: 38, dropW: 18, tauSec: 1.5 },
  },
  { name: '8B', prefill: [0.09, 4e-4, 3e-8], decode: [0.1, 7e-7], power: { plateauW: 43, dropW: 20, tauSec: 1.8 } },
  { name: '14B', prefill: [0.14, 8e-4, 6e-8], decode: [0.19, 1.1e-6], power: { plateauW: 46, dropW: 22, tauSec: 2 } },
];

const ROWS = 240;
const RUNS = 8;
/** Standard deviation of the relative noise of a duration and of a power. */
const TIME_NOISE = 0.002;
const POWER_NOISE = 0.004;
const PADDING = 128;
/** Faults, by row of each model: what the quality checks should find. */
const WARM_UP_ROW = 30;
const STALL_ROW = 100;
const WITHOUT_POWER = new Set([50, 51, 52, 53]);

/**
 * The tidy form, one row a request, of three models on an invented device: prompts and answers lognormal, with a warm-up, a stall and
 * rows without power. The same seed gives the same text.
 */
export const syntheticCsv = (seed = 6): string => {
  const lines = ['model,run,input_tokens,output_tokens,ttft_ms,decode_time_ms,total_time_ms,energy_j,power_w'];
  for (const model of SYNTHETIC_MODELS) {
    const uniform = seededRandom(seed, `token2metrics ${model.name}`);
    const normal = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
    const lognormal = (mean: number, sigma: number, low: number, high: number) =>
      Math.min(high, Math.max(low, Math.round(mean * Math.exp(sigma * normal()))));
    const [step, context] = model.decode;
    // `decode` counts O - 1 steps: the first token comes with the prefill.
    const decodeForm = physicsPredictor({
      coefficients: Float64Array.of(-step, 0, 0, step, context),
      padding: PADDING,
    });
    const prefillForm = physicsPredictor({ coefficients: Float64Array.of(...model.prefill, 0, 0), padding: PADDING });
    for (let row = 0; row < ROWS; row++) {
      const input = lognormal(300, 0.8, 8, 4000);
      const output = lognormal(250, 1, 2, 3000);
      const tokens = tokensOf([input], [output]);
      const slow = row === WARM_UP_ROW ? 4 : row === STALL_ROW ? 9 : 1;
      const ttft = slow * prefillForm.predict(tokens)[0] * (1 + TIME_NOISE * normal());
      const decode = decodeForm.predict(tokens)[0] * (1 + TIME_NOISE * normal());
      const total = ttft + decode;
      const energy = rampEnergy({ ...model.power, offsetJ: 0 }, total) * (1 + POWER_NOISE * normal());
      const metered = !WITHOUT_POWER.has(row);
      const ms = (sec: number) => (1000 * sec).toFixed(3);
      lines.push(
        [
          model.name,
          `run-${Math.floor((row * RUNS) / ROWS)}`,
          input,
          output,
          ms(ttft),
          ms(decode),
          ms(total),
          metered ? energy.toFixed(3) : '',
          metered ? (energy / total).toFixed(4) : '',
        ].join(','),
      );
    }
  }
  return `${lines.join('\n')}\n`;
};
