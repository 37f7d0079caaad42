import {
  ecdfSpec,
  formatPercent,
  formatSeconds,
  lowered,
  type Provenance,
  type ReportBlock,
  type ReportData,
  type ReportFigure,
  type ReportSection,
  type ReportWarning,
  type Verdict,
} from '@stepclock/charts';
import type { ReplayMetrics, ReplayResult } from './estimate-input.js';
import { METRIC_TITLES } from './metric-titles.js';

const QUANTITIES = ['ttft', 'tpot', 'latency'] as const;

/** "Replayed with these coefficients, mean TTFT is off by 0.3 %, TPOT by 0.02 % and latency by 0.1 %.": the proof in one sentence. */
export const replaySentence = (metrics: ReplayMetrics): string => {
  const parts = QUANTITIES.flatMap((quantity) => {
    const mean = metrics[quantity]?.mean;
    if (mean === undefined) return [];
    return [
      [lowered(METRIC_TITLES[quantity].short), formatPercent(Math.abs(mean.error), 2).replace('< ', 'less than ')],
    ];
  }).map(([name, error], i) => `${name} ${i === 0 ? 'is off ' : ''}by ${error}`);
  const last = parts.at(-1);
  if (last === undefined) return 'The replay has no mean to compare.';
  return `Replayed with these coefficients, mean ${parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`}.`;
};

/** The largest error of a mean, without its sign, as a fraction; undefined without any mean. */
export const worstMean = (metrics: ReplayMetrics): number | undefined => {
  const errors = QUANTITIES.flatMap((quantity) => {
    const mean = metrics[quantity]?.mean;
    return mean === undefined ? [] : [Math.abs(mean.error)];
  });
  return errors.length === 0 ? undefined : Math.max(...errors);
};

const metricTable = (metrics: ReplayMetrics): ReportBlock => ({
  kind: 'table',
  caption: 'Measured and replayed',
  columns: [
    { label: 'Quantity' },
    { label: 'Measured', kind: 'number' },
    { label: 'Replayed', kind: 'number' },
    { label: 'Error', kind: 'number' },
  ],
  rows: QUANTITIES.flatMap((quantity) =>
    Object.entries(metrics[quantity] ?? {}).map(([statistic, { measured, replayed, error }]) => [
      `${METRIC_TITLES[quantity].short}, ${statistic}`,
      formatSeconds(measured),
      formatSeconds(replayed),
      formatPercent(error),
    ]),
  ),
});

const distributionFigures = (replay: ReplayResult): ReportFigure[] =>
  QUANTITIES.flatMap((quantity) => {
    const both = replay.distributions?.[quantity];
    if (both === undefined || both.measured.length === 0 || both.replayed.length === 0) return [];
    return [
      {
        spec: ecdfSpec({
          title: `${METRIC_TITLES[quantity].long}, measured and replayed`,
          quantity: { label: METRIC_TITLES[quantity].short, unit: 's' },
          series: [
            { name: 'measured', values: both.measured },
            { name: 'replayed', values: both.replayed },
          ],
        }),
        caption:
          'Where the lines lie on each other, the model reproduces the whole distribution and not just its mean.',
      },
    ];
  });

/** Measured against replayed, as one section of a report. */
export const replaySection = (replay: ReplayResult): ReportSection => {
  const figures = distributionFigures(replay);
  return {
    title: 'Replay',
    intro:
      'The arrivals and lengths of the log, fed to a simulated engine with these coefficients, against what was measured.',
    blocks: [
      ...(replay.facts === undefined || replay.facts.length === 0
        ? []
        : [{ kind: 'facts' as const, facts: replay.facts }]),
      ...(figures.length === 0 ? [] : [{ kind: 'figures' as const, figures }]),
      metricTable(replay.metrics),
    ],
  };
};

export interface ReplayReportInput {
  readonly title?: string;
  readonly subtitle?: string;
  readonly verdict?: Verdict;
  readonly replay: ReplayResult;
  readonly read?: readonly { readonly label: string; readonly value: string }[];
  readonly warnings?: readonly ReportWarning[];
  readonly provenance: Provenance;
}

const replayVerdict = (metrics: ReplayMetrics, warnings: readonly ReportWarning[]): Verdict => {
  const worst = worstMean(metrics) ?? 0;
  return {
    tone: worst > 0.2 ? 'bad' : worst > 0.05 || warnings.length > 0 ? 'caution' : 'good',
    headline: replaySentence(metrics),
    ...(warnings.length === 0 ? {} : { points: ['Read the warnings below first.'] }),
  };
};

/** The report of `stepclock replay`. */
export const replayReport = (input: ReplayReportInput): ReportData => {
  const warnings = input.warnings ?? [];
  return {
    title: input.title ?? 'Replay of a measured log',
    ...(input.subtitle === undefined ? {} : { subtitle: input.subtitle }),
    verdict: input.verdict ?? replayVerdict(input.replay.metrics, warnings),
    keyFigures: QUANTITIES.flatMap((quantity) => {
      const mean = input.replay.metrics[quantity]?.mean;
      return mean === undefined
        ? []
        : [
            {
              label: `Mean ${lowered(METRIC_TITLES[quantity].short)}`,
              value: formatPercent(Math.abs(mean.error), 2),
              unit: mean.error < 0 ? 'too low' : mean.error > 0 ? 'too high' : 'off',
              note: `measured ${formatSeconds(mean.measured, 3)}, replayed ${formatSeconds(mean.replayed, 3)}`,
            },
          ];
    }),
    warnings,
    sections: [
      replaySection(input.replay),
      ...(input.read === undefined
        ? []
        : [{ title: 'What was read', blocks: [{ kind: 'facts' as const, facts: input.read }] }]),
    ],
    provenance: input.provenance,
  };
};
