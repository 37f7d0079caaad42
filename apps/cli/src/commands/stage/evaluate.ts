import { ExitCode } from '@stepclock/faults';
import {
  answeredRows,
  errorFigures,
  figuresJSON,
  measuredTotals,
  predictStages,
  takeConfigurations,
  targetTableFrom,
  totalInterval,
} from '@stepclock/stage-latency-recalibration';
import { jsonOption } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { tableText } from '../../text/table.js';
import { columnsOf, readTable, warn } from './input.js';
import { openStageModel } from './model.js';
import { dataOptions, modelOption } from './options.js';

export const verb = defineVerb({
  options: { ...modelOption, ...dataOptions, ...jsonOption },
  run: async (args, session) => {
    const { model: path, data } = args;
    const model = await openStageModel(path, session);
    const { stageNames, knobNames, parts } = model.source;
    const measurements = targetTableFrom(await readTable(data, session), parts.total, {
      stages: stageNames,
      features: knobNames,
      convention: parts.total.convention,
      perStepStages: parts.total.perStepStages,
      ...(parts.total.fixedSteps === undefined ? {} : { decodeSteps: parts.total.fixedSteps }),
      ...columnsOf(args, args.filter),
    });
    const {
      rows: answered,
      answer,
      warnings: unanswered,
    } = answeredRows(measurements, (asked, numbers) => predictStages(model, asked, numbers));
    const table = takeConfigurations(measurements, answered);
    const { stagesMs, totalMs, warnings } = answer;
    const measured = measuredTotals(table);
    const interval = totalInterval(model, table, totalMs);
    const inside = interval && measured.filter((ms, i) => interval.lowMs[i] <= ms && ms <= interval.highMs[i]).length;
    const all = [...table.warnings, ...unanswered, ...warnings];
    warn(all, session);
    const rows = [
      ...(stagesMs ?? []).flatMap((ms, k) => {
        const column = table.stagesMs[table.stageNames.indexOf(stageNames[k])];
        return column === undefined ? [] : [{ stage: stageNames[k], figures: errorFigures(column, ms) }];
      }),
      { stage: 'T_total', figures: errorFigures(measured, totalMs) },
    ];
    const taken = await session.writeJson(args.json, {
      schema: 'stepclock/stage-evaluation@1',
      configurations: table.length,
      stages: rows.map(({ stage, figures }) => ({ stage, ...figuresJSON(figures) })),
      interval: interval === null ? null : { level: interval.level, coverage: (inside ?? 0) / table.length },
      warnings: all,
    });
    if (!taken) {
      session.print(`${table.length} configurations:\n`);
      session.print(
        tableText([
          ['stage', 'MAPE %', 'median APE %', 'MAE ms', 'P95 ms'],
          ...rows.map(({ stage, figures }) => [
            stage,
            figures.mapePercent.toFixed(2),
            figures.medianApePercent.toFixed(2),
            figures.maeMs.toPrecision(3),
            figures.p95Ms.toPrecision(3),
          ]),
        ]),
      );
      if (interval !== null) {
        session.print(`\n${inside} of ${table.length} totals lie inside their ${100 * interval.level} % interval.`);
      }
    }
    return ExitCode.ok;
  },
});
