import {
  formatNumber,
  formatPercent,
  type ModelReport,
  type NamedFigure,
  type TableCell,
  type Tone,
} from '@stepclock/charts';
import { TOTAL } from '../data/stage-table.js';
import type { ExperimentResult } from '../experiment/run-experiment.js';
import type { Answered } from '../experiment/summary.js';
import { guardrailPoints, type TransferPoint, totalCurve, transferPoints } from '../experiment/transfer-curves.js';
import { METHOD_WORDS } from './figures.js';

interface StageReportContext {
  readonly source: string;
  readonly target: string;
  readonly inputs: ModelReport['inputs'];
  readonly seed: number;
}

const share = (percent: number | null | undefined): string =>
  percent === null || percent === undefined ? 'n/a' : formatPercent(percent / 100, 2);

const withError = ({ mapePercent: { mean, standardError } }: TransferPoint): string =>
  `${share(mean)} ± ${share(standardError).replace('< ', '')}`;

/** The error of the total by method and number of samples. */
const transferTable = (points: readonly TransferPoint[], samples: readonly number[]) => ({
  title: 'Mean absolute error of the total, mean over the seeds ± its standard error',
  columns: ['Method', ...samples.map((n) => `${n} samples`)],
  rows: Object.entries(METHOD_WORDS).flatMap(([method, words]): (readonly TableCell[])[] => {
    const cells = samples.map((n) => {
      const point = points.find((p) => p.method === method && p.stage === TOTAL && p.samples === n);
      return point === undefined ? 'n/a' : withError(point);
    });
    return cells.every((cell) => cell === 'n/a') ? [] : [[words, ...cells]];
  }),
});

/** What each rule accepts, lets through and turns away, at the number of samples that the figures show. */
const guardrailTable = (result: ExperimentResult) => {
  const { overall } = guardrailPoints(result);
  const n = result.samples.find((samples) => samples >= 25) ?? result.samples.at(-1) ?? 0;
  return {
    title: `Guardrails, mean over the budgets, ${n} samples`,
    columns: ['Rule', 'Accepted', 'Violations among the accepted', 'False accepts', 'False rejects', 'Coverage'],
    rows: overall
      .filter(({ samples }) => samples === n)
      .map((point): readonly TableCell[] => [
        point.rule.replaceAll('_', ' '),
        share(point.acceptedPercent),
        share(point.violationsWithPercent),
        share(point.falseAcceptPercent),
        share(point.falseRejectPercent),
        share(point.coveragePercent.mean),
      ]),
  };
};

/** The best that was reached for the total, at the fewest samples and at the most. */
const curveOf = (points: readonly TransferPoint[], samples: readonly number[]): readonly TransferPoint[] => {
  const auto = totalCurve(points, 'auto').filter((point) => point.samples > 0);
  if (auto.length > 0) return auto;
  return samples.flatMap((n) => {
    const [best] = points
      .filter((point) => point.stage === TOTAL && point.samples === n)
      .toSorted((a, b) => a.mapePercent.mean - b.mapePercent.mean);
    return best === undefined ? [] : [best];
  });
};

const headlineOf = (first: TransferPoint | undefined, none: TransferPoint | undefined, target: string): string => {
  if (first === undefined) return `No transfer to ${target} could be measured.`;
  const before = none === undefined ? '' : `, instead of ${share(none.mapePercent.mean)} without any`;
  return `With ${formatNumber(first.samples)} samples from ${target}, the total latency is off by ${share(first.mapePercent.mean)} on average${before}.`;
};

const toneOf = (error: number | undefined, warned: boolean): Tone => {
  if (error === undefined || error > 20) return 'bad';
  return error > 5 || warned ? 'caution' : 'good';
};

/** The report of a stage experiment. */
export const stageReport = (
  result: ExperimentResult,
  summary: readonly Answered[],
  figures: readonly NamedFigure[],
  { source, target, inputs, seed }: StageReportContext,
): ModelReport => {
  const points = transferPoints(result);
  const [none] = points.filter(({ samples, stage }) => samples === 0 && stage === TOTAL);
  const curve = curveOf(points, result.samples);
  return {
    title: 'Stage latency carried to another GPU',
    subtitle: `from ${source} to ${target}, ${formatNumber(result.seeds.length)} seeds`,
    tone: toneOf(curve[0]?.mapePercent.mean, result.warnings.length > 0),
    headline: headlineOf(curve[0], none, target),
    keyFigures: [...(none === undefined ? [] : [none]), ...curve].map((point) => ({
      label: point.samples === 0 ? 'No calibration' : `${formatNumber(point.samples)} samples`,
      value: share(point.mapePercent.mean),
      unit: 'off',
      note: `± ${share(point.mapePercent.standardError).replace('< ', '')} over the seeds`,
    })),
    warnings: result.warnings,
    sections: [
      { title: 'Questions and answers', items: summary.map(({ question, answer }) => `${question} ${answer}`) },
      {
        title: 'Transfer',
        tables: [transferTable(points, result.samples)],
        figures: figures.filter(({ name }) => !isGuardrail(name)),
      },
      {
        title: 'Guardrail',
        tables: [guardrailTable(result)],
        figures: figures.filter(({ name }) => isGuardrail(name)),
      },
    ],
    inputs,
    seed,
  };
};

const isGuardrail = (figure: string): boolean => /guardrail|reject/.test(figure);
