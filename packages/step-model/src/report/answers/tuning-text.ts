import { durationText, percentText, significantText, textTable } from '@stepclock/charts';
import { snakeCaseFields } from '../../model-file/snake-case.js';
import type { EngineSetting } from '../../tuning/engine-setting.js';
import type { RatedSetting, Tuning } from '../../tuning/tuning.js';
import { limitText, unreachableText } from './slo-text.js';

const DIGITS = 4;

const rateText = (perSec: number): string => `${significantText(perSec, DIGITS)} requests/s`;

/** `2 engines of 4 GPUs`. */
const layoutText = (tensor: number, data: number): string =>
  `${data} engine${data === 1 ? '' : 's'} of ${tensor} GPU${tensor === 1 ? '' : 's'}`;

/** `64 requests at once, 2048 tokens a step`, with the layout before it where GPUs were laid out. */
export const settingText = (setting: EngineSetting): string => {
  const { maxNumSeqs, maxNumBatchedTokens, policy, tensorParallelSize: tensor, dataParallelSize: data } = setting;
  const layout = tensor === undefined || data === undefined ? '' : `${layoutText(tensor, data)}, `;
  return `${layout}${maxNumSeqs} requests at once, ${maxNumBatchedTokens} tokens a step${policy === 'mixed' ? '' : ', prefill first'}`;
};

/** What is best, and by how much, one sentence. */
export const tuningSentence = ({ best: [first], today, slos, unreachable }: Tuning): string => {
  if (first === undefined)
    return unreachable.length > 0 ? unreachableText(slos, unreachable) : 'No setting keeps the SLOs at any rate.';
  const kept = `${settingText(first.setting)}: ${rateText(first.ratePerSec)} keep ${slos.map(limitText).join(', ')}`;
  if (today === null) return `${kept}.`;
  const gain = first.ratePerSec / today.ratePerSec - 1;
  const { tensorParallelSize: tensor, dataParallelSize: data } = today.setting;
  const theirs = tensor && data ? `today's limits with ${layoutText(tensor, data)} take` : "today's setting takes";
  return today === first || gain < 0.005
    ? `${kept}; ${theirs} as much.`
    : `${kept}; ${theirs} ${rateText(today.ratePerSec)}, so it is ${percentText(gain, 1)} more.`;
};

/** What a setting is told by, one a column: its layout only where GPUs were laid out. */
const settingCells = (setting: EngineSetting): Readonly<Record<string, string | number>> => {
  const { maxNumSeqs, maxNumBatchedTokens, policy, tensorParallelSize: tensor, dataParallelSize: data } = setting;
  return {
    ...(tensor !== undefined && data !== undefined && { tensor_parallel_size: tensor, data_parallel_size: data }),
    max_num_seqs: maxNumSeqs,
    max_num_batched_tokens: maxNumBatchedTokens,
    policy,
  };
};

const COLUMNS = ['requests/s', 'goodput', 'TTFT p95', 'TPOT mean', 'E2E p95', 'decodes', 'preemptions'];

const shown = (sec: number | null): string => (sec === null ? '-' : durationText(sec));

const cellsOf = ({ setting, ratePerSec, atRate }: RatedSetting): readonly string[] => [
  ...Object.values(settingCells(setting)).map(String),
  significantText(ratePerSec, DIGITS),
  percentText(atRate.goodShare, 1),
  shown(atRate.metrics.ttft.p95),
  shown(atRate.metrics.tpot.mean),
  shown(atRate.metrics.latency.p95),
  significantText(atRate.decodeSeqs, 3),
  String(atRate.preemptions),
];

const flagLines = ({ flags }: RatedSetting, i: number): readonly string[] => [
  `  ${i + 1}. vLLM:   ${flags.vllm ?? 'V1 always mixes prefill and decodes: it has no flag for prefill first'}`,
  `     SGLang: ${flags.sglang}`,
];

