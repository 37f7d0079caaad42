import {
  emptyPrefixIntegral,
  integralBetween,
  lastStepCorrection,
  lastSteps,
  prefixIntegral,
  staticCorrection,
} from '@stepclock/overlap-pressure';
import type { BetaTriple, DurationDesign } from './duration-fit.js';
import type { IterativeCorrectionMode } from './published-options.js';
import type { TraceSignals } from './trace-signals.js';

/** Step times (s/step) and step densities (steps/s) below this count as this. */
const FLOOR = 1e-12;

/** One round's design from the coefficients of the round before. The next call overwrites its columns. */
export type LaggedRound = (beta: BetaTriple) => DurationDesign;

/**
 * The rounds of the iterative estimator over one trace (DESIGN section 3, steps 1 to 3). They hold the lagged prefill
 * pressure q, which starts as the full one, and room for every signal: a round allocates nothing.
 */
export const laggedRounds = (signals: TraceSignals, mode: IterativeCorrectionMode): LaggedRound => {
  const { grid, steps, pressures } = signals;
  const { startIndex, endIndex } = grid;
  const lagged = pressures.prefill.slice();
  const density = new Float64Array(grid.segmentCount);
  const ofDensity = emptyPrefixIntegral(grid);
  const ofPrefill = emptyPrefixIntegral(grid);
  const ofDecode = emptyPrefixIntegral(grid);
  const prefillTokens = new Float64Array(steps.length);
  const decodeTokens = new Float64Array(steps.length);
  const correct = pressureCorrection(signals, mode);

  return (beta) => {
    stepDensity(beta, lagged, pressures.decode, density);
    prefixIntegral(grid, density, undefined, ofDensity);
    correct(density, ofDensity, lagged);
    prefixIntegral(grid, lagged, density, ofPrefill);
    prefixIntegral(grid, pressures.decode, density, ofDecode);
    for (let i = 0; i < steps.length; i++) {
      const from = startIndex[i] as number;
      const to = endIndex[i] as number;
      // N times the step-averaged pressure, `int(p lambda) / int(lambda)`.
      const scale = (steps[i] as number) / integralBetween(ofDensity, from, to);
      prefillTokens[i] = scale * integralBetween(ofPrefill, from, to);
      decodeTokens[i] = scale * integralBetween(ofDecode, from, to);
    }
    return { steps, prefillTokens, decodeTokens };
  };
};

/** `lambda = 1 / max(beta0 + beta1 q + beta2 p_dec, floor)`. */
const stepDensity = (
  [beta0, beta1, beta2]: BetaTriple,
  prefill: Float64Array,
  decode: Float64Array,
  into: Float64Array,
): void => {
  for (let j = 0; j < into.length; j++) {
    into[j] = 1 / Math.max(beta0 + beta1 * (prefill[j] as number) + beta2 * (decode[j] as number), FLOOR);
  }
};

/** Overwrites `into` with `q = max(p_pf - c / max(lambda, floor), 0)`. */
type PressureCorrection = (
  density: Float64Array,
  ofDensity: ReturnType<typeof emptyPrefixIntegral>,
  into: Float64Array,
) => void;

const pressureCorrection = (
  { grid, steps, missing, pressures }: TraceSignals,
  mode: IterativeCorrectionMode,
): PressureCorrection => {
  if (mode === 'beta_informed') {
    const last = lastSteps(grid, missing, steps);
    const room = new Float64Array(grid.segmentCount + 1);
    return (density, ofDensity, into) => {
      const perStep = lastStepCorrection(grid, last, density, ofDensity, room);
      for (let j = 0; j < into.length; j++) {
        // c / max(lambda, floor), with c = perStep * lambda.
        const correction = (perStep[j] as number) * Math.min((density[j] as number) / FLOOR, 1);
        into[j] = Math.max((pressures.prefill[j] as number) - correction, 0);
      }
    };
  }
  const rate = staticCorrection(mode, grid, missing);
  return (density, _, into) => {
    for (let j = 0; j < into.length; j++) {
      const correction = (rate[j] as number) / Math.max(density[j] as number, FLOOR);
      into[j] = Math.max((pressures.prefill[j] as number) - correction, 0);
    }
  };
};
