import { Fault, type FaultCode, nothing } from '@stepclock/faults';
import * as v from 'valibot';
import { type PathPart, pathText, ruleOf } from './issue-text.js';

/** How the fault of a value speaks. */
export interface ValidationOptions {
  readonly code: FaultCode;
  /** Where the value stands: the beginning of each field's path, empty at the root of a file. */
  readonly path?: string;
  /** Name of the file. */
  readonly file?: string | undefined;
}

/**
 * A parsed value that meets a schema.
 *
 * @throws Fault with the code given, about the first field that breaks its rule, by its path
 */
export const validated = <Schema extends v.GenericSchema>(
  json: unknown,
  schema: Schema,
  { code, path = '', file }: ValidationOptions,
): v.InferOutput<Schema> => {
  const result = v.safeParse(schema, json, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const value = issue.path === undefined ? issue.input : issue.path.at(-1)?.value;
  const parts = (issue.path ?? []).map(({ key }): PathPart => (typeof key === 'number' ? key : String(key)));
  throw new Fault(code, {
    what: pathText(path === '' ? parts : [path, ...parts]) || 'model file',
    rule: ruleOf(issue),
    value: value === undefined ? nothing : value,
    file,
  });
};