const frontText = ({ front: points }: Tuning): string => {
  const names = Object.keys(settingCells(points[0].setting));
  const rows = points.map(({ setting, ratePerSec, goodputPerSec, latencySec }) => [
    significantText(ratePerSec, DIGITS),
    significantText(goodputPerSec, DIGITS),
    durationText(latencySec),
    ...Object.values(settingCells(setting)).map(String),
  ]);
  return textTable([['requests/s', 'goodput/s', 'E2E p95', ...names], ...rows], [2 + names.length]);
};

const kvText = (tokens: number | null): string =>
  tokens === null ? 'No limit of the KV cache is known.' : `KV cache: ${tokens} tokens.`;

/** What each layout takes, and how many GPUs it leaves idle. */
const layoutLines = (gpus: number, layouts: Tuning['layouts']): readonly string[] =>
  layouts.map(({ tensorParallelSize: tensor, dataParallelSize: data, ratePerSec, kvTokens }) => {
    const idle = gpus - tensor * data;
    const rate = ratePerSec === null ? 'the SLOs at no rate.' : `${rateText(ratePerSec)}.`;
    return `  ${layoutText(tensor, data)}: ${rate} ${kvText(kvTokens)}${idle > 0 ? ` ${idle} GPU${idle === 1 ? ' is' : 's are'} left over.` : ''}`;
  });

/** A tuning for people: the sentence, the settings worth confirming with their flags, the front. */
export const tuningText = (found: Tuning): string => {
  const { best, today, settings, steps, kvTokens, gpus, layouts } = found;
  if (best.length === 0) return tuningSentence(found);
  const rows = today === null || best.includes(today) ? best : [...best, today];
  const isLast = (one: RatedSetting): boolean => one === today;
  const names = Object.keys(settingCells(best[0].setting));
  const whole = `${settings.searched} of ${settings.grid} settings searched (the others are no better, or do the same), with about ${percentText(steps.simulated / steps.ofWholeGrid, 0)} of the steps that a search of all would take.`;
  const beyond = best.flatMap(({ beyond: all, setting }) => all.map((text) => `${settingText(setting)}: ${text}.`));
  return [
    tuningSentence(found),
    ...(gpus === null
      ? [`${kvText(kvTokens)} ${whole}`]
      : [whole, '', `${gpus} GPUs, each layout with its best setting:`, ...layoutLines(gpus, layouts)]),
    '',
    'Worth confirming on the engine:',
    ...best.flatMap(flagLines),
    '',
    textTable(
      [[...names, ...COLUMNS], ...rows.map((one) => [...cellsOf(one), isLast(one) ? '<- today' : ''])],
      [names.length - 1, names.length + COLUMNS.length],
    ),
    ...(beyond.length === 0 ? [] : ['', 'Beyond what the fit has seen:', ...beyond.map((line) => `  ${line}`)]),
    '',
    'Goodput against latency (what no other setting or rate beats in both):',
    frontText(found),
  ].join('\n');
};

/** A tuning as the JSON object `stepclock/tuning@1`: seconds and requests/s, null where a figure is not defined. */
export const tuningJson = (found: Tuning) => ({
  schema: 'stepclock/tuning@1' as const,
  feasible: found.best.length > 0,
  ...snakeCaseFields(found),
});

/** The front as CSV, one point a line: requests/s, seconds. */
export const tuningCsv = ({ front, gpus }: Tuning): string => {
  const layout = gpus === null ? [] : ['tensor_parallel_size', 'data_parallel_size'];
  const names = [
    'max_num_seqs',
    'max_num_batched_tokens',
    'policy',
    'rate_per_sec',
    'goodput_per_sec',
    'latency_p95_sec',
  ];
  const rows = front.map(({ setting, ratePerSec, goodputPerSec, latencySec }) =>
    [...Object.values(settingCells(setting)), ratePerSec, goodputPerSec, latencySec].join(','),
  );
  return [[...layout, ...names].join(','), ...rows, ''].join('\n');
};
