import { stageTableFrom, trainEstimator, trainTransferNetworks } from '@stepclock/stage-latency-recalibration';
import type { StageTrainArgs } from '../commands/stage.js';
import { ExitCode } from '../exit-code.js';
import { checkOutputs } from '../output-paths.js';
import type { Session } from '../session.js';
import { tableText } from '../text/table.js';
import { given } from './given.js';
import { columnsOf, familiesOf, readTable, warn } from './stage-input.js';

/** `stepclock stage train`. */
export const runStageTrain = async (args: StageTrainArgs, session: Session): Promise<ExitCode> => {
  const { data = '-', output = 'stage-model.json', seed = 0 } = args;
  await checkOutputs({ files: { output }, streams: { json: args.json } }, [data]);
  const table = stageTableFrom(await readTable(data, session), columnsOf(args, args.filter));
  const { estimator, warnings } = trainEstimator(table, {
    seed,
    ...given({ families: familiesOf(args.families), folds: args.folds }),
  });
  warn(warnings, session);
  const networks = args.network
    ? { networks: trainTransferNetworks(estimator, table, seed).map((network) => network.toJSON()) }
    : {};
  const file = { ...estimator.toJSON(), ...networks, warnings, stepclock_version: session.version };
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
};
