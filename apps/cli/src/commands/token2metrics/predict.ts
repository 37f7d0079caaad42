import { ExitCode, Fault, listed } from '@stepclock/faults';
import {
  type DeviceModel,
  type DevicePrediction,
  type EnergyParts,
  energyParts,
  METRIC_FACTS,
  METRICS,
  predictDevice,
  REGRESSORS,
} from '@stepclock/token2metrics';
import { readTidyFile } from '../../files/tidy-input.js';
import { given } from '../../options/given.js';
import { positiveInteger } from '../../options/number-rules.js';
import { type ArgsOf, alias, choice, flag, jsonOption, number, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { predictionText } from '../../text/token2metrics-text.js';
import { SYNTHETIC } from './input.js';
import { readModel } from './models.js';
import { modelOptions } from './options.js';

const options = {
  ...modelOptions,
  'input-tokens': alias('input_tokens', number('tokens of the prompt', positiveInteger)),
  'output-tokens': alias('output_tokens', number('tokens of the answer', positiveInteger)),
  batch: text('CSV or JSON lines with input_tokens and output_tokens, one request a row', 'input'),
  output: text('with --batch: where the CSV of predictions goes [-]', 'stream'),
  regression: choice(REGRESSORS, 'use this regressor of a model trained with --regression all'),
  'refuse-extrapolation': flag('trees fail outside the token counts trained on, instead of falling back to physics'),
  ...jsonOption,
};

type PredictArgs = ArgsOf<typeof options>;

interface Requests {
  readonly input: readonly number[];
  readonly output: readonly number[] | undefined;
}

const requestsOf = async (args: PredictArgs, session: Session): Promise<Requests> => {
  if (args.batch === undefined) {
    if (args.inputTokens === undefined) throw usageFault('--input-tokens', 'must be given, or --batch with a file');
    return { input: [args.inputTokens], output: args.outputTokens === undefined ? undefined : [args.outputTokens] };
  }
  if (args.inputTokens !== undefined || args.outputTokens !== undefined) {
    throw usageFault('--batch', 'gives the token counts already; leave out --input-tokens and --output-tokens');
  }
  const { table, name } = await readTidyFile(args.batch, session);
  const column = (wanted: string): readonly number[] | undefined => {
    const at = table.names.indexOf(wanted);
    if (at < 0) return undefined;
    return Array.from({ length: table.length }, (_, row) => {
      const text = table.cell(row, at).trim();
      const tokens = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      if (Number.isSafeInteger(tokens) && tokens >= 1) return tokens;
      throw new Fault('cli/input', {
        what: wanted,
        rule: 'must be a whole number from 1',
        value: text,
        file: name,
        line: table.line(row),
        column: wanted,
      });
    });
  };
  const input = column('input_tokens');
  if (!input)
    throw new Fault('cli/input', {
      what: 'input_tokens',
      rule: `every request needs its prompt length; got columns ${listed(table.names)}`,
      file: name,
      line: 1,
    });
  return { input, output: column('output_tokens') };
};

/** One request's prediction as a flat object, names with units. */
const flat = (
  prediction: DevicePrediction,
  energy: EnergyParts | undefined,
  row: number,
): Record<string, number | boolean | null> => {
  const fields: Record<string, number | boolean | null> = {};
  let outside = false;
  let fellBack = false;
  for (const metric of METRICS) {
    const own = prediction[metric];
    if (!own) continue;
    const { field } = METRIC_FACTS[metric];
    fields[field] = own.value[row];
    fields[`${field}_low`] = own.interval?.low[row] ?? null;
    fields[`${field}_high`] = own.interval?.high[row] ?? null;
    outside ||= own.outside[row] === 1;
    fellBack ||= own.fellBack[row] === 1;
  }
  if (energy) {
    fields.prefill_energy_j = energy.prefillJ[row];
    fields.decode_energy_j = energy.decodeJ[row];
    fields.energy_per_output_token_j = energy.perTokenJ[row];
    fields.output_tokens_per_j = energy.tokensPerJ[row];
  }
  return { ...fields, outside_training_range: outside, by_physics: fellBack };
};

const levelOf = (prediction: DevicePrediction): number | null =>
  METRICS.map((metric) => prediction[metric]?.interval?.level).find((level) => level !== undefined) ?? null;

export const verb = defineVerb({
  options,
  examples: [['$0 token2metrics predict --model 8B --input-tokens 100 --output-tokens 50 --model-path models', '']],
  run: async (args, session) => {
    if (args.output !== undefined && args.batch === undefined) throw usageFault('--output', 'needs --batch');
    const toStdout = args.batch !== undefined && (args.output === undefined || args.output === '-');
    if (toStdout && args.json === '-')
      throw usageFault('--json', 'standard output already takes the predictions; give --output or a path');
    const requests = await requestsOf(args, session);
    const { model } = await readModel(args);
    const prediction = predictDevice(model, requests.input, requests.output, {
      ...given({ regression: args.regression }),
      outsideHull: args.refuseExtrapolation ? 'refuse' : 'physics',
    });
    const energy = requests.output && energyParts(model, prediction, requests.output);
    const rows: Record<string, number | boolean | null>[] = requests.input.map((input, row) => ({
      input_tokens: input,
      ...(requests.output ? { output_tokens: requests.output[row] } : {}),
      ...flat(prediction, energy, row),
    }));
    const warnings = warningsOf(model, rows);
    for (const { code, message } of warnings) session.log.warn(`${message} [${code}]`);
    const taken = await session.writeJson(args.json, {
      schema: 'stepclock/token2metrics-prediction@1',
      model: model.name,
      interval_level: levelOf(prediction),
      energy_split: energy?.split ?? null,
      ...(args.batch === undefined ? rows[0] : { requests: rows }),
      warnings,
    });
    if (args.batch !== undefined) {
      const text = csvOf(rows);
      if (toStdout) session.print(text);
      else if (args.output !== undefined) await session.writeFile(args.output, text);
    } else if (!taken) session.print(predictionText(prediction, energy));
    return ExitCode.ok;
  },
});

const warningsOf = (model: DeviceModel, rows: readonly Readonly<Record<string, unknown>>[]) => {
  const outside = rows.filter((row) => row.outside_training_range === true).length;
  const physics = rows.filter((row) => row.by_physics === true).length;
  const ranges = Object.values(model.metrics)[0]?.range.features ?? [];
  const widest = Object.values(model.metrics).find(({ range }) => range.features.length > 1)?.range.features ?? ranges;
  return [
    ...(model.source.file === SYNTHETIC
      ? [
          {
            code: 'synthetic-data',
            message: `${model.name} was trained on ${SYNTHETIC}, which no device wrote: give train a --data of yours`,
          },
        ]
      : []),
    ...(outside > 0
      ? [
          {
            code: 'extrapolation',
            message: `${outside} request(s) outside the token counts trained on (${widest.map(({ name, min, max }) => `${name} ${min} to ${max}`).join(', ')}): intervals do not hold there`,
          },
        ]
      : []),
    ...(physics > 0
      ? [
          {
            code: 'physics-fallback',
            message: `${physics} request(s) predicted by physics where the chosen regressor says nothing`,
          },
        ]
      : []),
  ];
};

const csvOf = (rows: readonly Record<string, number | boolean | null>[]): string => {
  const names = Object.keys(rows[0] ?? {});
  return [names.join(','), ...rows.map((row) => names.map((name) => row[name] ?? '').join(','))]
    .join('\n')
    .concat('\n');
};
