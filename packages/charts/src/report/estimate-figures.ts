import type { Column } from '../column.js';
import { extentOf } from '../column.js';
import { type ChartSpec, panelSpec } from '../spec.js';
import { barSpec } from '../specs/bars.js';
import { compositionSpec } from '../specs/composition.js';
import { histogramSpec } from '../specs/histogram.js';
import { observedPredictedSpec } from '../specs/observed-predicted.js';
import { residualSpec } from '../specs/residual.js';
import { stackedSpec, timelineSpec } from '../specs/timeline.js';
import { coefficientTitle, coefficientUnit } from './coefficient-words.js';
import { type DurationErrors, PHASE_KINDS, rowsWhere } from './duration-errors.js';
import type { EstimateReportInput, ReportClusters, ReportPhases, ReportSegments } from './estimate-input.js';
import type { ReportFigure } from './report-data.js';

/** Up to so many rows a series are drawn one by one; stated in captions. */
const MAX_POINTS = 1500;

/** One value a row, by a plain loop: `Float64Array.from` walks an iterator, which a million rows feel. */
const columnOf = (length: number, at: (i: number) => number): Float64Array => {
  const column = new Float64Array(length);
  for (let i = 0; i < length; i++) column[i] = at(i);
  return column;
};

const pick = (column: Column, rows: Uint32Array): Float64Array =>
  columnOf(rows.length, (i) => column[rows[i] as number] as number);

const labelOf = (phases: ReportPhases, rows: Uint32Array) => {
  const { label } = phases;
  return label === undefined ? {} : { label: (i: number) => label(rows[i] as number) };
};

const manyRule = (rows: number, tails: string): string =>
  rows <= MAX_POINTS
    ? ''
    : ` Of more than ${MAX_POINTS.toLocaleString('en-US')} rows the chart counts cells (darker: more) and draws the 150 ${tails} of each series as points.`;

const partName = (error: DurationErrors): string => (error.part === 'all' ? `${error.kind} phases` : error.part);

/** Predicted against observed durations, a figure a kind, a colour a part. */
export const durationFigures = (phases: ReportPhases, errors: readonly DurationErrors[]): ReportFigure[] =>
  PHASE_KINDS.flatMap((kind) => {
    const groups = errors.filter((error) => error.kind === kind);
    if (groups.length === 0) return [];
    const largest = Math.max(...groups.map((group) => group.rows.length));
    return [
      {
        spec: observedPredictedSpec({
          title: `Durations of ${kind} phases`,
          quantity: { label: 'Duration', unit: 's' },
          maxPoints: MAX_POINTS,
          series: groups.map((group) => ({
            name: partName(group),
            observed: pick(phases.observedSec, group.rows),
            predicted: pick(phases.predictedSec, group.rows),
            ...labelOf(phases, group.rows),
          })),
        }),
        caption: `On the dashed diagonal the prediction is exact.${manyRule(largest, 'largest misses')}`,
      },
    ];
  });

const relativeResidual = (phases: ReportPhases, rows: Uint32Array): Float64Array =>
  columnOf(rows.length, (i) => {
    const row = rows[i] as number;
    const observed = phases.observedSec[row] as number;
    return ((observed - (phases.predictedSec[row] as number)) / observed) * 100;
  });

const RESIDUAL = { label: 'Observed minus predicted', unit: '% of observed' };

/** Residuals over time and against the batch; their histogram. */
export const residualFigures = (phases: ReportPhases): ReportFigure[] => {
  const origin = extentOf(phases.startSec)[0];
  const groups = PHASE_KINDS.flatMap((name, code) => {
    const rows = rowsWhere(phases.kind.length, (row) => phases.kind[row] === code);
    return rows.length === 0 ? [] : [{ name, rows, residual: relativeResidual(phases, rows) }];
  });
  const largest = Math.max(...groups.map((group) => group.rows.length));
  const against = (
    title: string,
    x: { label: string; unit: string },
    column: (rows: Uint32Array) => Float64Array,
  ): ChartSpec =>
    residualSpec({
      title,
      x: { ...x, scale: 'linear' },
      residual: RESIDUAL,
      maxPoints: MAX_POINTS,
      series: groups.map((group) => ({
        name: group.name,
        x: column(group.rows),
        residual: group.residual,
        ...labelOf(phases, group.rows),
      })),
    });
  const rule = manyRule(largest, 'furthest from zero');
  const { meanDecodes, meanPrefillTokens } = phases;
  return [
    {
      spec: against(
        'Residuals over time',
        { label: 'Start of the phase, since the start of the trace', unit: 's' },
        (rows) => pick(phases.startSec, rows).map((start) => start - origin),
      ),
      caption: `A drift or a step here means that the engine changed while it was watched.${rule}`,
      wide: true,
    },
    ...(meanDecodes === undefined
      ? []
      : [
          {
            spec: against(
              'Residuals against decoding sequences',
              { label: 'Mean number of active decodes', unit: 'sequences' },
              (rows) => pick(meanDecodes, rows),
            ),
            caption: `A slope or a bend here is cost that the model does not have.${rule}`,
          },
        ]),
    ...(meanPrefillTokens === undefined
      ? []
      : [
          {
            spec: against(
              'Residuals against prefill pressure',
              { label: 'Mean prefill tokens a step', unit: 'tokens/step' },
              (rows) => pick(meanPrefillTokens, rows),
            ),
            caption: `The same, against the prefill tokens that shared the phase's steps.${rule}`,
          },
        ]),
    {
      spec: histogramSpec({
        title: 'How large the residuals are',
        x: RESIDUAL,
        counted: 'phases',
        series: groups.map((group) => ({ name: group.name, values: group.residual })),
        reference: { value: 0, label: 'exact' },
      }),
      caption: 'Where a few residuals lie far out, the outermost bars gather all beyond them.',
    },
  ];
};

