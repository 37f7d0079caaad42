import type { NamedFigure } from '@stepclock/charts';
import { barSpec, curveSpec, observedPredictedSpec } from '@stepclock/charts';
import { TOTAL } from '../data/stage-table.js';
import type { ExperimentResult } from '../experiment/run-experiment.js';
import { guardrailPoints, type TransferPoint, totalCurve, transferPoints } from '../experiment/transfer-curves.js';

const SAMPLES = { label: 'Samples from the target GPU', unit: 'configurations' };
const MAPE = { label: 'Mean absolute error of the total', unit: '% of the time', scale: 'log' as const };

/** What a reader calls a method. */
export const METHOD_WORDS: Readonly<Record<string, string>> = {
  affine: 'A: affine per stage',
  'global-affine': 'B: affine on the total',
  'fine-tuned': 'C: fine-tuned network',
  'affine-relative': 'A for relative error',
  'stage-mix': 'stage mix, totals only',
  auto: 'auto: weighted blend',
  'one-model': 'one model of the total',
};

const curveOf = (name: string, points: readonly TransferPoint[]) => ({
  name,
  x: points.map(({ samples }) => samples),
  y: points.map(({ mapePercent }) => mapePercent.mean),
  error: points.map(({ mapePercent }) => mapePercent.standardError),
});

/** The five figures of an experiment; those that its options leave without data are left out. */
export const stageCharts = (result: ExperimentResult, source: string, target: string): NamedFigure[] => {
  const points = transferPoints(result);
  const [none] = points.filter(({ samples, stage }) => samples === 0 && stage === TOTAL);
  const pair = `${source} to ${target}`;
  const seeds = `Mean of ${result.seeds.length} seeds on ${result.testConfigurations} configurations never measured on the target.`;
  const shown = Object.entries(METHOD_WORDS)
    .map(([method, words]) =>
      curveOf(
        words,
        points.filter((p) => p.method === method && p.stage === TOTAL && p.samples > 0),
      ),
    )
    .filter(({ x }) => x.length > 0);
  const figures: NamedFigure[] = [];
  if (shown.length > 0) {
    figures.push({
      name: 'e3_prediction_error_vs_samples',
      spec: curveSpec({
        title: `Prediction error against samples, ${pair}`,
        subtitle: seeds,
        x: SAMPLES,
        y: MAPE,
        curves: shown,
        ...(none === undefined ? {} : { reference: { value: none.mapePercent.mean, label: 'no calibration' } }),
      }),
    });
  }
  const auto = totalCurve(points, 'auto');
  if (auto.length > 0) {
    const stages = [...result.stageNames, TOTAL];
    figures.push({
      name: 'e3_transfer_curve',
      spec: curveSpec({
        title: `Transfer by stage, ${pair}`,
        subtitle: `Blend by cross-validation; 0 samples is the source model as it is. ${seeds}`,
        x: SAMPLES,
        y: { ...MAPE, label: 'Mean absolute error' },
        curves: stages
          .map((stage) =>
            curveOf(
              stage === TOTAL ? 'total' : stage,
              points.filter((p) => p.stage === stage && (p.method === 'auto' || p.samples === 0)),
            ),
          )
          // A target with totals alone has no stages.
          .filter(({ x }) => x.length > 0),
      }),
    });
  }
  const picture = result.seeds.find((seed) => seed.picture !== null)?.picture;
  if (picture !== null && picture !== undefined) {
    figures.push({
      name: 'e3_predicted_vs_actual',
      spec: observedPredictedSpec({
        title: `Predicted against actual on ${target}`,
        subtitle: `${picture.samples} samples, first seed, ${result.testConfigurations} configurations never measured on ${target}.`,
        quantity: { label: 'Time', unit: 'ms', scale: 'log' },
        series: picture.stages.map(({ stage, measuredMs, predictedMs }) => ({
          name: stage === TOTAL ? 'total' : stage,
          observed: measuredMs,
          predicted: predictedMs,
        })),
      }),
    });
  }
  return [...figures, ...guardrailCharts(result, target)];
};

const guardrailCharts = (result: ExperimentResult, target: string): NamedFigure[] => {
  const { byBudget, overall } = guardrailPoints(result);
  const { level, margin } = result.options;
  const percent = Math.round(100 * level);
  const n = result.samples.find((samples) => samples >= 25) ?? result.samples.at(-1) ?? 0;
  const named: Readonly<Record<string, string>> = {
    [`margin_${margin}`]: `fixed margin ${margin}`,
    [`split_conformal_${percent}`]: `split conformal ${percent} %`,
    [`jackknife_plus_${percent}`]: `jackknife+ ${percent} %`,
    [`conformal_selection_${100 - percent}`]: `conformal selection ${100 - percent} %`,
  };
  const bars = result.options.budgets.flatMap((budget) => {
    const here = byBudget.filter((point) => point.budget === budget && point.samples === n);
    const group = `budget ${budget}`;
    const [first] = here;
    return [
      ...(first === undefined ? [] : [{ group, series: 'no guardrail', value: first.violationsWithoutPercent }]),
      ...here.flatMap(({ rule, violationsWithPercent }) => {
        const series = named[rule];
        return series === undefined || violationsWithPercent === null
          ? []
          : [{ group, series, value: violationsWithPercent }];
      }),
    ];
  });
  const tradeOff = (rules: readonly string[], name: string) => {
    const found = overall.filter(
      ({ rule, samples, falseAcceptPercent, falseRejectPercent }) =>
        samples === n && rules.includes(rule) && falseAcceptPercent !== null && falseRejectPercent !== null,
    );
    return {
      name,
      x: found.map(({ falseRejectPercent }) => falseRejectPercent ?? 0),
      y: found.map(({ falseAcceptPercent }) => falseAcceptPercent ?? 0),
    };
  };
  const margins = overall
    .filter(({ rule, samples }) => samples === n && rule.startsWith('margin_'))
    .map(({ rule }) => rule);
  const curves = [
    tradeOff(margins, `fixed margins ${margins[0]?.slice(7)} to ${margins.at(-1)?.slice(7)}`),
    // Selection bounds violations among the accepted instead: its false accepts, many times the others', would hide them.
    ...Object.entries(named)
      .filter(([rule]) => !/^(margin|conformal_selection)_/.test(rule))
      .map(([rule, name]) => tradeOff([rule], name)),
  ].filter(({ x }) => x.length > 0);
  const about = `${n} samples, mean of ${result.seeds.length} seeds.`;
  return [
    ...(bars.length === 0
      ? []
      : [
          {
            name: 'e3_guardrail_effectiveness',
            spec: barSpec({
              title: `Budget violations on ${target}, without and with guardrail`,
              subtitle: `Share of the accepted configurations that break the budget. Budgets: shares of the 95th percentile of true totals. ${about}`,
              value: { label: 'Violations among the accepted', unit: '%' },
              bars,
            }),
          },
        ]),
    ...(curves.length === 0
      ? []
      : [
          {
            name: 'e3_false_reject_accept',
            spec: curveSpec({
              title: `What a guardrail costs and what it lets through, ${target}`,
              subtitle: `Towards the lower left is better; margins grow from left to right. Mean over the budgets, ${about}`,
              x: { label: 'False rejects', unit: '% of the valid', scale: 'linear' },
              y: { label: 'False accepts', unit: '% of the violating' },
              curves,
              tickEveryX: false,
            }),
          },
        ]),
  ];
};
