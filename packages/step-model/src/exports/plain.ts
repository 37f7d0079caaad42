import type { ConversionNote, Exported, ExportInput } from './export-format.js';

const EXPORT_SCHEMA = 'stepclock/export@1';

const UNITS = { beta0: 's/step', beta1: 's/prefill token', beta2: 's/decode token', beta3: 's/context token' } as const;
const NAMES = ['beta0', 'beta1', 'beta2', 'beta3'] as const;

const notes: readonly ConversionNote[] = [
  { field: 'value', conversion: 'exact', message: 'the coefficients as fitted, to the last digit.' },
];

/** The coefficients as one JSON object, seconds, nothing lost. */
export const plainJson = ({ model }: ExportInput): Exported => {
  const { algo, betas, intervals } = model;
  const coefficients = Object.fromEntries(
    NAMES.filter((name) => betas[name] !== undefined).map((name) => [
      name,
      { value: betas[name], unit: UNITS[name], interval: intervals?.[name] ?? null },
    ]),
  );
  const json = { schema: EXPORT_SCHEMA, algo, level: intervals?.level ?? null, coefficients, notes };
  return { text: `${JSON.stringify(json, null, 2)}\n`, notes };
};

/** The coefficients as CSV, one a line, with the bounds of their intervals where there are any. */
export const plainCsv = ({ model }: ExportInput): Exported => {
  const { betas, intervals } = model;
  const lines = NAMES.filter((name) => betas[name] !== undefined).map((name) => {
    const [low, high] = intervals?.[name] ?? ['', ''];
    return [name, betas[name], UNITS[name], low, high, 'exact'].join(',');
  });
  return { text: `${['coefficient,value,unit,low,high,conversion', ...lines].join('\n')}\n`, notes };
};
