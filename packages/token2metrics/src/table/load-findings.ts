import type { Finding } from '../quality/finding.js';
import { holdsMeasurements } from './data-sheets.js';
import type { JoinedPrompts } from './join-prompts.js';
import type { Metric } from './metric.js';
import type { Sheet } from './sheet.js';

/** A finding about whole columns or files. */
const noted = (code: Finding['code'], message: string, more: Partial<Finding> = {}): Finding => ({
  code,
  count: 0,
  rows: new Int32Array(0),
  message,
  droppable: false,
  ...more,
});

export const batchedRows = (count: number): Finding =>
  noted(
    'batched-rows',
    `${count} row(s) with a batch above 1 were left out: the model is of one request alone on its device`,
    { count },
  );

export const withoutPrompts: Finding = noted(
  'no-input-tokens',
  'no column has the prompt lengths: only decode time is learnt, from the output tokens. --join takes prompt lengths from a table of the same questions',
);

export const joined = ({ matchedBy }: JoinedPrompts, file = 'the other table'): Finding =>
  noted('joined-prompts', `prompt lengths were taken from ${file}, rows matched by ${matchedBy}`);

export const withoutAnswers: Finding = noted(
  'no-output-tokens',
  'no column has the output tokens: everything is learnt from the prompt alone, as if every answer were as long',
);

const passedOverFor = (sheet: Sheet): string => {
  if (sheet.hidden === true) return `${sheet.title} (hidden)`;
  if (!holdsMeasurements(sheet)) return `${sheet.title} (without the columns of measurements)`;
  return `${sheet.title} (${sheet.length} row(s) beside longer sheets)`;
};

export const otherSheets = (sheets: readonly Sheet[]): Finding =>
  noted('other-sheets', `${sheets.length} sheet(s) were passed over: ${sheets.map(passedOverFor).join(', ')}`, {
    count: sheets.length,
  });

export const inferredUnit = (metric: Metric, column: string, unit: string, evidence: string): Finding =>
  noted('unit-inferred', `column ${column} names no unit; taken as ${unit}, which is what ${evidence} says`, {
    metric,
  });
