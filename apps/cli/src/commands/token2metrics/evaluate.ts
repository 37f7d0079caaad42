import { ExitCode } from '@stepclock/faults';
import { errorsToJSON, evaluateDevice } from '@stepclock/token2metrics';
import { jsonOption, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { evaluationText, modelText } from '../../text/token2metrics-text.js';
import { readMeasurements, tableOf } from './input.js';
import { readModel } from './models.js';
import { dataOptions, modelOptions } from './options.js';

export const verb = defineVerb({
  options: {
    ...modelOptions,
    ...dataOptions,
    data: text('measurements that the model has not seen [its own held-out errors]', 'input'),
    ...jsonOption,
  },
  examples: [['$0 token2metrics evaluate --model 14B --model-path models', '']],
  run: async (args, session) => {
    const { model } = await readModel(args);
    const head = { schema: 'stepclock/token2metrics-evaluation@1', model: model.name };
    if (args.data === undefined) {
      // Held out while training: what the model's own rows can honestly say about it.
      const metrics = Object.values(model.metrics).map(({ metric, method, validation }) => ({
        metric,
        method,
        scheme: validation?.scheme ?? null,
        ...(validation ? errorsToJSON(validation.metrics) : {}),
      }));
      const taken = await session.writeJson(args.json, {
        ...head,
        on: 'held-out training rows',
        trained_on: model.source,
        metrics,
      });
      if (!taken) {
        session.print(
          `${model.name}: errors on rows of ${model.source.file} that were held out while training (--data evaluates on others)\n\n${modelText(model)}`,
        );
      }
      return ExitCode.ok;
    }
    const input = await readMeasurements(args, session, model.name);
    const table = tableOf(input, model.name, session);
    if (input.name === model.source.file) {
      session.log.warn(
        'the model was trained on this file: its errors there flatter it, see evaluate without --data [training-data]',
      );
    }
    const evaluations = evaluateDevice(model, table);
    const taken = await session.writeJson(args.json, {
      ...head,
      on: input.name,
      rows: table.length,
      metrics: evaluations.map(({ metric, metrics, coverage, outsideRows, fallbackRows }) => ({
        metric,
        ...errorsToJSON(metrics),
        interval_coverage: coverage ? { level: coverage.level, share: coverage.share } : null,
        rows_outside_training_range: outsideRows,
        rows_by_physics: fallbackRows,
      })),
    });
    if (!taken) session.print(`${model.name} on ${input.name}\n\n${evaluationText(evaluations)}`);
    return ExitCode.ok;
  },
});
