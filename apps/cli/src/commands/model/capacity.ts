import { ExitCode } from '@stepclock/faults';
import {
  capacity,
  capacityCsv,
  capacityJson,
  capacityReport,
  capacityText,
  parseSlos,
  servingOfModel,
  snakeCaseFields,
} from '@stepclock/step-model';
import { engineSettingsOf } from '@stepclock/trace-io';
import { given } from '../../options/given.js';
import { atMost, count, positive, positiveInteger, wholeNumber } from '../../options/number-rules.js';
import { flag, jsonOption, number, text } from '../../options/option.js';
import { reportOptions } from '../../options/picture-options.js';
import { parallelOptions, schedulerOptions } from '../../options/scheduler-options.js';
import { defineVerb } from '../../options/verb.js';
import { provenanceOf } from '../../reports/provenance.js';
import { wantsReport } from '../../reports/report-targets.js';
import { ofOption } from '../../session/errors.js';
import { shareProgress } from '../../session/progress.js';
import { readBetasFile } from './betas-input.js';
import { limitsOf, warnOfNoBudget } from './limits.js';
import { betasOption, loadOptions, modelPathOf, modelPositional, shapeOf } from './load-options.js';
import { planOf, planText } from './replica-plan.js';

const options = {
  ...betasOption,
  ...loadOptions,
  rate: number('how many replicas for so many requests/s', atMost(1e9, positive)),
  trace: text('a log or workload file: how many replicas over its time', 'trace'),
  bin: number('seconds of a bin of --trace [60]', atMost(1e7, positive)),
  gpus: number('GPUs of one replica [1]', positiveInteger),
  price: number('what a GPU costs an hour', atMost(1e6, positive)),
  draws: number('searches with drawn coefficients, for the band; 0 for none [20]', atMost(1000, wholeNumber)),
  'max-num-batched-tokens': number("the token budget a step [the model's]", positiveInteger),
  'max-num-seqs': number("most requests running at once [the model's, else 256]", positiveInteger),
  'kv-tokens': number("capacity of the KV cache, tokens [the model's, else no limit]", positiveInteger),
  'chunk-size': number('most prefill tokens of one request in a step [no limit]', positiveInteger),
  ...schedulerOptions,
  ...parallelOptions,
  'client-overhead': number("seconds between a client and the engine, in every TTFT and latency [the model's]", count),
  strict: flag('exit with 4 where no rate keeps the SLO'),
  curve: text('write the figures over the rate to this path, as CSV', 'file'),
  ...jsonOption,
  ...reportOptions,
};

export const verb = defineVerb({
  positionals: modelPositional,
  options,
  examples: [
    ['$0 capacity betas.json --workload requests.jsonl --slo "ttft:p95:200ms tpot:mean:50ms"', ''],
    [
      '$0 capacity betas.json --workload prompt=600:0.8,output=150:0.7 --slo ttft:200 --rate 120 --price 2.5',
      'replicas for 120 requests/s, and what they cost',
    ],
  ],
  run: async (args, session) => {
    const slos = ofOption('--slo', () => parseSlos(args.slo));
    const path = modelPathOf('capacity', args);
    const model = await readBetasFile(path, session);
    const shape = await shapeOf(args, session);
    const told = engineSettingsOf({ ...model.input?.settings, ...model.limits });
    const limits = limitsOf({ ...args, policy: args.policy ?? model.policy }, told);
    warnOfNoBudget(limits, session.log);
    const progress = shareProgress(session.io.stderr, 'serving the load at rates');
    const found = capacity(model, shape, slos, limits, {
      ...given({ draws: args.draws, seed: args.seed }),
      onProgress: progress.update,
      corrections: {
        ...servingOfModel(model),
        ...(args.clientOverhead !== undefined && {
          overhead: { seconds: args.clientOverhead, secondsPerPromptToken: 0 },
        }),
      },
    });
    progress.finish();
    if (args.draws !== 0 && (model.covariance === null || model.intervals === null))
      session.log.warn('the model has no covariance: the rate has no band [no-bands]');
    for (const { code, message } of found.warnings) session.log.warn(`${message} [${code}]`);
    const plan = found.ratePerSec === null ? undefined : await planOf(args, found.ratePerSec, shape, session);
    const taken = await session.writeJson(args.json, {
      ...capacityJson(found),
      arrivals: shape.pattern,
      settings: snakeCaseFields(limits),
      ...(plan && { replicas: snakeCaseFields(plan) }),
      stepclock_version: session.version,
    });
    if (!taken) session.print([capacityText(found), ...(plan === undefined ? [] : ['', planText(plan)])].join('\n'));
    if (args.curve !== undefined) await session.writeFile(args.curve, capacityCsv(found));
    if (wantsReport(args)) {
      const { writeReport } = await import('../../reports/write-report.js');
      const provenance = provenanceOf(session, [{ name: path }, { name: args.workload }]);
      await writeReport(capacityReport({ capacity: found, subtitle: args.slo, provenance }), args, session);
    }
    return args.strict && found.ratePerSec === null ? ExitCode.thresholdPassed : ExitCode.ok;
  },
});
