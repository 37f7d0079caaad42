import {
  type Column,
  convergenceSpec,
  formatNumber,
  formatSeconds,
  histogramSpec,
  type ReportBlock,
  type ReportData,
  type ReportSection,
  requireColumns,
} from '@stepclock/charts';
import { coefficientCards, coefficientTable, coefficientTitle } from './coefficient-words.js';
import { type DurationErrors, durationErrors, durationErrorTable } from './duration-errors.js';
import { clusterFigures, durationFigures, estimatorFigure, loadFigures, residualFigures } from './estimate-figures.js';
import type {
  EstimateReportInput,
  ReportClock,
  ReportCoefficient,
  ReportPhases,
  ReportSegments,
} from './estimate-input.js';
import { estimateVerdict } from './estimate-verdict.js';
import { replaySection } from './replay-report.js';
import { batchFigures, windowFigures } from './window-figures.js';

const checkPhases = ({
  kind,
  startSec,
  observedSec,
  predictedSec,
  heldOut,
  meanDecodes,
  meanPrefillTokens,
}: ReportPhases): void => {
  requireColumns({
    'phases.kind': kind,
    'phases.startSec': startSec,
    'phases.observedSec': observedSec,
    'phases.predictedSec': predictedSec,
    ...(heldOut === undefined ? {} : { 'phases.heldOut': heldOut }),
    ...(meanDecodes === undefined ? {} : { 'phases.meanDecodes': meanDecodes }),
    ...(meanPrefillTokens === undefined ? {} : { 'phases.meanPrefillTokens': meanPrefillTokens }),
  });
};

const checkSegments = (segments: ReportSegments): void => {
  const { startSec, durationSec, activePrefills, activeDecodes, prefillTokensPerStep, predictedStepSec, steps } =
    segments;
  requireColumns({
    'segments.startSec': startSec,
    'segments.durationSec': durationSec,
    'segments.activePrefills': activePrefills,
    'segments.activeDecodes': activeDecodes,
    'segments.prefillTokensPerStep': prefillTokensPerStep,
    'segments.predictedStepSec': predictedStepSec,
    ...(steps === undefined ? {} : { 'segments.steps': steps }),
  });
};

const facts = (list: readonly { readonly label: string; readonly value: string }[] | undefined): ReportBlock[] =>
  list === undefined || list.length === 0 ? [] : [{ kind: 'facts', facts: list }];

const findings = (items: readonly string[] | undefined): ReportBlock[] =>
  items === undefined || items.length === 0 ? [] : [{ kind: 'list', items }];

const coefficientSection = (input: EstimateReportInput): ReportSection => ({
  title: 'Coefficients',
  intro: `A step that processes p prefill tokens and d decode tokens${
    input.model === 'kv'
      ? ' over a context of c tokens takes β₀\u00a0+\u00a0β₁\u00a0p\u00a0+\u00a0β₂\u00a0d\u00a0+\u00a0β₃\u00a0c'
      : ' takes β₀\u00a0+\u00a0β₁\u00a0p\u00a0+\u00a0β₂\u00a0d'
  } seconds. Estimated by ${input.algo}${input.iterations === undefined ? '' : ` in ${formatNumber(input.iterations)} rounds`}.`,
  blocks: [
    coefficientTable(input.coefficients, input.confidence ?? 0.95),
    ...facts(input.diagnostics),
    ...(input.identifiability === undefined
      ? []
      : [...facts(input.identifiability.facts), ...findings(input.identifiability.findings)]),
  ],
});

const readSection = (input: EstimateReportInput): ReportSection[] => {
  const exclusions = input.exclusions ?? [];
  if (input.read === undefined && exclusions.length === 0) return [];
  return [
    {
      title: 'What was read',
      blocks: [
        ...facts(input.read),
        exclusions.length === 0
          ? { kind: 'text', text: 'Nothing was left out.' }
          : {
              kind: 'table',
              caption: 'Left out',
              columns: [{ label: 'Reason' }, { label: 'Count', kind: 'number' }, { label: 'In words' }],
              rows: exclusions.map(({ reason, count, message }) => [reason, formatNumber(count, 9), message]),
            },
      ],
    },
  ];
};

const fitSections = (phases: ReportPhases, errors: readonly DurationErrors[]): ReportSection[] => [
  {
    title: 'How well it predicts',
    blocks: [{ kind: 'figures', figures: durationFigures(phases, errors) }, durationErrorTable(errors)],
  },
  { title: 'Residuals', blocks: [{ kind: 'figures', figures: residualFigures(phases, errors) }] },
];

const percentOf = (shares: Column): Float64Array => {
  const percent = new Float64Array(shares.length);
  for (let i = 0; i < shares.length; i++) percent[i] = shares[i] * 100;
  return percent;
};

