import { TOTAL } from '../data/stage-table.js';
import { type Spread, spreadOf } from './aggregate.js';
import type { ExperimentResult } from './run-experiment.js';
import { ONE_MODEL } from './run-seed.js';
import { guardrailPoints, type TransferPoint, totalCurve, transferPoints } from './transfer-curves.js';

/** A question that the experiment answers, and its answer on this data. */
export interface Answered {
  readonly question: string;
  readonly answer: string;
}

const digits = (value: number): string =>
  value >= 10 ? value.toFixed(0) : value >= 1 ? value.toFixed(1) : value.toFixed(2);
const percent = (value: number | null | undefined): string =>
  value === null || value === undefined ? 'n/a' : `${digits(value)} %`;
const spread = ({ mean, standardError, seeds }: Spread): string =>
  seeds > 1 ? `${digits(mean)} ± ${digits(standardError)} %` : percent(mean);
const withError = ({ mapePercent }: TransferPoint): string => spread(mapePercent);

/** A transfer is good enough when more samples would take off less than this share of its error. */
const WORTHWHILE = 0.1;

/** The experiment's four questions, answered in words and numbers. */
export const experimentSummary = (result: ExperimentResult): readonly Answered[] => {
  const points = transferPoints(result);
  const auto = totalCurve(points, 'auto');
  const best = auto.length > 0 ? auto : bestOfEach(points, result.samples);
  return [
    { question: 'Can latency be predicted from the knobs, without full profiling?', answer: predictability(result) },
    { question: 'How many samples does a transfer to another GPU need?', answer: samplesNeeded(result, points, best) },
    { question: 'Does the estimator filter violations of a latency budget?', answer: filtering(result) },
    { question: 'What does accuracy cost in samples?', answer: cost(points, best) },
    ...stageAware(points),
  ];
};

/** `auto` by stages against one model of the total, at the largest N that both have. */
const stageAware = (points: readonly TransferPoint[]): Answered[] => {
  const pairs = totalCurve(points, ONE_MODEL).flatMap((one) => {
    const auto = totalCurve(points, 'auto').find(({ samples }) => samples === one.samples);
    return auto === undefined ? [] : [{ one, auto }];
  });
  const last = pairs.at(-1);
  if (last === undefined) return [];
  const curve = pairs.map(({ one, auto }) => `${withError(auto)} against ${withError(one)} at N = ${one.samples}`);
  const [by, whole] = [last.auto.mapePercent.mean, last.one.mapePercent.mean];
  const verdict = by < whole * (1 - WORTHWHILE) ? 'Yes' : by > whole * (1 + WORTHWHILE) ? 'No' : 'Hardly';
  return [
    {
      question: 'Does it pay to know the stages, against one model of the total?',
      answer: `${verdict}: auto by stages is off by ${curve.join(', ')} for one model of the total.`,
    },
  ];
};

const predictability = ({ seeds, stageNames }: ExperimentResult): string => {
  const totals = seeds.flatMap(({ source }) => source.total?.mapePercent ?? []);
  const total = spreadOf(totals);
  const stages = stageNames.map((stage, k) => {
    const errors = seeds.flatMap(({ source }) => source.stages[k]?.heldOut.mapePercent ?? []);
    const families = seeds.flatMap(({ source }) => source.stages[k]?.family ?? []);
    return `${stage} ${percent(spreadOf(errors).mean)} (${mostOften(families)})`;
  });
  const verdict = total.mean < 5 ? 'Yes' : total.mean < 15 ? 'Largely' : 'Not well';
  return `${verdict}: on configurations never seen, the total is off by ${percent(total.mean)} on average (mean absolute error over the time, ${totals.length} seed${totals.length === 1 ? '' : 's'}). By stage: ${stages.join(', ')}.`;
};

const mostOften = (names: readonly string[]): string => {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
};

