import { ExitCode } from '@stepclock/faults';
import { compareModels, comparisonJson, comparisonMarkdown, comparisonText, dataNeeded } from '@stepclock/step-model';
import { decimalNumber } from '@stepclock/trace-io';
import { flag, jsonOption, required, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import { percent } from '../../text/quantity.js';
import { readBetasFile } from './betas-input.js';

/** `3%` as a share. */
const thresholdOf = (word: string | undefined): number | undefined => {
  if (word === undefined) return undefined;
  const share = decimalNumber(word.replace(/%$/, '')) / 100;
  if (!(word.endsWith('%') && share > 0 && share <= 10)) {
    throw usageFault('--fail-above', 'must be a share above 0 as 3%', word);
  }
  return share;
};

export const verb = defineVerb({
  positionals: {
    a: required(text("the model to compare with, as 'stepclock estimate LOG --json' writes it", 'input')),
    b: required(text('the model that may be slower', 'input')),
  },
  options: {
    'fail-above': text("exit with 4 where B is slower on A's workload by more than this, the interval included: 3%"),
    markdown: flag('print Markdown, for a pull request'),
    ...jsonOption,
  },
  examples: [
    ['$0 compare before.json after.json', ''],
    ['$0 compare before.json after.json --fail-above 3% --markdown', 'in CI'],
  ],
  run: async (args, session) => {
    const threshold = thresholdOf(args.failAbove);
    const [a, b] = [await readBetasFile(args.a, session), await readBetasFile(args.b, session)];
    const compared = compareModels(a, b, [args.a, args.b]);
    const { change } = compared.workloads[0];
    const taken = await session.writeJson(args.json, {
      ...comparisonJson(compared),
      stepclock_version: session.version,
    });
    if (!taken) session.print(args.markdown ? comparisonMarkdown(compared) : comparisonText(compared));
    if (threshold === undefined) return ExitCode.ok;
    if (change.interval[0] > threshold) {
      session.log.error(`B is slower than A by more than ${percent(threshold)} on A's workload`);
      return ExitCode.thresholdPassed;
    }
    const times = dataNeeded(change, threshold);
    if (times > 1) {
      session.log.warn(
        `the interval is wider than ${percent(threshold)} either way: about ${times.toPrecision(2)} times as long logs would tell [too-little-data]`,
      );
    }
    return ExitCode.ok;
  },
});
