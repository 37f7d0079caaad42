import { durationText, percentText, textTable } from '@stepclock/charts';
import type { Change, ModelComparison, SameWorkload } from '../comparison/compare-models.js';
import { snakeCaseFields } from '../model-file/snake-case.js';

const signed = (share: number): string => `${share > 0 ? '+' : ''}${percentText(share)}`;

const changeText = ({ value, interval }: Change): string =>
  `${signed(value)} [${signed(interval[0])}, ${signed(interval[1])}]`;

const WORKLOAD = { a: "A's workload", b: "B's workload" } as const;

/** "On A's workload B is 7.1 % slower ...; of it +6.8 % in beta0." */
const workloadSentence = ({ of, aSec, bSec, change, cause }: SameWorkload): string => {
  const on = `On ${WORKLOAD[of]} a step takes ${durationText(aSec)} by A and ${durationText(bSec)} by B`;
  if (!change.isClear) return `${on}: the same within the interval, ${changeText(change)}.`;
  const direction = change.value > 0 ? 'slower' : 'faster';
  const where =
    cause === null
      ? 'in which term cannot be told'
      : `of it ${signed(cause.share.value)} in ${cause.label} (${cause.term})`;
  return `${on}: ${direction}, ${changeText(change)}; ${where}.`;
};

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
    ...compared.workloads.map(workloadSentence),
    meanStepSentence(compared),
    `Intervals at ${+(100 * compared.level).toFixed(2)} %.`,
    '',
    textTable(rowsOf(compared), [0]),
  ].join('\n');

/** The same for a pull request. */
export const comparisonMarkdown = (compared: ModelComparison): string => {
  const [head, ...rows] = rowsOf(compared);
  const lines = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  const said = [...compared.workloads.map(workloadSentence), meanStepSentence(compared)];
  return [...said.map((sentence) => `- ${sentence}`), '', ...lines, ''].join('\n');
};

/** A comparison as the JSON object `stepclock/comparison@1`: seconds, and shares of A's step. */
export const comparisonJson = (compared: ModelComparison) => ({
  schema: 'stepclock/comparison@1' as const,
  ...snakeCaseFields(compared),
});
