import { ExitCode } from '@stepclock/faults';
import {
  type BetasFile,
  parseSlos,
  servingOfModel,
  snakeCaseFields,
  tune,
  tuneGpus,
  tuningCsv,
  tuningJson,
  tuningReport,
  tuningText,
} from '@stepclock/step-model';
import { decimalNumber, engineSettingsOf } from '@stepclock/trace-io';
import { given } from '../../options/given.js';
import { count, type NumberRule, positiveInteger, positiveIntegerUpTo } from '../../options/number-rules.js';
import {
  type ArgsOf,
  choices,
  flag,
  jsonOption,
  list,
  number,
  type Option,
  paths,
  text,
} from '../../options/option.js';
import { reportOptions } from '../../options/picture-options.js';
import { parallelOptions, schedulerOptions } from '../../options/scheduler-options.js';
import { defineVerb } from '../../options/verb.js';
import { provenanceOf } from '../../reports/provenance.js';
import { wantsReport } from '../../reports/report-targets.js';
import { ofOption, usageFault } from '../../session/errors.js';
import { shareProgress } from '../../session/progress.js';
import { readBetasFile } from './betas-input.js';
import { limitsOf } from './limits.js';
import { betasOption, loadOptions, modelPathOf, shapeOf } from './load-options.js';

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

/** More ranks take longer to replay than anybody waits for. */
const MOST_GPUS = 64;

const options = {
  ...betasOption,
  ...loadOptions,
  gpus: number(
    'GPUs to lay out: of the engine of each model as many side by side as there is room for',
    positiveIntegerUpTo(MOST_GPUS),
  ),
  'tensor-parallel': numbers("GPUs of an engine of each model, in their order [the model's own]", positiveInteger),
  router: parallelOptions.router,
  'max-num-seqs': numbers('values to try of the requests running at once [8,16,...,512]', positiveInteger),
  'max-num-batched-tokens': numbers('values to try of the token budget a step [512,1024,...,16384]', positiveInteger),
  policy: choices(['mixed', 'prefill-first'], "what a step may hold [the model's, else mixed]"),
  'kv-tokens': numbers(
    "capacity of an engine's KV cache, tokens; one for all models or one for each [the model's, else no limit]",
    positiveInteger,
  ),
  'chunk-size': number('most prefill tokens of one request in a step [no limit]', positiveInteger),
  ...otherRules,
  'client-overhead': number("seconds between a client and the engine, in every TTFT and latency [the model's]", count),
  strict: flag('exit with 4 where no setting keeps the SLO'),
  front: text('write the front of goodput and latency to this path, as CSV', 'file'),
  ...jsonOption,
  ...reportOptions,
};

type TuneArgs = ArgsOf<typeof options>;

/** The paths of the models, one or, with a number of GPUs, several. */
const pathsOf = ({ models, betas, gpus }: TuneArgs & { readonly models: readonly string[] }): readonly string[] => {
  if (models.length > 1 && betas !== undefined) throw usageFault('--betas', 'is instead of positional models', betas);
  if (models.length > 1 && gpus === undefined) throw usageFault('tune', 'several models need --gpus');
  return models.length > 1 ? models : [modelPathOf('tune', { model: models[0], betas })];
};

/** The value of a list that has one for all models, or one for each. */
const ofModel = (
  flag: string,
  values: readonly number[] | undefined,
  i: number,
  models: number,
): number | undefined => {
  if (values !== undefined && values.length !== 1 && values.length !== models)
    throw usageFault(flag, `must be one number, or one for each of ${models} models`, values.length);
  return values?.length === 1 ? values[0] : values?.[i];
};

