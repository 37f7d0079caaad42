import { formats, MAX_BAD } from '@stepclock/trace-io';
import { atMost, notNegative } from './number-rules.js';
import { type ArgsOf, choice, number, text } from './option.js';

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
  'max-bad': number(
    `share of a log's records that may be left out because they cannot be read [${MAX_BAD}]`,
    atMost(1, notNegative),
  ),
  'time-unit': choice(['s', 'ms', 'us', 'ns'], 'unit of the times under --map [s]'),
};

/** What the options of a trace-reading verb say. */
export type TraceArgs = Partial<ArgsOf<typeof traceOptions>>;
