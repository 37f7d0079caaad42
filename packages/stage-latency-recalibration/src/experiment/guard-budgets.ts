import { quantileOf } from '@stepclock/numerics';
import { jackknifeBounds, marginBounds, splitBounds } from '../guardrail/bounds.js';
import { conformalSelection } from '../guardrail/conformal-selection.js';
import { crossFit } from '../guardrail/cross-fit.js';
import { type GuardrailFigures, guardrailFigures } from '../guardrail/guardrail-figures.js';
import { leastSamples } from '../recalibration/method.js';
import type { RecalibrateOptions } from '../recalibration/recalibrate.js';
import { type TransferInput, type TransferSamples, takeSamples } from '../recalibration/samples.js';
import type { ExperimentOptions } from './experiment-options.js';
import { firstSamples, type SeedFits } from './seed-fits.js';

export interface GuardrailResult extends GuardrailFigures {
  readonly rule: string;
  readonly samples: number;
  readonly seed: number;
  /** Share of the 95th percentile of true totals. */
  readonly budget: number;
}

/** Margins of the threshold sweep. */
const MARGINS: readonly number[] = [1, 1.02, 1.05, 1.1, 1.15, 1.2, 1.3, 1.5];

/** Every rule at every budget, drawn from the first n samples. */
export const guardBudgets = (
  fits: SeedFits,
  everything: TransferSamples,
  n: number,
  test: TransferInput & { readonly totalMs: Float64Array },
  options: Required<ExperimentOptions>,
  settings: RecalibrateOptions & { readonly seed: number },
): readonly GuardrailResult[] => {
  const { guardrailMethod: method, level, margin, budgets } = options;
  const { seed } = settings;
  const samples = firstSamples(everything, n);
  const model = fits(method, n);
  const cross = crossFit(model, samples, settings);
  const half = Math.ceil(n / 2);
  const percent = Math.round(100 * level);
  const rules = [
    ...[...new Set([...MARGINS, margin])].map((factor) => ({
      rule: `margin_${factor}`,
      bounder: marginBounds(model, factor),
    })),
    ...(half < leastSamples(method)
      ? []
      : [
          {
            rule: `split_conformal_${percent}`,
            bounder: splitBounds(
              fits(method, half),
              takeSamples(
                samples,
                Uint32Array.from({ length: n - half }, (_, i) => half + i),
              ),
              level,
            ),
          },
        ]),
    { rule: `jackknife_plus_${percent}`, bounder: jackknifeBounds(model, cross, level) },
  ];
  const reference = quantileOf(test.totalMs, 0.95);
  const bounded = rules.flatMap(({ rule, bounder }) => {
    const { upperMs } = bounder.bounds(test);
    return budgets.map((budget) => ({
      rule,
      samples: n,
      seed,
      budget,
      ...guardrailFigures(test.totalMs, upperMs, budget * reference),
    }));
  });
  const predicted = model.predict(test).totalMs;
  const selected = budgets.map((budget) => {
    const budgetMs = budget * reference;
    const { accepted } = conformalSelection(predicted, cross.predictedMs, samples.targetTotalMs, budgetMs, 1 - level);
    return {
      rule: `conformal_selection_${100 - percent}`,
      samples: n,
      seed,
      budget,
      ...guardrailFigures(test.totalMs, predicted, budgetMs, (row) => accepted[row] === 1),
    };
  });
  return [...bounded, ...selected];
};
