import {
  joinedTables,
  METHODS,
  type Method,
  readMeasurements,
  type StageDataOptions,
  type StageWarning,
} from '@stepclock/stage-latency-recalibration';
import type { TidyTable } from '@stepclock/trace-io';
import { openInput } from '../../files/input.js';
import { tableFiles } from '../../files/paths/table-files.js';
import { given } from '../../options/given.js';
import { usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import type { ColumnArgs } from './options.js';

/** Opens and reads measurements, of several files as one table. */
export const readTable = async (paths: readonly string[], session: Session): Promise<TidyTable> =>
  (await readDigestedTable(paths, session)).table;

/** Measurements with what names their files in a report. */
export const readDigestedTable = async (
  paths: readonly string[],
  session: Session,
): Promise<{
  readonly table: TidyTable;
  readonly inputs: readonly { readonly name: string; readonly sha256: string }[];
}> => {
  const tables: TidyTable[] = [];
  const inputs: { name: string; sha256: string }[] = [];
  for (const path of await tableFiles(paths)) {
    const input = await openInput(path, session);
    tables.push(await readMeasurements(input.bytes, input.name));
    inputs.push({ name: input.name, sha256: await input.sha256() });
  }
  return { table: joinedTables(tables), inputs };
};

/** A list that is not given says nothing. */
export const orNothing = <T>(list: readonly T[]): readonly T[] | undefined => (list.length === 0 ? undefined : list);

/** The columns' meaning, from the command line. */
export const columnsOf = (args: ColumnArgs, filter: readonly string[]): StageDataOptions => ({
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

/** The plan's names of its three methods are taken too. */
const PLAN_NAMES: Readonly<Record<string, Method>> = { A: 'affine', B: 'global-affine', C: 'fine-tuned' };

export const methodOf = (flag: string, name: string): Method => {
  const found = PLAN_NAMES[name] ?? METHODS.find((method) => method === name);
  if (found === undefined) throw usageFault(`--${flag}`, `must be one of ${METHODS.join(', ')}`, name);
  return found;
};

/** Numbers of a list option. */
export const numbersOf = (flag: string, texts: readonly string[]): readonly number[] | undefined =>
  orNothing(texts)?.map((text) => {
    const value = Number(text);
    if (!(value > 0 && Number.isFinite(value))) throw usageFault(`--${flag}`, 'must be numbers above 0', text);
    return value;
  });

export const warn = (warnings: readonly StageWarning[], session: Session): void => {
  for (const { code, message } of warnings) session.log.warn(`${message} [${code}]`);
};
