import type { Warning } from '@stepclock/faults';
import { DECODE, type EngineSettings, type PhaseTable, type ServedFacts } from '@stepclock/trace-io';

export interface DecodesAtOnce {
  readonly most: number;
  /** Part of the time with decodes in which more than the limit were under way. */
  readonly shareAbove: number;
}

/** Decodes under way at once, by a sweep over their starts and ends. Linear but for two sorts. */
export const decodesAtOnce = ({ length, kind, startSec, endSec }: PhaseTable, limit: number): DecodesAtOnce => {
  const rows = Uint32Array.from({ length }, (_, i) => i).filter((i) => kind[i] === DECODE);
  const starts = Float64Array.from(rows, (i) => startSec[i]).sort();
  const ends = Float64Array.from(rows, (i) => endSec[i]).sort();
  let [most, aboveSec, busySec, before] = [0, 0, 0, 0];
  for (let s = 0, e = 0; e < ends.length; ) {
    const underWay = s - e;
    // One that ends as another starts makes room for it.
    const starting = s < starts.length && starts[s] < ends[e];
    const at = starting ? starts[s] : ends[e];
    if (underWay > 0) busySec += at - before;
    if (underWay > limit) aboveSec += at - before;
    if (starting) s++;
    else e++;
    before = at;
    most = Math.max(most, s - e);
  }
  return { most, shareAbove: busySec > 0 ? aboveSec / busySec : 0 };
};

/** Below this part of the time a client that sees its last tokens late explains it. */
const ABOVE_SHARE = 0.01;

const OF_A_CACHE: ReadonlySet<string> = new Set(['prompt-offset', 'prompts-in-two-clouds']);

/** What the estimate has seen for itself. */
interface Seen {
  /** What the log was read by: times of tokens tell engines and drafts apart by themselves. Default `phases`. */
  readonly evidence?: 'phases' | 'tokens';
  /** What it warns of by itself: of what a prefix cache did, once is enough. */
  readonly warnings?: readonly Warning[];
}

/**
 * What the engine's settings do to the meaning of coefficients that were fitted to its log, and where the two contradict each other: each with what
 * follows for the reader. Nothing is corrected here.
 */
export const settingsWarnings = (
  settings: EngineSettings,
  { has }: Pick<ServedFacts, 'has'>,
  phases: PhaseTable | undefined,
  { evidence = 'phases', warnings = [] }: Seen = {},
): readonly Warning[] => {
  const {
    maxNumSeqs,
    dataParallelSize: ranks = 1,
    pipelineParallelSize: stages = 1,
    speculation,
    prefixCaching,
    chunkedPrefill,
    schedulingPolicy,
  } = settings;
  const isOneEngine = (phases?.instanceIds?.length ?? 1) <= 1;
  const notes: (string | false | undefined)[] = [
    ranks > 1 &&
      evidence === 'phases' &&
      isOneEngine &&
      `${ranks} data-parallel ranks served these requests, and the log does not say which served which: they were read as one engine, whose batches are too large and whose steps are too short; log the rank, or estimate from one rank's requests`,
    stages > 1 &&
      `a step passes ${stages} pipeline stages while other steps are in them: the coefficients are of the time from step to step, and a token takes up to ${stages} times as long`,
    speculation &&
      evidence === 'phases' &&
      has?.includes('decode-steps') !== true &&
      'a step may yield several tokens of a request (speculative decoding), and the log does not count steps: the coefficients of a step are per token, lower than per step by the mean number of tokens accepted',
    prefixCaching === true &&
      !warnings.some(({ code }) => OF_A_CACHE.has(code)) &&
      has !== undefined &&
      !has.includes('cached') &&
      'prefix caching is on, and the log does not say how many tokens of a prompt were cached: beta1 is per token of the logged prompts, too low where prefixes were found',
    chunkedPrefill === false &&
      'chunked prefill is off: prompts are computed whole, before decodes go on; a mix of the two in a step is a reading of this program',
    schedulingPolicy === 'priority' &&
      'requests are scheduled by priority: the order that prefills share a budget in is taken from their times alone',
  ];
  if (maxNumSeqs !== undefined && phases !== undefined && isOneEngine && ranks === 1) {
    const { most, shareAbove } = decodesAtOnce(phases, maxNumSeqs);
    if (shareAbove > ABOVE_SHARE) {
      const share = (100 * shareAbove).toFixed(0);
      notes.push(
        `up to ${most} decodes are under way at once (${share} % of the time more than max_num_seqs ${maxNumSeqs}): the settings are not those of this log, or several engines share its requests (data parallel?)`,
      );
    }
  }
  return notes.filter((note) => typeof note === 'string').map((message) => ({ code: 'engine-settings', message }));
};
