import { finite, nonNegative, text } from '@stepclock/model-file';
import * as v from 'valibot';
import { DECODE_CONVENTIONS, type TotalRule } from '../data/decode-steps.js';
import type { ErrorFigures } from '../estimator/error-figures.js';

/** A list, with the rule that it breaks otherwise. */
export const listOf = <Schema extends v.GenericSchema>(schema: Schema) => v.array(schema, 'must be a list');

export const stageNamesSchema = v.pipe(
  listOf(text(200)),
  v.minLength(1, 'must name at least one stage'),
  v.check((names) => new Set(names).size === names.length, 'must name each stage once'),
);

export const totalRuleSchema = v.pipe(
  v.object({
    per_step_stages: listOf(text(200)),
    convention: v.picklist(DECODE_CONVENTIONS),
    fixed_steps: v.nullish(nonNegative),
  }),
  v.transform(
    ({ per_step_stages: perStepStages, convention, fixed_steps }): TotalRule => ({
      perStepStages,
      convention,
      ...(typeof fixed_steps === 'number' ? { fixedSteps: fixed_steps } : {}),
    }),
  ),
);

export const totalRuleJSON = ({ perStepStages, convention, fixedSteps }: TotalRule): object => ({
  per_step_stages: perStepStages,
  convention,
  fixed_steps: fixedSteps ?? null,
});

/** Whether the stages that count once a step are stages. */
export const knowsItsStages = ({ stages, total }: { readonly stages: readonly string[]; readonly total: TotalRule }) =>
  total.perStepStages.every((name) => stages.includes(name));

/** Fields of error figures in files. */
export const figures = {
  mae_ms: nonNegative,
  mape_percent: nonNegative,
  p95_ms: nonNegative,
  median_ape_percent: nonNegative,
  r2: v.nullable(finite),
};

export type FiguresJSON = v.InferOutput<typeof figuresFields>;
const figuresFields = v.object(figures);

export const figuresOf = (json: FiguresJSON): ErrorFigures => ({
  maeMs: json.mae_ms,
  mapePercent: json.mape_percent,
  p95Ms: json.p95_ms,
  medianApePercent: json.median_ape_percent,
  r2: json.r2,
});

export const figuresSchema = v.pipe(figuresFields, v.transform(figuresOf));

export const figuresJSON = ({ maeMs, mapePercent, p95Ms, medianApePercent, r2 }: ErrorFigures): FiguresJSON => ({
  mae_ms: maeMs,
  mape_percent: mapePercent,
  p95_ms: p95Ms,
  median_ape_percent: medianApePercent,
  r2,
});
