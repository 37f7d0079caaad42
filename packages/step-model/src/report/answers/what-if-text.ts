import { durationText, lowered, percentText, significantText, textTable } from '@stepclock/charts';
import { snakeCaseFields } from '../../model-file/snake-case.js';
import { METRIC_NAMES, type MetricName } from '../../replay/serving-metrics.js';
import type { ChangedFigure, RunFigures, WhatIf } from '../../what-if/what-if.js';
import { METRIC_TITLES } from '../metric-titles.js';

const titleOf = (metric: MetricName): string => lowered(METRIC_TITLES[metric].short);

const signed = (share: number): string => `${share > 0 ? '+' : ''}${percentText(share, 1)}`;

const bandText = ({ band }: ChangedFigure): string =>
  band === null ? '-' : `${signed(band[0])} to ${signed(band[1])}`;

/** What the change does to the means, one sentence. */
export const whatIfSentence = ({ metrics }: WhatIf): string => {
  const parts = METRIC_NAMES.flatMap((metric) => {
    const { replayed, changed, difference, band } = metrics[metric].mean;
    if (replayed === null || changed === null || difference === null) return [];
    const range = band === null ? '' : ` [${signed(band[0])}, ${signed(band[1])}]`;
    return [`${titleOf(metric)} ${durationText(replayed)} to ${durationText(changed)} (${signed(difference)}${range})`];
  });
  return parts.length === 0 ? 'No request has a latency to compare.' : `Means: ${parts.join(', ')}.`;
};

const runLine = (
  name: string,
  { steps, preemptions, outputTokensPerSec, utilisation, decodeSeqs }: RunFigures,
): readonly string[] => [
  name,
  String(steps),
  String(preemptions),
  significantText(outputTokensPerSec, 4),
  percentText(utilisation, 1),
  significantText(decodeSeqs, 3),
];

/** A change for people: the sentence, a block a metric, what both runs are like. */
export const whatIfText = (found: WhatIf): string => {
  const { metrics, bands, runs, clients } = found;
  const head = ['', '', 'measured', 'replayed', 'changed', 'difference'];
  const rows = [bands === null ? head : [...head, `${+(100 * bands.level).toFixed(2)} % band`]];
  for (const metric of METRIC_NAMES) {
    for (const [i, [name, figure]] of Object.entries(metrics[metric]).entries()) {
      const shown = (sec: number | null): string => (sec === null ? '-' : durationText(sec));
      const { measured, replayed, changed, difference } = figure;
      const cells = [shown(measured), shown(replayed), shown(changed), difference === null ? '-' : signed(difference)];
      rows.push([i === 0 ? titleOf(metric) : '', name, ...cells, ...(bands === null ? [] : [bandText(figure)])]);
    }
  }
  return [
    whatIfSentence(found),
    ...(clients === null ? [] : [`A closed loop: ${clients[0]} clients, ${clients[1]} with the change.`]),
    '',
    textTable(rows, [0, 1]),
    '',
    textTable(
      [
        ['', 'steps', 'preemptions', 'output tokens/s', 'steps run', 'decodes'],
        runLine('replayed', runs.replayed),
        runLine('changed', runs.changed),
      ],
      [0],
    ),
  ].join('\n');
};

/** A change as the JSON object `stepclock/what-if@1`: seconds, shares, null where a figure is not defined. */
export const whatIfJson = ({ replay, changedReplay, ...found }: WhatIf) => ({
  schema: 'stepclock/what-if@1' as const,
  ...snakeCaseFields(found),
  settings: { replayed: snakeCaseFields(replay.settings), changed: snakeCaseFields(changedReplay.settings) },
});
