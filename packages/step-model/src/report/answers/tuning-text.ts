import { durationText, percentText, significantText, textTable } from '@stepclock/charts';
import { snakeCaseFields } from '../../model-file/snake-case.js';
import type { EngineSetting } from '../../tuning/engine-setting.js';
import type { RatedSetting, Tuning } from '../../tuning/tune.js';
import { limitText, unreachableText } from './slo-text.js';

const DIGITS = 4;

const rateText = (perSec: number): string => `${significantText(perSec, DIGITS)} requests/s`;

/** `64 requests, 2048 tokens a step`. */
const settingText = ({ maxNumSeqs, maxNumBatchedTokens, policy }: EngineSetting): string =>
  `${maxNumSeqs} requests at once, ${maxNumBatchedTokens} tokens a step${policy === 'mixed' ? '' : ', prefill first'}`;

/** What is best, and by how much, one sentence. */
export const tuningSentence = ({ best: [first], today, slos, unreachable }: Tuning): string => {
  if (first === undefined)
    return unreachable.length > 0 ? unreachableText(slos, unreachable) : 'No setting keeps the SLOs at any rate.';
  const kept = `${settingText(first.setting)}: ${rateText(first.ratePerSec)} keep ${slos.map(limitText).join(', ')}`;
  if (today === null) return `${kept}.`;
  const gain = first.ratePerSec / today.ratePerSec - 1;
  return today === first || gain < 0.005
    ? `${kept}; today's setting takes as much.`
    : `${kept}; today's setting takes ${rateText(today.ratePerSec)}, so it is ${percentText(gain, 1)} more.`;
};

const COLUMNS = [
  'max_num_seqs',
  'max_num_batched_tokens',
  'policy',
  'requests/s',
  'goodput',
  'TTFT p95',
  'TPOT mean',
  'E2E p95',
  'decodes',
  'preemptions',
];

const shown = (sec: number | null): string => (sec === null ? '-' : durationText(sec));

const cellsOf = ({ setting, ratePerSec, atRate }: RatedSetting): readonly string[] => [
  String(setting.maxNumSeqs),
  String(setting.maxNumBatchedTokens),
  setting.policy,
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

const frontText = ({ front }: Tuning): string =>
  textTable(
    [
      ['requests/s', 'goodput/s', 'E2E p95', 'max_num_seqs', 'max_num_batched_tokens', 'policy'],
      ...front.map(({ setting, ratePerSec, goodputPerSec, latencySec }) => [
        significantText(ratePerSec, DIGITS),
        significantText(goodputPerSec, DIGITS),
        durationText(latencySec),
        String(setting.maxNumSeqs),
        String(setting.maxNumBatchedTokens),
        setting.policy,
      ]),
    ],
    [5],
  );

/** A tuning for people: the sentence, the settings worth confirming with their flags, the front. */
export const tuningText = (found: Tuning): string => {
  const { best, today, settings, steps, kvTokens } = found;
  if (best.length === 0) return tuningSentence(found);
  const rows = today === null || best.includes(today) ? best : [...best, today];
  const isLast = (one: RatedSetting): boolean => one === today;
  const beyond = best.flatMap(({ beyond: all, setting }) => all.map((text) => `${settingText(setting)}: ${text}.`));
  return [
    tuningSentence(found),
    `${kvTokens === null ? 'No limit of the KV cache is known.' : `KV cache: ${kvTokens} tokens.`} ${settings.searched} of ${settings.grid} settings searched (the others are no better, or do the same), with about ${percentText(steps.simulated / steps.ofWholeGrid, 0)} of the steps that a search of all would take.`,
    '',
    'Worth confirming on the engine:',
    ...best.flatMap(flagLines),
    '',
    textTable([COLUMNS, ...rows.map((one) => [...cellsOf(one), isLast(one) ? '<- today' : ''])], [2, COLUMNS.length]),
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
export const tuningCsv = ({ front }: Tuning): string =>
  [
    'max_num_seqs,max_num_batched_tokens,policy,rate_per_sec,goodput_per_sec,latency_p95_sec',
    ...front.map(({ setting: { maxNumSeqs, maxNumBatchedTokens, policy }, ratePerSec, goodputPerSec, latencySec }) =>
      [maxNumSeqs, maxNumBatchedTokens, policy, ratePerSec, goodputPerSec, latencySec].join(','),
    ),
    '',
  ].join('\n');
