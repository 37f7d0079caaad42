import { stepModelFault } from '../step-model-fault.js';

/** Letters, digits, underscores: what no engine reads as anything else. */
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** A name of a table or a column, as it stands in a statement. @throws Fault `step-model/bad-statement` for one that would have to be quoted */
export const checkedName = (what: string, name: string): string => {
  if (name.split('.').every((part) => NAME.test(part))) return name;
  const rule = 'must be a name of letters, digits and underscores';
  throw stepModelFault('step-model/bad-statement', { what, rule, value: name });
};

/** Refuses columns that are told for a field that is none. @throws Fault `step-model/bad-statement` */
export const refuseStrangers = (columns: ReadonlyMap<string, string>, fields: readonly string[]): void => {
  const stranger = [...columns.keys()].find((field) => !fields.includes(field));
  if (stranger === undefined) return;
  const rule = `must be among ${fields.join(', ')}`;
  throw stepModelFault('step-model/bad-statement', { what: 'field', rule, value: stranger });
};
