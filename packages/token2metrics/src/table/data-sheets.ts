import { columnCalled, INPUT_TOKENS, METRIC_COLUMNS, OUTPUT_TOKENS, plainName } from './column-names.js';
import { METRIC_FACTS, METRICS } from './metric.js';
import type { Sheet } from './sheet.js';
import { unitSuffix } from './units.js';

/** Fewer rows are a summary, beside sheets that have more. */
const LEAST_ROWS = 5;

/** The visible sheets whose header fits; of those, such as have rows enough, so that means under the same header are no model. Else what there is. */
export const dataSheets = (sheets: readonly Sheet[]): readonly Sheet[] => {
  const fitting = sheets.filter(holdsMeasurements);
  const visible = fitting.filter(({ hidden }) => hidden !== true);
  const long = visible.filter(({ length }) => length >= LEAST_ROWS);
  return [long, visible, fitting].find(({ length }) => length > 0) ?? sheets.slice(0, 1);
};

/** Whether a header has token counts and a metric. */
export const holdsMeasurements = (sheet: Sheet): boolean =>
  [INPUT_TOKENS, OUTPUT_TOKENS].some((names) => columnCalled(sheet, names) !== undefined) &&
  METRICS.some((metric) =>
    sheet.names.some((name) => {
      const stem = unitSuffix(name, METRIC_FACTS[metric].quantity)?.stem ?? name;
      return METRIC_COLUMNS[metric].includes(plainName(stem));
    }),
  );
