import { durationText, groupedText, percentText, textTable } from '@stepclock/charts';
import type { FailedEngine, Fleet, FleetKind } from '../../fleet/merge-fleet.js';
import type { StandingOut } from '../../fleet/standing-out.js';
import { snakeCaseFields } from '../../model-file/snake-case.js';

/** Rows of a list before it is cut. */
const MOST_LISTED = 40;

const oddText = ({ engine, kind, share, standardError }: StandingOut): string => {
  if (share === null || standardError === null) return `${engine}: other settings than most`;
  const size = `${percentText(Math.abs(share))} (standard error ${percentText(standardError)})`;
  if (kind !== 'drifting')
    return `${engine}: ${kind}, a step takes ${size} ${share > 0 ? 'more' : 'less'} than the median engine's`;
  return `${engine}: drifting, ${size} ${share > 0 ? 'slower' : 'faster'} at the end of its log than at the start`;
};

const listed = <T>(items: readonly T[], lineOf: (item: T) => string): readonly string[] => [
  ...items.slice(0, MOST_LISTED).map((item) => `  ${lineOf(item)}`),
  ...(items.length > MOST_LISTED ? [`  and ${items.length - MOST_LISTED} more (--json has all)`] : []),
];

const kindText = ({ label, engines, pooled, standingOut, meanStepSec }: FleetKind): readonly string[] => [
  '',
  `${label === null ? 'engines' : `kind ${label}`}: ${groupedText(engines.length)}, mean step ${durationText(meanStepSec)}`,
  '',
  textTable(
    [
      ['term', 'pooled', '95 % interval', 'between engines', 'share of the scatter', 'engines'],
      ...pooled.coefficients.map(({ term, value, interval, betweenEngines, heterogeneity, engines: count }) => [
        term.label,
        `${durationText(value)}${term.unit.replace(/^s/, '')}`,
        interval === null ? '-' : `${durationText(interval[0])} to ${durationText(interval[1])}`,
        durationText(betweenEngines),
        percentText(heterogeneity),
        groupedText(count),
      ]),
    ],
    [0],
  ),
  '',
  ...(standingOut.length === 0
    ? ['no engine stands out']
    : [`stand out, and are left out of the pool:`, ...listed(standingOut, oddText)]),
];

const failedText = ({ engine, rows, message }: FailedEngine): string =>
  `${engine} (${groupedText(rows)} rows): ${message}`;

/** A fleet for people. */
export const fleetText = ({ kinds, failed, rows, used, lines }: Fleet): string =>
  [
    `${groupedText(lines)} lines, ${groupedText(rows)} rows, ${groupedText(rows - used)} of them left out`,
    ...kinds.flatMap(kindText),
    ...(failed.length === 0 ? [] : ['', 'without a model:', ...listed(failed, failedText)]),
  ].join('\n');

/** A fleet as the JSON object `stepclock/fleet@1`: seconds, and shares of the step time. */
export const fleetJson = ({ kinds, ...fleet }: Fleet) => ({
  schema: 'stepclock/fleet@1' as const,
  ...snakeCaseFields(fleet),
  kinds: kinds.map(({ label, engines, pooled, standingOut, shares, meanStepSec }) => ({
    label,
    mean_step_seconds: meanStepSec,
    coefficients: pooled.coefficients.map(({ term, ...pool }) => ({
      name: term.name,
      unit: term.unit,
      ...snakeCaseFields(pool),
    })),
    covariance: pooled.covariance,
    standing_out: standingOut.map(snakeCaseFields),
    engines: engines.map(({ name, rows, used, startSec, terms, coefficients, steps, drift }, e) => ({
      engine: name,
      rows,
      used,
      start_seconds: startSec,
      steps,
      coefficients: Object.fromEntries(terms.map((term, t) => [term.label, coefficients[t]])),
      step_share: shares[e].share,
      standard_error: shares[e].standardError,
      drift: drift === null ? null : snakeCaseFields(drift),
    })),
  })),
});
