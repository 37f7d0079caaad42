import type { stepTimeFile } from '@stepclock/step-time';
import type { NamedFigure } from '../figure-files.js';
import type { ModelReport } from '../reports/model-report.js';

type StepTimeJson = ReturnType<typeof stepTimeFile>;

/** The report of a step-time fit, but for its title. */
export const stepTimeReport = (
  file: StepTimeJson,
  warnings: readonly { readonly code: string; readonly message: string }[],
  figures: readonly NamedFigure[],
  input: { readonly name: string; readonly sha256: string; readonly rows: number },
): Omit<ModelReport, 'title' | 'seed'> => {
  const numbers = Object.entries(file.statistics).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  const { r2, rmse, mape } = file.statistics;
  const figure = (label: string, value: number | null, unit: string) =>
    value === null ? [] : [{ label, value: String(Number(value.toPrecision(4))), unit }];
  return {
    subtitle: input.name,
    tone: warnings.length > 0 ? 'caution' : 'good',
    headline: file.headline,
    points: [file.formula],
    keyFigures: [...figure('r2', r2, ''), ...figure('RMSE', rmse, 'ms'), ...figure('MAPE', mape, '%')],
    warnings,
    figures,
    tables: [
      {
        title: 'Coefficients, ms',
        columns: Object.keys(file.coefficient_table[0] ?? {}),
        rows: file.coefficient_table.map((row) =>
          Object.values(row).map((cell) => (typeof cell === 'number' || cell === null ? cell : String(cell))),
        ),
      },
      { title: 'Statistics', columns: ['figure', 'value'], rows: numbers },
    ],
    inputs: [input],
  };
};