const bestOfEach = (points: readonly TransferPoint[], samples: readonly number[]): TransferPoint[] =>
  samples.flatMap((n) => {
    const here = points.filter((point) => point.stage === TOTAL && point.samples === n && point.method !== ONE_MODEL);
    return here.length === 0 ? [] : [here.reduce((a, b) => (b.mapePercent.mean < a.mapePercent.mean ? b : a))];
  });

const samplesNeeded = (
  result: ExperimentResult,
  points: readonly TransferPoint[],
  best: readonly TransferPoint[],
): string => {
  const [none] = points.filter(({ samples, stage }) => samples === 0 && stage === TOTAL);
  const enough = best.find((point, i) => {
    const next = best[i + 1];
    return next === undefined || next.mapePercent.mean > (1 - WORTHWHILE) * point.mapePercent.mean;
  });
  const rivals = ['affine', 'global-affine', 'fine-tuned']
    .flatMap((method) =>
      points.filter((p) => p.method === method && p.stage === TOTAL && p.samples === enough?.samples),
    )
    .map((point) => `${point.method} ${withError(point)}`);
  const curve = best.map((point) => `${withError(point)} at N = ${point.samples}`).join(', ');
  return `Unadapted, the source model is off by ${none === undefined ? 'n/a' : withError(none)}. ${best.length === 0 ? 'No method could be tried' : `With ${best[0].method}: ${curve}`}.${
    enough === undefined || best.length < 2
      ? ''
      : enough.samples === result.samples.at(-1)
        ? ` More samples still pay at the largest N tried.`
        : ` From N = ${enough.samples} on, the next step in N takes off less than ${100 * WORTHWHILE} % of the error.`
  }${rivals.length > 0 ? ` At N = ${enough?.samples}: ${rivals.join(', ')}.` : ''}`;
};

const filtering = (result: ExperimentResult): string => {
  const { overall } = guardrailPoints(result);
  const { level, margin } = result.options;
  const n = result.samples.find((samples) => samples >= 25) ?? result.samples.at(-1);
  const rule = `jackknife_plus_${Math.round(100 * level)}`;
  const conformal = overall.find((point) => point.rule === rule && point.samples === n);
  const fixed = overall.find((point) => point.rule === `margin_${margin}` && point.samples === n);
  if (conformal === undefined && fixed === undefined) return 'Not computed; the warnings say why.';
  const says = (point: typeof conformal): string =>
    point === undefined
      ? 'n/a'
      : `violations among the accepted fall from ${percent(point.violationsWithoutPercent)} to ${percent(point.violationsWithPercent)}, ${percent(point.falseRejectPercent)} of the valid are turned away, and ${spread(point.coveragePercent)} of the totals lie below their bound`;
  const [without, remaining] = [conformal?.violationsWithoutPercent ?? 0, conformal?.violationsWithPercent ?? null];
  const verdict =
    remaining === null ? 'It accepts nothing' : remaining < without ? 'Yes' : without > 0 ? 'No' : 'None to filter';
  return `${verdict}. With the conformal bound (jackknife+, ${100 * level} %, N = ${n}): ${says(conformal)}. With the fixed margin of ${margin}: ${says(fixed)}; a fixed margin promises no coverage. The winner of a search must be measured again.`;
};

const cost = (points: readonly TransferPoint[], best: readonly TransferPoint[]): string => {
  const steps = best.slice(1).map((point, i) => {
    const before = best[i];
    const gained = 100 * (1 - point.mapePercent.mean / before.mapePercent.mean);
    return `${before.samples} to ${point.samples}: ${gained >= 0 ? `${gained.toFixed(0)} % less error` : 'no gain'}`;
  });
  const affine = totalCurve(points, 'affine');
  const plateau = affine.length > 1 ? ` The per-stage affine stays at ${affine.map(withError).join(', ')}.` : '';
  return `From N samples to the next: ${steps.join('; ') || 'one N only'}.${plateau}`;
};