const clockSection = (clock: ReportClock, coefficients: readonly ReportCoefficient[]): ReportSection => ({
  title: "The clock's evidence",
  intro:
    'Every decode phase counts steps. The clock is the least change of the expected steps that meets every count; what is left over tells whether the counts are what they claim to be.',
  blocks: [
    ...facts(clock.facts),
    ...findings(clock.findings),
    {
      kind: 'figures',
      figures: [
        ...(clock.batches === undefined ? [] : batchFigures(clock.batches)),
        ...(clock.windows === undefined ? [] : windowFigures(coefficients, clock.windows)),
        ...(clock.clusters === undefined ? [] : clusterFigures(clock.clusters)),
        ...(clock.corrections === undefined || clock.corrections.length === 0
          ? []
          : [
              {
                spec: histogramSpec({
                  title: 'Corrections of the clock',
                  x: { label: 'Steps over expected steps, minus one', unit: '%' },
                  counted: 'segments',
                  series: [{ name: 'segments', values: percentOf(clock.corrections) }],
                  reference: { value: 0, label: 'no correction' },
                }),
                caption: 'How far the counts moved the steps of each stretch away from what the coefficients expect.',
              },
            ]),
      ],
    },
  ],
});

const convergenceSection = ({ history, converged }: EstimateReportInput): ReportSection[] =>
  history === undefined || history.deltaBetaL2.length === 0
    ? []
    : [
        {
          title: 'Convergence',
          blocks: [
            {
              kind: 'figures',
              figures: [
                {
                  spec: convergenceSpec({
                    title: 'Change of the coefficients by round',
                    unit: 's',
                    series: [{ name: 'change', change: history.deltaBetaL2 }],
                    ...(history.tolerance === undefined ? {} : { tolerance: history.tolerance }),
                  }),
                  caption: converged
                    ? 'The fit ended at its tolerance.'
                    : 'The fit ended at its limit of rounds, not at its tolerance.',
                },
              ],
            },
          ],
        },
      ];

const othersSection = (input: EstimateReportInput): ReportSection[] => {
  const others = input.others ?? [];
  if (others.length === 0) return [];
  const names = input.coefficients.map(({ name }) => name);
  const more = [...new Set(others.flatMap((other) => Object.keys(other.facts ?? {})))];
  const value = (seconds: number | undefined): string =>
    seconds === undefined ? 'not in its model' : formatSeconds(seconds);
  return [
    {
      title: 'Beside other estimators',
      blocks: [
        { kind: 'figures', figures: [estimatorFigure(input)] },
        {
          kind: 'table',
          caption: 'Coefficients by estimator',
          columns: [
            { label: 'Estimator' },
            ...input.coefficients.map((one) => ({ label: coefficientTitle(one), kind: 'number' as const })),
            ...more.map((label) => ({ label, kind: 'number' as const })),
          ],
          rows: [
            [input.algo, ...input.coefficients.map((one) => value(one.value)), ...more.map(() => '')],
            ...others.map((other) => [
              other.name,
              ...names.map((name) => value(other.betas[name])),
              ...more.map((label) => other.facts?.[label] ?? ''),
            ]),
          ],
        },
      ],
    },
  ];
};

/**
 * The report of an estimate, from plain result objects: what `renderReport` takes. Parts that are absent leave their section out.
 *
 * @throws Fault `charts/...` for unequal or non-finite columns.
 */
export const estimateReport = (input: EstimateReportInput): ReportData => {
  const { phases, segments } = input;
  if (phases !== undefined) checkPhases(phases);
  if (segments !== undefined) checkSegments(segments);
  const errors = phases === undefined ? [] : durationErrors(phases);
  return {
    title: input.title ?? 'Latency model of an engine',
    ...(input.subtitle === undefined ? {} : { subtitle: input.subtitle }),
    verdict: input.verdict ?? estimateVerdict(input, errors),
    keyFigures: coefficientCards(input.coefficients, input.confidence ?? 0.95),
    ...(input.warnings === undefined ? {} : { warnings: input.warnings }),
    sections: [
      coefficientSection(input),
      ...(phases === undefined ? [] : fitSections(phases, errors)),
      ...(input.replay === undefined ? [] : [replaySection(input.replay)]),
      ...(segments === undefined
        ? []
        : [{ title: 'The load', blocks: [{ kind: 'figures' as const, figures: loadFigures(segments) }] }]),
      ...(input.clock === undefined ? [] : [clockSection(input.clock, input.coefficients)]),
      ...othersSection(input),
      ...convergenceSection(input),
      ...readSection(input),
    ],
    provenance: input.provenance,
  };
};
