import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { ExitCode } from '@stepclock/faults';
import {
  experimentFiles,
  experimentModels,
  experimentResult,
  experimentSummary,
  experimentTargetFrom,
  FAMILIES,
  METHODS,
  planExperiment,
  stageCharts,
  stageReport,
  stageTableFrom,
} from '@stepclock/stage-latency-recalibration';
import { given } from '../../options/given.js';
import { positive, positiveInteger, positiveIntegerUpTo, properFraction } from '../../options/number-rules.js';
import { choice, choices, jsonOption, list, number, paths, required, text, withDefault } from '../../options/option.js';
import { pictureOptions } from '../../options/picture-options.js';
import { defineVerb } from '../../options/verb.js';
import { columnsOf, methodOf, numbersOf, orNothing, readDigestedTable, warn } from './input.js';
import { columnOptions, seedOption } from './options.js';
import { runSeeds } from './seed-threads.js';

/** How the sets are called in figures: the value of the filter that tells them apart, else what they are. */
const nameOf = (filter: readonly string[], fallback: string): string =>
  filter.map((condition) => condition.slice(condition.indexOf('=') + 1)).join(' ') || fallback;

export const verb = defineVerb({
  options: {
    source: required(paths('measurements on the source GPU: files, folders, patterns', 'tables')),
    target: required(paths('measurements on the target GPU; may be the same', 'tables')),
    'source-filter': list('rows of the source: column=value'),
    'target-filter': list('rows of the target: column=value'),
    ...columnOptions,
    samples: list('numbers of target samples [10,25,50,100]'),
    budgets: list('shares of the 95th percentile of true totals [0.5,0.7,0.85,1.0]'),
    seeds: number('how many draws, at most 10000 [10]', positiveIntegerUpTo(10_000)),
    methods: list(`recalibration methods: ${METHODS.join(', ')} [all]`),
    families: choices(FAMILIES, 'forms of the source model, all but the networks unless given'),
    'test-configurations': number('held out [26 %, at most 100]', positiveInteger),
    'source-configurations': number('to train the source model on [150]', positiveInteger),
    level: number('of the conformal rules [0.9]', properFraction),
    margin: number('of the fixed rule [1.1]', positive),
    'guardrail-method': text('what the guardrail predicts with [auto]'),
    networks: withDefault(
      'full',
      choice(['full', 'lean'], 'work that goes into fine-tuned networks; lean takes a tenth of the time'),
    ),
    workers: number('threads that share the seeds; the results are the same [one a core]', positiveInteger),
    ...pictureOptions,
    output: required(text('folder of the results', 'folder')),
    ...seedOption,
    ...jsonOption,
  },
  examples: [
    [
      '$0 stage experiment --source runs.csv --target runs.csv --source-filter gpu=H100 --target-filter gpu=A100 --output e3',
      '',
    ],
  ],
  run: async (args, session) => {
    const { source: sourcePath, target: targetPath, output } = args;
    const sourceFile = await readDigestedTable(sourcePath, session);
    const targetFile =
      targetPath.join() === sourcePath.join() ? sourceFile : await readDigestedTable(targetPath, session);
    const source = stageTableFrom(sourceFile.table, columnsOf(args, args.sourceFilter));
    const target = experimentTargetFrom(targetFile.table, source, columnsOf(args, args.targetFilter));
    const methods = args.methods.map((name) => methodOf('methods', name));
    const { stderr } = session.io;
    const started = performance.now();
    const plan = planExperiment(
      source,
      target,
      given({
        samples: numbersOf('samples', args.samples),
        budgets: numbersOf('budgets', args.budgets),
        seeds: args.seeds,
        seed: args.seed,
        methods:
          methods.length === 0 ? undefined : METHODS.filter((method) => method === 'none' || methods.includes(method)),
        families: orNothing(args.families),
        testConfigurations: args.testConfigurations,
        sourceConfigurations: args.sourceConfigurations,
        effort: args.networks,
        level: args.level,
        margin: args.margin,
        guardrailMethod:
          args.guardrailMethod === undefined ? undefined : methodOf('guardrail-method', args.guardrailMethod),
      }),
    );
    const threads = args.workers ?? availableParallelism();
    const onSeed = (done: number, of: number): void => {
      const left = ((performance.now() - started) / done) * (of - done);
      const line = `seed ${done} of ${of}${done < of ? `, about ${Math.ceil(left / 1000)} s left` : ''}`;
      if (stderr.isTTY) stderr.write(`\r${line.padEnd(40)}${done === of ? '\n' : ''}`);
      session.log.info(line);
    };
    const seeds = await runSeeds({ source, target, plan }, threads, onSeed, (seed) =>
      session.log.info(`seed ${seed}: its thread ended early; it runs again in the main one`),
    );
    const result = experimentResult(source, target, plan, seeds);
    warn(result.warnings, session);
    const files = experimentFiles(result);
    const models = experimentModels(result);
    for (const [name, content] of Object.entries({ ...files, ...models }))
      await session.writeJson(join(output, `${name}.json`), content);
    const summary = experimentSummary(result);
    let drawn = 0;
    if (args.figures !== false || args.report !== undefined) {
      const names = [nameOf(args.sourceFilter, 'the source'), nameOf(args.targetFilter, 'the target')] as const;
      const charts = stageCharts(result, ...names);
      if (args.figures !== false) {
        const { writeFigures } = await import('../../reports/figure-files.js');
        drawn = (await writeFigures(args.figures ?? output, charts, session)).length;
      }
      if (args.report !== undefined) {
        const { writeModelReport } = await import('../../reports/model-report.js');
        const report = stageReport(result, summary, charts, {
          source: names[0],
          target: names[1],
          inputs: [...new Set([sourceFile, targetFile])].flatMap(({ inputs }) => inputs),
          seed: args.seed ?? 0,
        });
        await writeModelReport(args.report, report, session);
      }
    }
    const taken = await session.writeJson(args.json, {
      schema: 'stepclock/stage-experiment@1',
      output,
      summary,
      ...files.e3_transfer_curves,
    });
    if (!taken) {
      for (const { question, answer } of summary) session.print(`${session.paint.bold(question)}\n  ${answer}\n`);
      session.print(
        `Wrote ${Object.keys(files).length} result files, ${Object.keys(models).length} recalibrated models${drawn > 0 ? ` and ${drawn} figure files` : ''} to ${output}.`,
      );
    }
    return ExitCode.ok;
  },
});