/** What the options and the model's file say of an engine: what stays, what is turned, how many GPUs it takes. */
const engineOf = (args: TuneArgs, model: BetasFile, path: string, i: number, models: number) => {
  const { maxNumSeqs: _seqs, maxNumBatchedTokens: _budget, policy: _policies, ...others } = args;
  const told = engineSettingsOf({ ...model.input?.settings, ...model.limits });
  const kvTokens = ofModel('--kv-tokens', args.kvTokens, i, models);
  const { maxNumSeqs, maxNumBatchedTokens, ...limits } = limitsOf({ ...others, kvTokens, dataParallel: 1 }, told);
  const policy = model.policy ?? 'mixed';
  const tensorParallelSize = ofModel('--tensor-parallel', args.tensorParallel, i, models) ?? told.tensorParallelSize;
  if (args.gpus !== undefined) {
    if (tensorParallelSize === undefined)
      throw usageFault('--tensor-parallel', `must be given: ${path} does not say it`);
    if (told.pipelineParallelSize !== undefined)
      throw usageFault('--gpus', `lays out no engine with pipeline stages, as that of ${path}`, args.gpus);
  }
  return {
    model,
    limits,
    tensorParallelSize: tensorParallelSize ?? 1,
    ...(maxNumSeqs !== undefined &&
      maxNumBatchedTokens !== undefined && { today: { maxNumSeqs, maxNumBatchedTokens, policy } }),
    corrections: {
      ...servingOfModel(model),
      ...(args.clientOverhead !== undefined && {
        overhead: { seconds: args.clientOverhead, secondsPerPromptToken: 0 },
      }),
    },
  };
};

export const verb = defineVerb({
  positionals: {
    models: paths(
      "the model, as 'stepclock estimate --json' writes it; with --gpus one for each tensor parallel size",
      'input',
    ),
  },
  options,
  examples: [
    ['$0 tune betas.json --workload requests.jsonl --slo "ttft:p95:200ms tpot:mean:50ms" --kv-tokens 120000', ''],
    ['$0 tune betas.json --workload prompt=600:0.8,output=150:0.7 --slo tpot:30 --max-num-seqs 32,64,128', ''],
    [
      '$0 tune tp1.json tp2.json --gpus 4 --tensor-parallel 1,2 --workload requests.jsonl --slo tpot:30',
      'four engines of one GPU, or two of two',
    ],
  ],
  run: async (args, session) => {
    const slos = ofOption('--slo', () => parseSlos(args.slo));
    const { gpus, maxNumSeqs, maxNumBatchedTokens, seed, policy: policies } = args;
    if (args.tensorParallel !== undefined && gpus === undefined) throw usageFault('--tensor-parallel', 'needs --gpus');
    const names = pathsOf(args);
    const models = [];
    for (const name of names) models.push(await readBetasFile(name, session));
    const engines = models.map((model, i) => engineOf(args, model, names[i], i, names.length));
    const shape = await shapeOf(args, session);
    if (engines.some(({ limits }) => limits.kvTokens === undefined)) {
      session.log.warn(
        'no capacity of the KV cache is known: settings with many requests at once may not have the memory; give --kv-tokens [no-kv-limit]',
      );
    }
    const progress = shareProgress(session.io.stderr, 'trying settings');
    const grid = given({ maxNumSeqs, maxNumBatchedTokens, policy: policies.length === 0 ? undefined : policies });
    const shared = { grid, ...given({ seed }), onProgress: progress.update };
    const [{ model, limits, ...rest }] = engines;
    const found =
      gpus === undefined
        ? tune(model, shape, slos, limits, { ...shared, ...rest })
        : tuneGpus(gpus, engines, shape, slos, shared);
    progress.finish();
    for (const { code, message } of found.warnings) session.log.warn(`${message} [${code}]`);
    // The text names those of the others.
    for (const message of found.best[0]?.beyond ?? []) session.log.warn(`the best setting: ${message} [extrapolation]`);
    const taken = await session.writeJson(args.json, {
      ...tuningJson(found),
      arrivals: shape.pattern,
      ...(gpus === undefined
        ? { limits: snakeCaseFields(limits) }
        : {
            engines: engines.map((one, i) =>
              snakeCaseFields({ model: names[i], tensorParallelSize: one.tensorParallelSize, limits: one.limits }),
            ),
          }),
      stepclock_version: session.version,
    });
    if (!taken) session.print(tuningText(found));
    if (args.front !== undefined) await session.writeFile(args.front, tuningCsv(found));
    if (wantsReport(args)) {
      const { writeReport } = await import('../../reports/write-report.js');
      const provenance = provenanceOf(
        session,
        [...names, args.workload].map((name) => ({ name })),
      );
      await writeReport(tuningReport({ tuning: found, subtitle: args.slo, provenance }), args, session);
    }
    return args.strict && found.best.length === 0 ? ExitCode.thresholdPassed : ExitCode.ok;
  },
});
