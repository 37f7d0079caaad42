import { ExitCode, Fault, listed } from '@stepclock/faults';
import {
  type DevicePrediction,
  energyParts,
  METRICS,
  predictDevice,
  predictionText,
  predictionWarnings,
  requestJson,
} from '@stepclock/token2metrics';
import { readTidyFile } from '../../files/tidy-input.js';
import { given } from '../../options/given.js';
import { positiveInteger } from '../../options/number-rules.js';
import { type ArgsOf, alias, flag, jsonOption, number, text } from '../../options/option.js';
import { defineVerb } from '../../options/verb.js';
import { inputFault, usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import { SYNTHETIC } from './input.js';
import { readModel } from './models.js';
import { modelOptions, regressorOption } from './options.js';

const options = {
  ...modelOptions,
  'input-tokens': alias('input_tokens', number('tokens of the prompt', positiveInteger)),
  'output-tokens': alias('output_tokens', number('tokens of the answer', positiveInteger)),
  batch: text('CSV or JSON lines with input_tokens and output_tokens, one request a row', 'input'),
  output: text('with --batch: where the CSV of predictions goes [-]', 'stream'),
  regression: regressorOption([], 'use this regressor of a model trained with --regression all'),
  'refuse-extrapolation': flag('trees fail outside the token counts trained on, instead of falling back to physics'),
  ...jsonOption,
};

type PredictArgs = ArgsOf<typeof options>;

interface Requests {
  readonly input: readonly number[] | undefined;
  readonly output: readonly number[] | undefined;
  /** The columns of a batch as they stand, which its predictions follow. */
  readonly names: readonly string[];
  readonly cells: (row: number) => readonly string[];
}

const requestsOf = async (args: PredictArgs, session: Session): Promise<Requests> => {
  if (args.batch === undefined) {
    const [input, output] = [args.inputTokens, args.outputTokens];
    if (input === undefined && output === undefined)
      throw usageFault('--input-tokens', 'must be given, or --batch with a file');
    const one = (count: number | undefined) => (count === undefined ? undefined : [count]);
    return { input: one(input), output: one(output), names: [], cells: () => [] };
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
      const tokens = /^\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
      if (tokens >= 1 && tokens <= 1e9) return tokens;
      throw new Fault('cli/input', {
        what: wanted,
        rule: 'must be a whole number from 1 to 1e9',
        value: text,
        file: name,
        line: table.line(row),
        column: wanted,
      });
    });
  };
  const [input, output] = [column('input_tokens'), column('output_tokens')];
  if (!input && !output)
    throw new Fault('cli/input', {
      what: 'input_tokens',
      rule: `every request needs its prompt length; got columns ${listed(table.names)}`,
      file: name,
      line: 1,
    });
  return { input, output, names: table.names, cells: (row) => table.names.map((_, c) => table.cell(row, c)) };
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
    const { model, path } = await readModel(args, session);
    const prediction = predictDevice(model, requests.input, requests.output, {
      ...given({ regression: args.regression }),
      outsideHull: args.refuseExtrapolation ? 'refuse' : 'physics',
      impossible: args.batch === undefined ? 'refuse' : 'leave-empty',
    });
    const [first] = Object.values(prediction);
    if (first === undefined) {
      const needed = Object.values(model.metrics).map(
        ({ metric, range }) => `${metric}: ${range.features.map(({ name }) => name).join(', ')}`,
      );
      throw inputFault(path, `must predict a metric from what is given (it predicts ${needed.join('; ')})`);
    }
    const energy = requests.output && energyParts(model, prediction, requests.output);
    const rows = Array.from(first.value, (_, row) => ({
      ...(requests.input ? { input_tokens: requests.input[row] } : {}),
      ...(requests.output ? { output_tokens: requests.output[row] } : {}),
      ...requestJson(prediction, energy, row),
    }));
    const synthetic = {
      code: 'synthetic-data',
      message: `${model.name} was trained on ${SYNTHETIC}, which no device wrote: give train a --data of yours`,
    };
    const warnings = [
      ...(model.source.file === SYNTHETIC ? [synthetic] : []),
      ...predictionWarnings(model, prediction),
    ];
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
      const text = csvOf(requests, rows);
      if (toStdout) session.print(text);
      else if (args.output !== undefined) await session.writeFile(args.output, text);
    } else if (!taken) session.print(predictionText(prediction, energy));
    return ExitCode.ok;
  },
});

/** The batch's own columns and then the predictions, of which those that the batch has already are left out. */
const csvOf = (
  { names, cells }: Requests,
  rows: readonly Readonly<Record<string, number | boolean | string | null | undefined>>[],
): string => {
  const predicted = Object.keys(rows[0] ?? {}).filter((name) => !names.includes(name));
  const lines = rows.map((row, r) => [...cells(r), ...predicted.map((name) => String(row[name] ?? ''))]);
  return `${[[...names, ...predicted], ...lines].map((line) => line.map(quoted).join(',')).join('\n')}\n`;
};

/** A cell as CSV has it (RFC 4180). */
const quoted = (cell: string): string => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
