import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import {
  experimentFiles,
  experimentResult,
  experimentSummary,
  METHODS,
  planExperiment,
  stageTableFrom,
} from '@stepclock/stage-latency-recalibration';
import type { StageExperimentArgs } from '../commands/stage.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import { runSeeds } from '../seed-workers.js';
import type { Session } from '../session.js';
import { given } from './given.js';
import { columnsOf, familiesOf, methodOf, numbersOf, readDigestedTable, warn } from './stage-input.js';

/** How the sets are called in figures: the value of the filter that tells them apart, else what they are. */
const nameOf = (filter: readonly string[] | undefined, fallback: string): string =>
  filter?.map((condition) => condition.slice(condition.indexOf('=') + 1)).join(' ') || fallback;

/** `stepclock stage experiment`. */
export const runStageExperiment = async (args: StageExperimentArgs, session: Session): Promise<ExitCode> => {
  const { source: sourcePath = '-', target: targetPath = '-', output = 'e3' } = args;
  await checkOutputs(
    {
      streams: { json: args.json },
      files: { report: args.report },
      folders: { output, figures: args.figures || undefined },
    },
    [sourcePath, targetPath],
  );
  const sourceFile = await readDigestedTable(sourcePath, session);
  const targetFile = targetPath === sourcePath ? sourceFile : await readDigestedTable(targetPath, session);
  const source = stageTableFrom(sourceFile.table, columnsOf(args, args.sourceFilter));
  const target = stageTableFrom(targetFile.table, columnsOf(args, args.targetFilter));
  const methods = (args.methods ?? []).map((name) => methodOf('methods', name));
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
      families: familiesOf(args.families),
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
  for (const [name, content] of Object.entries(files)) await session.writeJson(join(output, `${name}.json`), content);
  const summary = experimentSummary(result);
  let drawn = 0;
  if (args.figures !== false || args.report !== undefined) {
    const { stageCharts } = await import('./stage-charts.js');
    const names = [nameOf(args.sourceFilter, 'the source'), nameOf(args.targetFilter, 'the target')] as const;
    const charts = stageCharts(result, ...names);
    if (args.figures !== false) {
      const { writeFigures } = await import('../figure-files.js');
      drawn = (await writeFigures(args.figures ?? output, charts, session)).length;
    }
    if (args.report !== undefined) {
      const { writeModelReport } = await import('../reports/model-report.js');
      const { stageReport } = await import('./stage-report.js');
      const report = stageReport(result, summary, charts, {
        source: names[0],
        target: names[1],
        inputs: [...new Set([sourceFile, targetFile])].map(({ input }) => input),
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
      `Wrote ${Object.keys(files).length} result files${drawn > 0 ? ` and ${drawn} figure files` : ''} to ${output}.`,
    );
  }
  return ExitCode.ok;
};
