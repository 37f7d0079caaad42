import { textOption } from '../number-option.js';

/** Options of every verb that reads a trace. */
export const traceOptions = {
  format: textOption('format', 'name of the format instead of recognising it from the content [auto]'),
  meta: textOption(
    'meta',
    'engine settings as JSON [TRACE.meta.json, the .yaml of a BLIS .csv, or meta.json in its folder]',
  ),
  map: textOption(
    'map',
    'columns of an unknown CSV or JSON lines file: start=...,first=...,last=...,prompt=...,output=...',
  ),
  'time-unit': {
    choices: ['s', 'ms', 'us', 'ns'] as const,
    requiresArg: true,
    describe: 'unit of the times under --map [s]',
  },
} as const;
