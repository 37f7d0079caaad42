import { MOST_LEVELS, nestsTooDeep } from '@stepclock/faults';
import {
  CONFIGURATIONS,
  type Configuration,
  configurationFor,
  configurationFromJSON,
  type DeviceFacts,
  loadMeasurements,
  type Measurements,
  type Metric,
  metricOf,
  requireConfiguration,
  syntheticCsv,
} from '@stepclock/token2metrics';
import { allBytes, openInput, readWhole } from '../../files/input.js';
import { given } from '../../options/given.js';
import { inputFault, usageFault } from '../../session/errors.js';
import type { Session } from '../../session/session.js';
import type { DataArgs, FactArgs } from './options.js';

/** What stands for a file where `--data` is not given. */
export const SYNTHETIC = 'the bundled synthetic set';

/** What spreadsheets call a sheet that nobody named. */
const SPREADSHEET_TITLE = /^(sheet|tabelle|feuille?) ?\d*$/i;

/** Measurements by model, under the names that `--model` takes. */
export interface MeasurementInput {
  readonly name: string;
  /** SHA-256 of the file as stored; none for the bundled set. */
  readonly sha256?: string;
  readonly tables: ReadonlyMap<string, Measurements>;
  readonly configurations: readonly Configuration[];
}

const bytesOf = async (path: string, session: Session): Promise<{ bytes: Uint8Array; sha256?: string }> => {
  const input = await openInput(path, session);
  return { bytes: await allBytes(input), sha256: await input.sha256() };
};

/** A file's JSON, or an error that names the file. */
const readJsonFile = async (path: string, what: string, session: Session): Promise<unknown> => {
  const { text } = await readWhole(path, session);
  if (nestsTooDeep(text)) throw inputFault(path, `must have at most ${MOST_LEVELS} levels of nesting`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw inputFault(path, `must be ${what} in JSON; got a text that does not parse`, undefined, { cause: error });
  }
};

const pairsOf = (option: string, texts: readonly string[] = []): Record<string, string> =>
  Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at < 1 || at === text.length - 1) throw usageFault(`--${option}`, 'must be name=value', text);
      return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
    }),
  );

/** The configurations that come with the package, and those of `--config`. */
const configurationsOf = async (session: Session, paths: readonly string[] = []): Promise<readonly Configuration[]> => {
  const own = await Promise.all(
    paths.map(async (path) => configurationFromJSON(await readJsonFile(path, 'a model configuration', session), path)),
  );
  return [...own, ...CONFIGURATIONS];
};

/** Reads `--data`, or the bundled set. Models that a configuration knows go by its name, others by their own. */
export const readMeasurements = async (args: DataArgs, session: Session, model?: string): Promise<MeasurementInput> => {
  const configurations = await configurationsOf(session, args.config);
  const columns = Object.fromEntries(
    Object.entries(pairsOf('columns', args.columns)).map(([metric, column]) => [metricOf(metric), column]),
  ) as Partial<Record<Metric, string>>;
  const name = args.data ?? SYNTHETIC;
  if (args.data === undefined)
    session.log.warn(`no --data: these figures are of ${SYNTHETIC}, which no device wrote [synthetic-data]`);
  const { bytes, sha256 } =
    args.data === undefined
      ? { bytes: new TextEncoder().encode(syntheticCsv()), sha256: undefined }
      : await bytesOf(args.data, session);
  const loaded = await loadMeasurements(bytes, {
    file: name,
    units: pairsOf('units', args.units),
    columns,
    ...given({ model, sheet: args.sheet }),
    ...(args.join === undefined ? {} : { join: { ...(await bytesOf(args.join, session)), file: args.join } }),
  });
  const tables = new Map<string, Measurements>();
  for (const table of loaded) {
    // A file of one model need not name it: then it is the one asked for.
    const unnamed = loaded.length === 1 && (table.model === '' || SPREADSHEET_TITLE.test(table.model));
    const called = unnamed ? (model ?? table.model) : table.model;
    const key = configurationFor(called, configurations)?.name ?? called;
    if (tables.has(key)) throw inputFault(name, `must have every model once; got ${key} twice`);
    tables.set(key, table);
  }
  return { name, ...given({ sha256 }), tables, configurations };
};

/** Whether a name speaks of a size: `Qwen 14B results` of `14B`, not of `4B`. */
const speaksOf = (name: string, size: string): boolean =>
  name
    .toLowerCase()
    .split(/[^a-z0-9.]+/)
    .includes(size.toLowerCase());

/** The table of one model: the one under its name, or the only one that speaks of it. */
export const tableOf = (input: MeasurementInput, model: string, session: Session): Measurements => {
  const key = configurationFor(model, input.configurations)?.name ?? model;
  const table = input.tables.get(key);
  if (table) return table;
  const [alike, ...others] = [...input.tables].filter(([name]) => speaksOf(name, key));
  if (alike && others.length === 0) {
    session.log.warn(`${input.name}: taking '${alike[0]}' for ${key} [model-by-size]`);
    return alike[1];
  }
  // A name that nobody knows is another mistake than a model without measurements.
  const known = [...input.tables.keys()].filter((name) => name !== '');
  if (!known.includes(model)) requireConfiguration(model, input.configurations);
  throw inputFault(input.name, `must have measurements of ${key}; got ${known.join(', ') || 'none with a name'}`);
};

/** What the command line says about where the measurements come from. */
export const factsOf = (args: FactArgs): DeviceFacts => ({
  ...given({ device: args.device, engine: args.engine, powerMode: args.powerMode, powerRail: args.powerRail }),
  date: new Date().toISOString().slice(0, 10),
});
