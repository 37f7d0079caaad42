import { durationText, percentText, textTable } from '@stepclock/charts';
import { listed } from '@stepclock/faults';
import type { Change, ModelComparison, SameWorkload } from '../../comparison/compare-models.js';
import { snakeCaseFields } from '../../model-file/snake-case.js';

const signed = (share: number): string => `${share > 0 ? '+' : ''}${percentText(share)}`;

const changeText = ({ value, interval }: Change): string =>
  `${signed(value)} [${signed(interval[0])}, ${signed(interval[1])}]`;

const WORKLOAD = { a: "A's workload", b: "B's workload" } as const;

const causeText = (cause: SameWorkload['cause']): string => {
  if (cause === null) return 'in which term cannot be told';
  const { share, label, term, alternatives } = cause;
  const others =
    alternatives.length === 0 ? '' : `, or in ${listed(alternatives)}, which these logs do not tell from it`;
  return `of it ${signed(share.value)} in ${label} (${term})${others}`;
};

/** "On A's workload B is 7.1 % slower ...; of it +6.8 % in beta0." */
const workloadSentence = ({ of, aSec, bSec, change, cause }: SameWorkload): string => {
  const on = `On ${WORKLOAD[of]} a step takes ${durationText(aSec)} by A and ${durationText(bSec)} by B`;
  if (!change.isClear) return `${on}: the same within the interval, ${changeText(change)}.`;
  return `${on}: ${change.value > 0 ? 'slower' : 'faster'}, ${changeText(change)}; ${causeText(cause)}.`;
};

/** Where the logs' batches have little in common: what steps of the same batch say. */
const batchesSentences = ({ batches, isAcrossBatches }: ModelComparison): readonly string[] => {
  if (batches === null || !isAcrossBatches) return [];
  const { a, b, atSameBatch } = batches;
  const differ = `The logs differ in their batches: A has ${a[0]} to ${a[1]} decodes a step, B ${b[0]} to ${b[1]}.`;
  if (atSameBatch === null) {
    return [`${differ} They share too few to tell a slower engine from a step time that bends with the batch.`];
  }
  const { value, interval } = atSameBatch;
  const change = { value, interval, isClear: interval[0] > 0 || interval[1] < 0 };
  return [
    change.isClear
      ? `${differ} Steps of the same batch differ too: ${changeText(change)}.`
      : `${differ} Steps of the same batch take the same, ${changeText(change)}: a curve of the step time over the batch explains the difference, no other engine.`,
  ];
};

const leftOutSentences = ({ leftOut }: ModelComparison): readonly string[] =>
  leftOut.length === 0
    ? []
    : [
        `Both are fitted without ${listed(leftOut)}, which only one of the logs tells: the intervals are wider by what they cost.`,
      ];

const sentencesOf = (compared: ModelComparison): readonly string[] => [
  ...compared.workloads.map(workloadSentence),
  ...batchesSentences(compared),
  meanStepSentence(compared),
  ...leftOutSentences(compared),
];

const rowsOf = ({ terms, workloads }: ModelComparison): readonly (readonly string[])[] => [
  ['term', 'A', 'B', 'B - A', 'interval of the difference', "of a step of A's workload"],
  ...terms.map(({ label, unit, a, b, change }, t) => [
    label,
    ...[a, b, change.value].map((sec) => durationText(sec)),
    `${durationText(change.interval[0])} to ${durationText(change.interval[1])} ${unit.replace(/^s/, '')}${change.isClear ? '' : ' (holds 0)'}`,
    changeText(workloads[0].byTerm[t].share),
  ]),
];

const meanStepSentence = ({ meanStep: { change, ofWorkload, ofEngine } }: ModelComparison): string =>
  `The mean step of B's log differs by ${signed(change)} from that of A's: ${signed(ofWorkload)} by the load, ${signed(ofEngine)} by the engine.`;

/** A comparison for people. */
export const comparisonText = (compared: ModelComparison): string =>
  [
    ...sentencesOf(compared),
    `Intervals at ${+(100 * compared.level).toFixed(2)} %.`,
    '',
    textTable(rowsOf(compared), [0]),
  ].join('\n');

const verdictOf = ({ workloads: [{ change }] }: ModelComparison): string => {
  if (!change.isClear) return 'the same within the interval';
  return change.value > 0 ? 'slower' : 'faster';
};

/** The same for a pull request. */
export const comparisonMarkdown = (compared: ModelComparison): string => {
  const [head, ...rows] = rowsOf(compared);
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const title = `### Engine step time: ${verdictOf(compared)}`;
  return [title, '', ...sentencesOf(compared).map((sentence) => `- ${sentence}`), '', ...lines, ''].join('\n');
};

/** A comparison as the JSON object `stepclock/comparison@1`: seconds, and shares of A's step. */
export const comparisonJson = (compared: ModelComparison) => ({
  schema: 'stepclock/comparison@1' as const,
  ...snakeCaseFields(compared),
});
