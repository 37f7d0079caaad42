import { Fault } from '@stepclock/faults';

/** What a column of grouped requests may be. Times in seconds, tokens as counts. */
export const GROUP_COLUMNS = [
  'group',
  'request',
  'queued',
  'scheduled',
  'first_token',
  'last_token',
  'prompt_tokens',
  'output_tokens',
  'cached_tokens',
  'decode_steps',
  'preemptions',
  'label',
] as const;
export type GroupColumn = (typeof GROUP_COLUMNS)[number];

const NEEDED: readonly GroupColumn[] = ['group', 'first_token', 'last_token', 'prompt_tokens', 'output_tokens'];

/** The columns of rows that say nothing of themselves; `cached_tokens` may be left off. */
export const DEFAULT_COLUMNS: readonly GroupColumn[] = GROUP_COLUMNS.slice(0, GROUP_COLUMNS.indexOf('decode_steps'));

const isColumn = (name: string): name is GroupColumn => GROUP_COLUMNS.some((column) => column === name);

/**
 * Columns by their names, in the order of the fields.
 *
 * @throws Fault `trace-io/bad-group-columns`: a name that is none, one that stands twice, one that is needed and not there
 */
export const groupColumnsOf = (names: readonly string[]): readonly GroupColumn[] => {
  const columns = names.filter(isColumn);
  const refuse = (rule: string, value: string): never => {
    throw new Fault('trace-io/bad-group-columns', { what: 'columns', rule, value });
  };
  const stranger = names.find((name) => !isColumn(name));
  if (stranger !== undefined) refuse(`must be among ${GROUP_COLUMNS.join(', ')}`, stranger);
  const twice = columns.find((name, i) => columns.indexOf(name) < i);
  if (twice !== undefined) refuse('must each be named once', twice);
  const absent = NEEDED.find((name) => !columns.includes(name));
  if (absent !== undefined) refuse(`must have ${absent}`, names.join(','));
  if (!columns.includes('queued') && !columns.includes('scheduled'))
    refuse('must have queued or scheduled', names.join(','));
  return columns;
};
