import { ExitCode } from '@stepclock/faults';
import {
  compareLogs,
  comparisonJson,
  comparisonMarkdown,
  comparisonText,
  dataNeeded,
  isSlowerBy,
  type ModelComparison,
} from '@stepclock/step-model';
import { decimalNumber } from '@stepclock/trace-io';
import { flag, jsonOption, list, required, text } from '../../options/option.js';
import { traceOptions } from '../../options/trace-options.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import { shareProgress } from '../../session/progress.js';
import { grouped, percent } from '../../text/quantity.js';
import { comparedSide } from './compared-side.js';

/** `3%` as a share. */
const thresholdOf = (word: string | undefined): number | undefined => {
  if (word === undefined) return undefined;
  const share = decimalNumber(word.replace(/%$/, '')) / 100;
  if (!(word.endsWith('%') && share > 0 && share <= 10)) {
    throw usageFault('--fail-above', 'must be a share above 0 as 3%', word);
  }
  return share;
};

/** How much longer the logs must be, in the words of what is known of them. */
const neededText = ({ requests: [a, b] }: ModelComparison, times: number): string => {
  const of = (requests: number): string => grouped(+(times * requests).toPrecision(2));
  return a === null || b === null
    ? `about ${times.toPrecision(2)} times as long logs would tell`
    : `about ${of(a)} requests of A and ${of(b)} of B are needed to tell`;
};

export const verb = defineVerb({
  positionals: {
    a: required(
      list(
        "what to compare with: models, as 'stepclock estimate LOG --json' writes them, or logs; several apart by commas",
        'trace',
      ),
    ),
    b: required(list('what may be slower, likewise', 'trace')),
  },
  options: {
    'fail-above': text("exit with 4 where B is slower on A's workload by more than this, the interval included: 3%"),
    markdown: flag('print Markdown, for a pull request'),
    ...traceOptions,
    ...jsonOption,
  },
  examples: [
    ['$0 compare before.json after.json', ''],
    ['$0 compare before.jsonl after-1.jsonl,after-2.jsonl', 'logs, estimated first; runs of one engine are pooled'],
    ['$0 compare before.json after.json --fail-above 3% --markdown', 'in CI'],
  ],
  run: async (args, session) => {
    const threshold = thresholdOf(args.failAbove);
    const names = [args.a.join(','), args.b.join(',')] as const;
    const progress = shareProgress(session.io.stderr, 'comparing logs');
    let read = 0;
    const onLog = (): void => progress.update(read++, args.a.length + args.b.length);
    const sides = [
      await comparedSide(args.a, args, session, onLog),
      await comparedSide(args.b, args, session, onLog),
    ] as const;
    const compared = compareLogs(...sides, names);
    progress.finish();
    const { change } = compared.workloads[0];
    const isSlower = threshold !== undefined && isSlowerBy(compared, threshold);
    const taken = await session.writeJson(args.json, {
      ...comparisonJson(compared),
      ...(threshold !== undefined && { fail_above: threshold, is_slower: isSlower }),
      stepclock_version: session.version,
    });
    if (!taken) session.print(args.markdown ? comparisonMarkdown(compared) : comparisonText(compared));
    if (threshold === undefined) return ExitCode.ok;
    if (isSlower) {
      session.log.error(`B is slower than A by more than ${percent(threshold)} on A's workload`);
      return ExitCode.thresholdPassed;
    }
    const times = dataNeeded(change, threshold);
    if (times > 1) {
      session.log.warn(
        `too little data: the interval is wider than ${percent(threshold)} either way; ${neededText(compared, times)} [too-little-data]`,
      );
    }
    return ExitCode.ok;
  },
});
