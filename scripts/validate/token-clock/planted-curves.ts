import { estimateTokenClock, type TokenClockEstimate } from '@stepclock/beta-estimators';
import { type StreamedCase, streamedRun } from '@stepclock/made-data';
import { stretchOfStep } from '@stepclock/step-cost';

/** Costs of a batch that are no line, s: of a mixture of experts, of batches padded to eights, of a kernel that changes. */
const CURVES: readonly (readonly [string, (decodeSeqs: number) => number, perSec: number, longer: number])[] = [
  ['400 us x min(n, 16)', (n) => 4e-4 * Math.min(n, 16), 11, 1],
  ['a staircase of eights', (n) => 1.2e-4 * 8 * Math.ceil(n / 8), 11, 1],
  // Batches from 30 to 130: a longer run has as many steps of each.
  ['3 ms more beyond 64', (n) => 1.2e-4 * n + (n > 64 ? 3e-3 : 0), 16.5, 3],
  ['a line', (n) => 1.2e-4 * n, 11, 1],
];
const [FIXED, PER_PROMPT_TOKEN, PER_CONTEXT] = [6e-3, 20e-6, 1e-7];
const BUDGET = 2048;
/** Errors of batches are asked for from so many steps on. */
const ENOUGH_STEPS = 300;

export interface PlantedErrors {
  readonly name: string;
  /** Batches with enough steps, those among them that are within what is asked, and the worst error of a predicted step. */
  readonly batches: number;
  readonly within: number;
  readonly worst: number;
}

const predictedSec = ({ terms, betas }: TokenClockEstimate, decodeSeqs: number, contextTokens: number): number => {
  const stretch = stretchOfStep({ prefillTokens: 0, decodeSeqs, contextTokens });
  return terms.reduce((sec, { label, sum }) => sec + betas[label] * sum(stretch), 0);
};

/** Steps that only decode: how many of each batch, and their mean context. */
const decodeBatches = ({ simulation: { steps } }: ReturnType<typeof streamedRun>) => {
  const batches = new Map<number, { steps: number; context: number }>();
  for (let k = 0; k < steps.length; k++) {
    const n = steps.decodeTokens[k];
    if (steps.prefillTokens[k] > 0 || n === 0) continue;
    const held = batches.get(n) ?? { steps: 0, context: 0 };
    batches.set(n, { steps: held.steps + 1, context: held.context + steps.contextTokens[k] });
  }
  return [...batches]
    .filter(([, { steps: count }]) => count >= ENOUGH_STEPS)
    .map(([n, { steps: count, context }]) => ({ n, context: context / count }));
};

/** Errors of steps that only decode, at each batch and its mean context, by the estimate with no terms told. */
export const plantedErrors = (requests: number, asked: number): readonly PlantedErrors[] =>
  CURVES.map(([name, curve, perSec, longer]) => {
    const secondsOf = (prefill: number, n: number, context: number): number =>
      FIXED + PER_PROMPT_TOKEN * prefill + curve(n) + PER_CONTEXT * context;
    const given: StreamedCase = { perSec, requests: longer * requests, engine: { maxNumBatchedTokens: BUDGET } };
    const run = streamedRun(
      { ...given, stepSeconds: (held) => secondsOf(held.prefillTokens, held.decodeSeqs, held.contextTokens) },
      1,
    );
    const estimate = estimateTokenClock(run.tokens, { tokenBudget: BUDGET });
    const errors = decodeBatches(run).map(({ n, context }) =>
      Math.abs(predictedSec(estimate, n, context) / secondsOf(0, n, context) - 1),
    );
    const within = errors.filter((error) => error <= asked).length;
    return { name, batches: errors.length, within, worst: Math.max(...errors) };
  });

/** Curve and levels of an engine whose steps cost a line (steps 2 % uneven, a client late by 1 ms): the most that they add to a step, as a part of it. */
export const falseCurve = (seed: number, requests: number): number => {
  const run = streamedRun(
    {
      perSec: 8,
      requests,
      engine: { maxNumBatchedTokens: BUDGET, stepNoise: 0.02 },
      client: { jitterSec: 1e-3 },
    },
    seed,
  );
  const estimate = estimateTokenClock(run.tokens, { tokenBudget: BUDGET });
  const open = { ...estimate, terms: estimate.terms.filter(({ role }) => role === 'open') };
  return Math.max(
    0,
    ...decodeBatches(run).map(({ n, context }) =>
      Math.abs(predictedSec(open, n, context) / predictedSec(estimate, n, context)),
    ),
  );
};
