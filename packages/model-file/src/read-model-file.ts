import { Fault, type FaultCode, MOST_LEVELS, nestsTooDeep, nothing, shown } from '@stepclock/faults';
import type * as v from 'valibot';
import { validated } from './validated.js';

/** A family of model files: its name and versions, the schema of the newest, and the code of its faults. */
export interface ModelFileKind<Schema extends v.GenericSchema> {
  /** `stepclock/betas`: what stands before the `@` of the file's `schema` field. */
  readonly family: string;
  /** The version that `schema` describes; older ones are turned into it by `upgrade`. */
  readonly version: number;
  readonly schema: Schema;
  readonly code: FaultCode;
  /** What such a file is, for messages: `a betas file as 'stepclock estimate --json' writes it`. */
  readonly described: string;
  /** Turns the object of an older version (1 .. version - 1) into one of this version, or throws a fault; absent where there is none. */
  readonly upgrade?: (json: Readonly<Record<string, unknown>>, from: number, file?: string) => unknown;
}

/**
 * Reads a model file: one JSON object whose `schema` field says `FAMILY@VERSION` and whose fields meet the kind's schema. A byte order mark
 * is taken.
 *
 * @param text the file's content
 * @param kind what the file must be
 * @param file its name, for messages
 * @returns the object, of the newest version
 * @throws Fault with the kind's code: no JSON (with line and column), another family, a newer version, or the first field that breaks
 *   its rule, by its path
 */
export const readModelFile = <Schema extends v.GenericSchema>(
  text: string,
  kind: ModelFileKind<Schema>,
  file?: string,
): v.InferOutput<Schema> => modelOfJson(jsonOfModelFile(text, kind, file), kind, file);

/** As {@link readModelFile}, of JSON that is parsed already. */
export const modelOfJson = <Schema extends v.GenericSchema>(
  json: unknown,
  kind: ModelFileKind<Schema>,
  file?: string,
): v.InferOutput<Schema> => {
  if (!isRecord(json)) {
    throw new Fault(kind.code, { what: 'model file', rule: `must be ${kind.described}`, value: json, file });
  }
  const version = versionOf(json.schema, kind, file);
  const current = version === kind.version ? json : kind.upgrade?.(json, version, file);
  return validated(current, kind.schema, { code: kind.code, file });
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object' && !Array.isArray(value);

/**
 * The JSON of a model file, not yet checked: for files that may be of several families.
 *
 * @throws Fault with the kind's code: no UTF-8, no JSON (with line and column)
 */
export const jsonOfModelFile = (
  text: string,
  { code, described }: Pick<ModelFileKind<v.GenericSchema>, 'code' | 'described'>,
  file?: string,
): unknown => {
  if (text.slice(0, 64).includes('\0')) {
    throw new Fault(code, { what: 'encoding', rule: 'must be UTF-8', value: 'UTF-16 or binary', file });
  }
  if (nestsTooDeep(text)) {
    throw new Fault(code, { what: 'model file', rule: `must have at most ${MOST_LEVELS} levels of nesting`, file });
  }
  const body = text.startsWith('\uFEFF') ? text.slice(1) : text;
  try {
    return JSON.parse(body);
  } catch (error) {
    const position = /position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const before = position === undefined ? undefined : body.slice(0, Number(position)).split('\n');
    throw new Fault(code, {
      what: 'model file',
      rule: `must be ${described}`,
      value: `${body.slice(0, 30)}${body.length > 30 ? '...' : ''}`,
      file,
      line: before?.length,
      column: before === undefined ? undefined : String((before.at(-1)?.length ?? 0) + 1),
    });
  }
};

const versionOf = (
  schema: unknown,
  { family, version, code }: Pick<ModelFileKind<v.GenericSchema>, 'family' | 'version' | 'code'>,
  file: string | undefined,
): number => {
  const newest = `${family}@${version}`;
  const parts = typeof schema === 'string' ? /^(.{1,100})@(\d{1,4})$/.exec(schema) : null;
  const found = Number(parts?.[2]);
  if (parts?.[1] === family && found >= 1 && found <= version) return found;
  const hint =
    parts?.[1] === family && found > version
      ? 'a newer stepclock wrote this file: update stepclock, or make the file anew'
      : undefined;
  const value = schema === undefined ? nothing : schema;
  throw new Fault(code, { what: 'schema', rule: `must be ${shown(newest)}`, value, file, hint });
};
