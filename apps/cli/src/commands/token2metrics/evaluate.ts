import { ExitCode } from '@stepclock/faults';
import {
  evaluateDevice,
  evaluationJson,
  evaluationText,
  heldOutJson,
  modelText,
  qualityFindings,
} from '@stepclock/token2metrics';
import { jsonOption, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
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
    const { model } = await readModel(args, session);
    const head = { schema: 'stepclock/token2metrics-evaluation@1', model: model.name };
    if (args.data === undefined) {
      // Held out while training: what the model's own rows can honestly say about it.
      const taken = await session.writeJson(args.json, {
        ...head,
        on: 'held-out training rows',
        trained_on: model.source,
        metrics: heldOutJson(model),
      });
      if (!taken) {
        session.print(
          `${model.name}: errors on settings of ${model.source.file} that were held out while training (--data evaluates on others)\n\n${modelText(model)}`,
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
    const findings = qualityFindings(table, { padding: model.padding }).map(({ code, message }) => ({ code, message }));
    const taken = await session.writeJson(args.json, {
      ...head,
      on: input.name,
      rows: table.length,
      metrics: evaluationJson(evaluations),
      findings,
    });
    if (!taken) session.print(`${model.name} on ${input.name}\n\n${evaluationText(evaluations, findings)}`);
    return ExitCode.ok;
  },
});
