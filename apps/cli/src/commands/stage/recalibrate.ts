import { ExitCode } from '@stepclock/faults';
import { seededRandom, shuffled } from '@stepclock/numerics';
import {
  answeredRows,
  crossFit,
  errorFigures,
  figuresJSON,
  METHODS,
  predictStages,
  recalibrate,
  type StageModel,
  type StageWarning,
  stageFault,
  TRANSFER_SCHEMA,
  takeConfigurations,
  targetTableFrom,
  transferInput,
  transferJSON,
  transferSamples,
} from '@stepclock/stage-latency-recalibration';
import { given } from '../../options/given.js';
import { positiveInteger } from '../../options/number-rules.js';
import { jsonOption, number, required, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { tableText } from '../../text/table.js';
import { columnsOf, methodOf, readTable, warn } from './input.js';
import { openStageModel } from './model.js';
import { dataOptions, modelOption, seedOption } from './options.js';

/** What a model that was carried over already loses by being carried over again. */
const anew = (path: string, earlier: StageModel['transfer']): readonly StageWarning[] =>
  earlier === undefined
    ? []
    : [
        {
          code: 'recalibrated-anew',
          message: `${path} was recalibrated already, by ${earlier.recalibration.method}: this one starts from its source model again and takes its place`,
        },
      ];

export const verb = defineVerb({
  options: {
    ...modelOption,
    ...dataOptions,
    method: text(`${METHODS.join(', ')}; A, B and C are affine, global-affine and fine-tuned [auto]`),
    samples: number('use so many configurations of the data, drawn at random [all]', positiveInteger),
    output: required(text('where the recalibrated model goes', 'file')),
    ...seedOption,
    ...jsonOption,
  },
  examples: [['$0 stage recalibrate --model h100.json --data a100.csv --samples 25 --output a100.json', '']],
  run: async (args, session) => {
    const { model: path, data, output, seed = 0, samples } = args;
    const method = methodOf('method', args.method ?? 'auto');
    const { source, transfer: earlier } = await openStageModel(path, session);
    const { total, networks } = source.parts;
    const measurements = targetTableFrom(await readTable(data, session), total, {
      stages: source.stageNames,
      features: source.knobNames,
      convention: total.convention,
      perStepStages: total.perStepStages,
      ...(total.fixedSteps === undefined ? {} : { decodeSteps: total.fixedSteps }),
      ...columnsOf(args, args.filter),
    });
    const { rows: answered, warnings: unanswered } = answeredRows(measurements, (asked) =>
      transferInput(source, asked),
    );
    const all = takeConfigurations(measurements, answered);
    if (samples !== undefined && samples > all.length) {
      throw stageFault('stage/too-many-samples', {
        what: 'samples',
        rule: `must be at most the ${all.length} configurations of the data`,
        value: samples,
      });
    }
    const chosen =
      samples === undefined
        ? all
        : takeConfigurations(all, shuffled(all.length, seededRandom(seed, 'samples')).slice(0, samples).sort());
    const transfer = transferSamples(source, chosen);
    const settings = { seed, ...given({ networks }) };
    const recalibration = recalibrate(method, transfer, settings);
    const cross = crossFit(recalibration, transfer, settings);
    const heldOut = errorFigures(transfer.targetTotalMs, cross.predictedMs);
    const { warnings: found } = predictStages({ source, transfer: { recalibration } }, chosen);
    const warnings = [...chosen.warnings, ...unanswered, ...found, ...anew(path, earlier)];
    warn(warnings, session);
    const file = {
      schema: TRANSFER_SCHEMA,
      method,
      samples: chosen.length,
      seed,
      held_out_total: figuresJSON(heldOut),
      ...transferJSON(source, recalibration, cross),
      warnings,
      stepclock_version: session.version,
    };
    await session.writeJson(output, file);
    const taken = await session.writeJson(args.json, file);
    if (taken) return ExitCode.ok;
    const before = errorFigures(transfer.targetTotalMs, recalibrate('none', transfer).predict(transfer).totalMs);
    session.print(
      `${method} from ${chosen.length} samples: the total is off by ${heldOut.mapePercent.toFixed(2)} % on samples left out (${before.mapePercent.toFixed(1)} % before).`,
    );
    if (recalibration.blend?.every(({ winner }) => winner === 'none') === true) {
      session.print('No change: the source model as it is errs least on samples left out.');
    }
    if (recalibration.blend !== undefined) {
      session.print(
        tableText(
          [
            ['stage', 'by', 'weights (cross-validated error)'],
            ...recalibration.blend.map(({ stage, winner, candidates }) => [
              stage,
              winner,
              candidates
                .filter(({ weight }) => weight > 0.005)
                .map(
                  ({ candidate, weight, crossValidatedPercent }) =>
                    `${candidate} ${(100 * weight).toFixed(0)} % (${crossValidatedPercent.toFixed(2)} %)`,
                )
                .join(', '),
            ]),
          ],
          [0, 1, 2],
        ),
      );
    }
    session.print(`\nWrote ${output}.`);
    return ExitCode.ok;
  },
});
