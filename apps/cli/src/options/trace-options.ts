import { formats } from '@stepclock/trace-io';
import { type ArgsOf, choice, text } from './option.js';

/** Options of every verb that reads a trace. */
export const traceOptions = {
  format: text(
    `name of the format instead of recognising it from the content: ${formats.map(({ name }) => name).join(', ')} [auto]`,
  ),
  meta: text(
    'engine settings as JSON [TRACE.meta.json, the .yaml of a BLIS .csv, or meta.json in its folder]',
    'input',
  ),
  map: text('columns of an unknown CSV or JSON lines file: start=...,first=...,last=...,prompt=...,output=...'),
  'time-unit': choice(['s', 'ms', 'us', 'ns'], 'unit of the times under --map [s]'),
};

/** What the options of a trace-reading verb say. */
export type TraceArgs = Partial<ArgsOf<typeof traceOptions>>;
