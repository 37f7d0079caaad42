import {
  FAMILIES,
  type Family,
  METHODS,
  type Method,
  readMeasurements,
  type StageDataOptions,
  type StageWarning,
} from '@stepclock/stage-latency-recalibration';
import type { TidyTable } from '@stepclock/trace-io';
import type { StageColumnArgs } from '../commands/stage.js';
import { InputError, UsageError } from '../errors.js';
import { allBytes, openInput } from '../input.js';
import type { Session } from '../session.js';
import { given } from './given.js';

/** Opens and reads a table of measurements. */
export const readTable = async (path: string, session: Session): Promise<TidyTable> =>
  (await readDigestedTable(path, session)).table;

/** A table of measurements with what names its file in a report. */
export const readDigestedTable = async (
  path: string,
  session: Session,
): Promise<{ readonly table: TidyTable; readonly input: { readonly name: string; readonly sha256: string } }> => {
  const input = await openInput(path, session.io);
  const table = await readMeasurements(input.bytes, input.name);
  return { table, input: { name: input.name, sha256: await input.sha256() } };
};

/** Reads a JSON file that another verb wrote. */
export const readModelJson = async (path: string, session: Session): Promise<unknown> => {
  const input = await openInput(path, session.io);
  const text = (await allBytes(input)).toString('utf8');
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError(
      `${input.name}: must be JSON, as 'stepclock stage train' writes it; got a text that does not parse`,
      {
        cause: error,
      },
    );
  }
};

const orNothing = (list: readonly string[] | undefined): readonly string[] | undefined =>
  list === undefined || list.length === 0 ? undefined : list;

/** The columns' meaning, from the command line. */
export const columnsOf = (args: StageColumnArgs, filter: readonly string[] | undefined): StageDataOptions => ({
  ...given({
    stages: orNothing(args.stages),
    features: orNothing(args.features),
    perStepStages: orNothing(args.perStepStages),
    outputTokens: args.outputTokens,
    decodeSteps: args.decodeSteps,
    convention: args.decodeConvention,
    filter: orNothing(filter),
  }),
  incomplete: args.dropIncomplete === true ? 'drop' : 'refuse',
});

const known = <T extends string>(flag: string, value: string, values: readonly T[]): T => {
  const found = values.find((one) => one === value);
  if (found === undefined) throw new UsageError(`--${flag}: must be one of ${values.join(', ')}; got '${value}'`);
  return found;
};

export const familiesOf = (names: readonly string[] | undefined): readonly Family[] | undefined =>
  orNothing(names)?.map((name) => known('families', name, FAMILIES));

/** The plan's names of its three methods are taken too. */
const PLAN_NAMES: Readonly<Record<string, Method>> = { A: 'affine', B: 'global-affine', C: 'fine-tuned' };

export const methodOf = (flag: string, name: string): Method => PLAN_NAMES[name] ?? known(flag, name, METHODS);

/** Numbers of a list option. */
export const numbersOf = (flag: string, texts: readonly string[] | undefined): readonly number[] | undefined =>
  orNothing(texts)?.map((text) => {
    const value = Number(text);
    if (!(value > 0 && Number.isFinite(value)))
      throw new UsageError(`--${flag}: must be numbers above 0; got '${text}'`);
    return value;
  });

export const warn = (warnings: readonly StageWarning[], session: Session): void => {
  for (const { code, message } of warnings) session.log.warn(`${message} [${code}]`);
};
