import type { StagePredictArgs } from '../commands/stage.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import type { Session } from '../session.js';
import { tableText } from '../text/table.js';
import { warn } from './stage-input.js';
import { predictStages, readKnobs, readStageModel } from './stage-model.js';

/** `stepclock stage predict`. */
export const runStagePredict = async (args: StagePredictArgs, session: Session): Promise<ExitCode> => {
  const { model: path = '-' } = args;
  await checkOutputs({ streams: { json: args.json } }, [path, ...(args.data === undefined ? [] : [args.data])]);
  const model = await readStageModel(path, session);
  const knobs = await readKnobs(args, model, session);
  const { stagesMs, totalMs, warnings } = predictStages(model, knobs);
  warn(warnings, session);
  const names = stagesMs === null ? [] : model.source.stageNames;
  const taken = await session.writeJson(args.json, {
    schema: 'stepclock/stage-prediction@1',
    unit: 'ms',
    predictions: Array.from(totalMs, (total, i) => ({
      ...Object.fromEntries(names.map((name, k) => [name, stagesMs?.[k]?.[i]])),
      T_total: total,
    })),
    warnings,
  });
  if (!taken) {
    session.print(
      tableText([
        ['ms', ...names, 'total'],
        ...Array.from(totalMs, (total, i) => [
          `${i + 1}`,
          ...names.map((_, k) => (stagesMs?.[k]?.[i] ?? Number.NaN).toPrecision(4)),
          total.toPrecision(4),
        ]),
      ]),
    );
  }
  return ExitCode.ok;
};
