import { ExitCode } from '@stepclock/faults';
import {
  parseSlos,
  servingOfModel,
  snakeCaseFields,
  tune,
  tuningCsv,
  tuningJson,
  tuningReport,
  tuningText,
} from '@stepclock/step-model';
import { decimalNumber, engineSettingsOf } from '@stepclock/trace-io';
import { given } from '../../options/given.js';
import { count, type NumberRule, positiveInteger } from '../../options/number-rules.js';
import { choices, flag, jsonOption, list, number, type Option, text } from '../../options/option.js';
import { reportOptions } from '../../options/picture-options.js';
import { schedulerOptions } from '../../options/scheduler-options.js';
import { defineVerb } from '../../options/verb.js';
import { provenanceOf } from '../../reports/provenance.js';
import { wantsReport } from '../../reports/report-targets.js';
import { ofOption, usageFault } from '../../session/errors.js';
import { shareProgress } from '../../session/progress.js';
import { readBetasFile } from './betas-input.js';
import { limitsOf } from './limits.js';
import { betasOption, loadOptions, modelPathOf, modelPositional, shapeOf } from './load-options.js';

/** More values of one setting make more runs than anybody waits for. */
const MOST_VALUES = 32;

/** Numbers apart by commas; undefined where none is given. */
const numbers = (describe: string, { must, accepts }: NumberRule): Option<readonly number[] | undefined> => {
  const words = list(describe);
  return {
    ...words,
    parse: (value, name) => {
      const found = words.parse(value, name).map((word) => {
        const x = decimalNumber(word);
        if (!(Number.isFinite(x) && accepts(x))) throw usageFault(name, `must be numbers, each ${must}`, word);
        return x;
      });
      if (found.length > MOST_VALUES) throw usageFault(name, `must be at most ${MOST_VALUES} values`, found.length);
      return found.length === 0 ? undefined : found;
    },
  };
};

const { policy: _, ...otherRules } = schedulerOptions;

export const verb = defineVerb({
  positionals: modelPositional,
  options: {
    ...betasOption,
    ...loadOptions,
    'max-num-seqs': numbers('values to try of the requests running at once [8,16,...,512]', positiveInteger),
    'max-num-batched-tokens': numbers('values to try of the token budget a step [512,1024,...,16384]', positiveInteger),
    policy: choices(['mixed', 'prefill-first'], "what a step may hold [the model's, else mixed]"),
    'kv-tokens': number("capacity of the KV cache, tokens [the model's, else no limit]", positiveInteger),
    'chunk-size': number('most prefill tokens of one request in a step [no limit]', positiveInteger),
    ...otherRules,
    'client-overhead': number(
      "seconds between a client and the engine, in every TTFT and latency [the model's]",
      count,
    ),
    strict: flag('exit with 4 where no setting keeps the SLO'),
    front: text('write the front of goodput and latency to this path, as CSV', 'file'),
    ...jsonOption,
    ...reportOptions,
  },
  examples: [
    ['$0 tune betas.json --workload requests.jsonl --slo "ttft:p95:200ms tpot:mean:50ms" --kv-tokens 120000', ''],
    ['$0 tune betas.json --workload prompt=600:0.8,output=150:0.7 --slo tpot:30 --max-num-seqs 32,64,128', ''],
  ],
  run: async (args, session) => {
    const slos = ofOption('--slo', () => parseSlos(args.slo));
    const path = modelPathOf('tune', args);
    const model = await readBetasFile(path, session);
    const shape = await shapeOf(args, session);
    const told = engineSettingsOf({ ...model.input?.settings, ...model.limits });
    const { maxNumSeqs, maxNumBatchedTokens, policy: policies, ...others } = args;
    const { maxNumSeqs: seqs, maxNumBatchedTokens: budget, ...limits } = limitsOf({ ...others, dataParallel: 1 }, told);
    if (limits.kvTokens === undefined) {
      session.log.warn(
        'no capacity of the KV cache is known: settings with many requests at once may not have the memory; give --kv-tokens [no-kv-limit]',
      );
    }
    const own = model.policy ?? 'mixed';
    const today =
      seqs === undefined || budget === undefined
        ? undefined
        : { maxNumSeqs: seqs, maxNumBatchedTokens: budget, policy: own };
    const progress = shareProgress(session.io.stderr, 'trying settings');
    const found = tune(model, shape, slos, limits, {
      grid: { ...given({ maxNumSeqs, maxNumBatchedTokens }), policy: policies.length === 0 ? [own] : policies },
      ...given({ seed: args.seed, today }),
      corrections: {
        ...servingOfModel(model),
        ...(args.clientOverhead !== undefined && {
          overhead: { seconds: args.clientOverhead, secondsPerPromptToken: 0 },
        }),
      },
      onProgress: progress.update,
    });
    progress.finish();
    for (const { code, message } of found.warnings) session.log.warn(`${message} [${code}]`);
    // The text names those of the others.
    for (const message of found.best[0]?.beyond ?? []) session.log.warn(`the best setting: ${message} [extrapolation]`);
    const taken = await session.writeJson(args.json, {
      ...tuningJson(found),
      arrivals: shape.pattern,
      limits: snakeCaseFields(limits),
      stepclock_version: session.version,
    });
    if (!taken) session.print(tuningText(found));
    if (args.front !== undefined) await session.writeFile(args.front, tuningCsv(found));
    if (wantsReport(args)) {
      const { writeReport } = await import('../../reports/write-report.js');
      const provenance = provenanceOf(session, [{ name: path }, { name: args.workload }]);
      await writeReport(tuningReport({ tuning: found, subtitle: args.slo, provenance }), args, session);
    }
    return args.strict && found.best.length === 0 ? ExitCode.thresholdPassed : ExitCode.ok;
  },
});
