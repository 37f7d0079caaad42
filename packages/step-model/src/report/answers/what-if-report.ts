import {
  ecdfSpec,
  modelReport,
  type NamedFigure,
  type Provenance,
  type ReportData,
  significantText,
} from '@stepclock/charts';
import { METRIC_NAMES, servingMetrics } from '../../replay/serving-metrics.js';
import type { WhatIf } from '../../what-if/what-if.js';
import { METRIC_TITLES } from '../metric-titles.js';
import { whatIfSentence } from './what-if-text.js';

const figuresOf = ({ replay, changedReplay }: WhatIf): readonly NamedFigure[] => {
  const [before, after] = [replay, changedReplay].map(({ simulation }) => servingMetrics(simulation.requests));
  return METRIC_NAMES.flatMap((metric) => {
    const series = [
      { name: 'replayed', values: before[metric].filter(Number.isFinite) },
      { name: 'changed', values: after[metric].filter(Number.isFinite) },
    ];
    if (series.some(({ values }) => values.length === 0)) return [];
    const title = `${METRIC_TITLES[metric].long}, as it was and with the change`;
    return [
      {
        name: `what_if_${metric}`,
        spec: ecdfSpec({ title, quantity: { label: METRIC_TITLES[metric].long, unit: 's' }, series }),
      },
    ];
  });
};

interface WhatIfReportInput {
  readonly found: WhatIf;
  readonly subtitle: string;
  readonly provenance: Provenance;
}

/** The report of `stepclock what-if`. */
export const whatIfReport = ({ found, subtitle, provenance }: WhatIfReportInput): ReportData => {
  const { inputs, ...how } = provenance;
  const { changed } = found.runs;
  return modelReport(
    {
      title: 'What if',
      subtitle,
      tone: found.warnings.length > 0 ? 'caution' : 'good',
      headline: whatIfSentence(found),
      keyFigures: [
        { label: 'Output', value: significantText(changed.outputTokensPerSec, 4), unit: 'tokens/s' },
        { label: 'Decodes a step', value: significantText(changed.decodeSeqs, 3) },
      ],
      warnings: found.warnings,
      sections: [{ title: 'Distributions', figures: figuresOf(found) }],
      inputs,
    },
    how,
  );
};
