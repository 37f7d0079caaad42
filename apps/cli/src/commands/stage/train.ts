import { ExitCode } from '@stepclock/faults';
import {
  FAMILIES,
  StageEstimator,
  stageTableFrom,
  trainEstimator,
  trainTransferNetworks,
} from '@stepclock/stage-latency-recalibration';
import { given } from '../../options/given.js';
import { positiveInteger } from '../../options/number-rules.js';
import { choices, flag, jsonOption, number, required, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { tableText } from '../../text/table.js';
import { columnsOf, orNothing, readTable, warn } from './input.js';
import { dataOptions, seedOption } from './options.js';

export const verb = defineVerb({
  options: {
    ...dataOptions,
    families: choices(FAMILIES, 'forms to choose from'),
    folds: number('of the cross-validation, by configuration [4]', positiveInteger),
    network: flag("add a network that 'recalibrate --method fine-tuned' can train on"),
    output: required(text('where the model goes', 'file')),
    ...seedOption,
    ...jsonOption,
  },
  examples: [['$0 stage train --data h100.csv --filter gpu=H100 --output h100.json', '']],
  run: async (args, session) => {
    const { data, output, seed = 0 } = args;
    const table = stageTableFrom(await readTable(data, session), columnsOf(args, args.filter));
    const { stderr } = session.io;
    const { estimator, warnings } = trainEstimator(table, {
      seed,
      onFamily: (family, at, of) => {
        const line = `form ${at + 1} of ${of}: ${family}`;
        if (stderr.isTTY) stderr.write(`\r\x1b[2K${line}`);
        session.log.info(line);
      },
      ...given({ families: orNothing(args.families), folds: args.folds }),
    });
    if (stderr.isTTY) stderr.write('\r\x1b[2K');
    warn(warnings, session);
    const networks = args.network ? trainTransferNetworks(estimator, table, seed) : undefined;
    const file = {
      ...new StageEstimator({ ...estimator.parts, networks }).toJSON(),
      warnings,
      stepclock_version: session.version,
    };
    await session.writeJson(output, file);
    const taken = await session.writeJson(args.json, file);
    if (taken) return ExitCode.ok;
    const { reports, totalHeldOut, configurations, folds } = estimator.parts;
    session.print(
      `${configurations} configurations${table.noisePercent === null ? '' : ` (one measurement scatters by ${table.noisePercent.toFixed(1)} %)`}; held-out errors over ${folds} folds of configurations:\n`,
    );
    session.print(
      tableText(
        [
          ['stage', 'form', 'MAPE %', 'MAE ms', 'P95 ms'],
          ...reports.map(({ stage, family, heldOut }) => [
            stage,
            family,
            heldOut.mapePercent.toFixed(2),
            heldOut.maeMs.toPrecision(3),
            heldOut.p95Ms.toPrecision(3),
          ]),
          ...(totalHeldOut === null
            ? []
            : [
                [
                  'total',
                  '',
                  totalHeldOut.mapePercent.toFixed(2),
                  totalHeldOut.maeMs.toPrecision(3),
                  totalHeldOut.p95Ms.toPrecision(3),
                ],
              ]),
        ],
        [0, 1],
      ),
    );
    session.print(`\nWrote ${output}.`);
    return ExitCode.ok;
  },
});
