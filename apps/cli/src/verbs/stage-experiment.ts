import { join } from 'node:path';
import {
  experimentFiles,
  experimentSummary,
  METHODS,
  runExperiment,
  stageTableFrom,
} from '@stepclock/stage-latency-recalibration';
import type { StageExperimentArgs } from '../commands/stage.js';
import { ExitCode } from '../exit-code.js';
import { refuseOverwriting, type Session } from '../session.js';
import { given } from './given.js';
import { columnsOf, familiesOf, methodOf, numbersOf, readTable, warn } from './stage-input.js';

/** How the sets are called in figures: the value of the filter that tells them apart, else what they are. */
const nameOf = (filter: readonly string[] | undefined, fallback: string): string =>
  filter?.map((condition) => condition.slice(condition.indexOf('=') + 1)).join(' ') || fallback;

/** `stepclock stage experiment`. */
export const runStageExperiment = async (args: StageExperimentArgs, session: Session): Promise<ExitCode> => {
  const { source: sourcePath = '-', target: targetPath = '-', output = 'e3' } = args;
  refuseOverwriting({ json: args.json, report: args.report }, [sourcePath, targetPath]);
  const sourceTable = await readTable(sourcePath, session);
  const targetTable = targetPath === sourcePath ? sourceTable : await readTable(targetPath, session);
  const source = stageTableFrom(sourceTable, columnsOf(args, args.sourceFilter));
  const target = stageTableFrom(targetTable, columnsOf(args, args.targetFilter));
  const methods = (args.methods ?? []).map((name) => methodOf('methods', name));
  const { stderr } = session.io;
  const started = performance.now();
  const result = runExperiment(
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
    (done, of) => {
      const left = ((performance.now() - started) / done) * (of - done);
      const line = `seed ${done} of ${of}${done < of ? `, about ${Math.ceil(left / 1000)} s left` : ''}`;
      if (stderr.isTTY) stderr.write(`\r${line.padEnd(40)}${done === of ? '\n' : ''}`);
      session.log.info(line);
    },
  );
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
      const report = {
        title: 'Stage latency carried to another GPU',
        subtitle: `from ${names[0]} to ${names[1]}`,
        tone: result.warnings.length > 0 ? ('caution' as const) : ('good' as const),
        headline: summary[0]?.answer ?? 'Nothing could be said.',
        points: summary.slice(1).map(({ question, answer }) => `${question} ${answer}`),
        warnings: result.warnings,
        figures: charts,
        inputs: [...new Set([sourcePath, targetPath])].map((path) => ({ name: path })),
        seed: args.seed ?? 0,
      };
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