/** Concurrency, pressure and the compositions seen. */
export const loadFigures = (segments: ReportSegments): ReportFigure[] => {
  const origin = extentOf(segments.startSec)[0];
  const timeSec = columnOf(segments.startSec.length, (i) => (segments.startSec[i] as number) - origin);
  const { durationSec } = segments;
  return [
    {
      spec: compositionSpec({
        title: 'Batch compositions seen',
        x: { label: 'Active decodes', unit: 'sequences' },
        y: { label: 'Prefill tokens a step', unit: 'tokens' },
        colour: { label: 'Predicted step time', unit: 's' },
        xs: segments.activeDecodes,
        ys: segments.prefillTokensPerStep,
        colours: segments.predictedStepSec,
        weights: segments.steps ?? segments.durationSec,
        counted: segments.steps === undefined ? 'seconds' : 'steps',
      }),
      caption: 'What the engine did in this trace. Empty cells never occurred: predictions there are extrapolations.',
      wide: true,
    },
    {
      spec: stackedSpec({
        title: 'Requests in the engine',
        y: { label: 'Active requests', unit: 'requests' },
        signals: [
          { name: 'decoding', timeSec, value: segments.activeDecodes, durationSec },
          { name: 'in prefill', timeSec, value: segments.activePrefills, durationSec },
        ],
      }),
      caption: 'Means of up to 300 equal stretches of time, weighted by duration.',
      wide: true,
    },
    {
      spec: timelineSpec({
        title: 'Prefill pressure',
        y: { label: 'Prefill tokens a step', unit: 'tokens/step' },
        signals: [{ name: 'prefill pressure', timeSec, value: segments.prefillTokensPerStep, durationSec }],
      }),
      caption: 'Line: mean of each of up to 300 equal stretches. Shade: its smallest and largest value.',
      wide: true,
    },
  ];
};

/** What the regression rows of the clock look like. */
export const clusterFigures = (clusters: ReportClusters): ReportFigure[] => {
  if (clusters.timeSec.length === 0) return [];
  const origin = extentOf(clusters.timeSec)[0];
  const perStep = columnOf(
    clusters.observedSec.length,
    (i) => ((clusters.observedSec[i] as number) - (clusters.predictedSec[i] as number)) / (clusters.steps[i] as number),
  );
  const rule = manyRule(perStep.length, 'furthest from zero');
  return [
    {
      spec: residualSpec({
        title: 'Cluster residuals over time',
        x: { label: 'Time since the first cluster', unit: 's', scale: 'linear' },
        residual: { label: 'Observed minus predicted, per step', unit: 's/step' },
        series: [
          {
            name: 'clusters',
            x: columnOf(clusters.timeSec.length, (i) => (clusters.timeSec[i] as number) - origin),
            residual: perStep,
          },
        ],
      }),
      caption: `Clusters are the rows of the regression: stretches in which prefill tokens are exact. Small against the fixed cost of a step is what a sound clock looks like.${rule}`,
    },
    {
      spec: observedPredictedSpec({
        title: 'Durations of clusters',
        quantity: { label: 'Duration', unit: 's' },
        series: [{ name: 'clusters', observed: clusters.observedSec, predicted: clusters.predictedSec }],
      }),
      caption: `On the dashed diagonal the prediction is exact.${manyRule(perStep.length, 'largest misses')}`,
    },
  ];
};

/** A panel a coefficient: ours, with its interval, and the others. */
export const estimatorFigure = (input: EstimateReportInput): ReportFigure => ({
  spec: panelSpec({
    title: 'The same trace through other estimators',
    columns: 2,
    panels: input.coefficients
      .filter(({ name }) => (input.others ?? []).some(({ betas }) => betas[name] !== undefined))
      .map(({ name, value, interval }) =>
        barSpec({
          title: coefficientTitle(name),
          value: { label: 'Coefficient', unit: coefficientUnit(name) },
          bars: [
            { group: input.algo, value, ...(interval === undefined ? {} : { interval }) },
            ...(input.others ?? []).flatMap((other) => {
              const theirs = other.betas[name];
              return theirs === undefined ? [] : [{ group: other.name, value: theirs }];
            }),
          ],
        }),
      ),
  }),
});
