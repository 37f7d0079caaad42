import {
  barSpec,
  type ChartSpec,
  type Column,
  compositionSpec,
  extentOf,
  histogramSpec,
  observedPredictedSpec,
  panelSpec,
  type ReportFigure,
  residualSpec,
  stackedSpec,
  timelineSpec,
} from '@stepclock/charts';
import { coefficientTitle } from './coefficient-words.js';
import { type DurationErrors, PHASE_KINDS } from './duration-errors.js';
import type { EstimateReportInput, ReportClusters, ReportPhases, ReportSegments } from './estimate-input.js';

/** One value a row, by a plain loop: `Float64Array.from` walks an iterator, which a million rows feel. */
const columnOf = (length: number, at: (i: number) => number): Float64Array => {
  const column = new Float64Array(length);
  for (let i = 0; i < length; i++) column[i] = at(i);
  return column;
};

const pick = (column: Column, rows: Uint32Array): Float64Array => columnOf(rows.length, (i) => column[rows[i]]);

const labelOf = (phases: ReportPhases, rows: Uint32Array) => {
  const { label } = phases;
  return label === undefined ? {} : { label: (i: number) => label(rows[i]) };
};

const partName = (error: DurationErrors): string => (error.part === 'all' ? `${error.kind} phases` : error.part);

/** Predicted against observed durations, a figure a kind, a colour a part. */
export const durationFigures = (phases: ReportPhases, errors: readonly DurationErrors[]): ReportFigure[] =>
  PHASE_KINDS.flatMap((kind) => {
    const groups = errors.filter((error) => error.kind === kind);
    if (groups.length === 0) return [];
    return [
      {
        spec: observedPredictedSpec({
          title: `Durations of ${kind} phases`,
          quantity: { label: 'Duration', unit: 's' },
          series: groups.map((group) => ({
            name: partName(group),
            observed: pick(phases.observedSec, group.rows),
            predicted: pick(phases.predictedSec, group.rows),
            ...labelOf(phases, group.rows),
          })),
        }),
        caption: 'On the dashed diagonal the prediction is exact.',
      },
    ];
  });

const relativeResidual = (phases: ReportPhases, rows: Uint32Array): Float64Array =>
  columnOf(rows.length, (i) => {
    const row = rows[i];
    const observed = phases.observedSec[row];
    return ((observed - phases.predictedSec[row]) / observed) * 100;
  });

const RESIDUAL = { label: 'Observed minus predicted', unit: '% of observed' };
const CONTEXTS = [
  { title: 'Over time', label: 'Start, since the start of the trace', unit: 's', of: 'startSec' },
  { title: 'Against decoding sequences', label: 'Mean number of active decodes', unit: 'sequences', of: 'meanDecodes' },
  {
    title: 'Against prefill pressure',
    label: 'Mean prefill tokens a step',
    unit: 'tokens/step',
    of: 'meanPrefillTokens',
  },
] as const;

/** The residuals of one kind of phase over time and against the batch, and how large they are; a colour a part. */
const residualPanels = (phases: ReportPhases, groups: readonly DurationErrors[]): ChartSpec[] => {
  const origin = extentOf(phases.startSec)[0];
  const series = groups.map((group) => ({
    name: partName(group),
    rows: group.rows,
    residual: relativeResidual(phases, group.rows),
  }));
  const scatters = CONTEXTS.flatMap(({ title, label, unit, of }) => {
    const column = phases[of];
    if (column === undefined) return [];
    const from = of === 'startSec' ? origin : 0;
    return [
      residualSpec({
        title,
        x: { label, unit, scale: 'linear' },
        residual: RESIDUAL,
        series: series.map(({ name, rows, residual }) => ({
          name,
          x: columnOf(rows.length, (i) => column[rows[i]] - from),
          residual,
          ...labelOf(phases, rows),
        })),
      }),
    ];
  });
  const sizes = histogramSpec({
    title: 'How large',
    x: RESIDUAL,
    counted: 'phases',
    series: series.map(({ name, residual }) => ({ name, values: residual })),
    reference: { value: 0, label: 'exact' },
  });
  return [...scatters, sizes];
};

/** Residuals of both kinds: they differ by orders of magnitude, so each has its own axes. */
export const residualFigures = (phases: ReportPhases, errors: readonly DurationErrors[]): ReportFigure[] =>
  PHASE_KINDS.flatMap((kind) => {
    const groups = errors.filter((error) => error.kind === kind);
    if (groups.length === 0) return [];
    return [
      {
        spec: panelSpec({
          title: `Residuals of ${kind} phases`,
          subtitle:
            'Over time, a drift or a step means that the engine changed while it was watched; against the batch, a slope or a bend is cost that the model does not have.',
          panels: residualPanels(phases, groups),
        }),
      },
    ];
  });

/** Concurrency, pressure and the compositions seen. */
export const loadFigures = (segments: ReportSegments): ReportFigure[] => {
  const origin = extentOf(segments.startSec)[0];
  const timeSec = columnOf(segments.startSec.length, (i) => segments.startSec[i] - origin);
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
    (i) => (clusters.observedSec[i] - clusters.predictedSec[i]) / clusters.steps[i],
  );
  return [
    {
      spec: residualSpec({
        title: 'Cluster residuals over time',
        x: { label: 'Time since the first cluster', unit: 's', scale: 'linear' },
        residual: { label: 'Observed minus predicted, per step', unit: 's/step' },
        series: [
          {
            name: 'clusters',
            x: columnOf(clusters.timeSec.length, (i) => clusters.timeSec[i] - origin),
            residual: perStep,
          },
        ],
      }),
      caption:
        'Clusters are the rows of the regression: stretches in which prefill tokens are exact. Small against the fixed cost of a step is what a sound clock looks like.',
    },
    {
      spec: observedPredictedSpec({
        title: 'Durations of clusters',
        quantity: { label: 'Duration', unit: 's' },
        series: [{ name: 'clusters', observed: clusters.observedSec, predicted: clusters.predictedSec }],
      }),
      caption: 'On the dashed diagonal the prediction is exact.',
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
      .map(({ name, phrase, unit, value, interval }) =>
        barSpec({
          title: coefficientTitle({ name, phrase }),
          value: { label: 'Coefficient', unit },
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
