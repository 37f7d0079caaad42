import type { ConversionNote, Exported, ExportInput, ModelExports } from './export-format.js';

const EXPORT_SCHEMA = 'stepclock/export@1';

const notes: readonly ConversionNote[] = [
  { field: 'value', conversion: 'exact', message: 'the coefficients as fitted, to the last digit.' },
];

/** Every coefficient with its label and what it says. */
const labelled = ({ model, terms }: ExportInput) =>
  model.terms.map((term, t) => ({ ...term, label: terms[t].label, sentence: terms[t].sentence }));

/** The coefficients as one JSON object, seconds, nothing lost. */
const plainJson = (input: ExportInput): Exported => {
  const { algo, intervals } = input.model;
  const coefficients = Object.fromEntries(
    labelled(input).map(({ label, value, unit, interval, sentence }) => [
      label,
      { value, unit, interval, meaning: sentence },
    ]),
  );
  const json = { schema: EXPORT_SCHEMA, algo, level: intervals?.level ?? null, coefficients, notes };
  return { text: `${JSON.stringify(json, null, 2)}\n`, notes };
};

/** The coefficients as CSV, one a line, with the bounds of their intervals where there are any. */
const plainCsv = (input: ExportInput): Exported => {
  const lines = labelled(input).map(({ label, value, unit, interval }) => {
    const [low, high] = interval ?? ['', ''];
    return [label, value, unit, low, high, 'exact'].join(',');
  });
  return { text: `${['coefficient,value,unit,low,high,conversion', ...lines].join('\n')}\n`, notes };
};

/** Digits of a coefficient for people; its interval seldom knows more. */
const SHOWN_DIGITS = 4;

/** The coefficients as a Markdown table, for an issue, a pull request or a page. */
const plainMarkdown = (input: ExportInput): Exported => {
  const shown = (value: number): string => String(Number(value.toPrecision(SHOWN_DIGITS)));
  const level = input.model.intervals?.level;
  const head = [
    'coefficient',
    'value',
    'unit',
    level === undefined ? 'interval' : `${100 * level} % interval`,
    'meaning',
  ];
  const lines = labelled(input).map(({ label, value, unit, interval, sentence }) => [
    label,
    shown(value),
    unit,
    interval ? `${shown(interval[0])} to ${shown(interval[1])}` : '',
    sentence,
  ]);
  const rounded: readonly ConversionNote[] = [
    { field: 'value', conversion: 'approximate', message: `rounded to ${SHOWN_DIGITS} digits.` },
  ];
  const rows = [head, head.map(() => '---'), ...lines].map(
    (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`,
  );
  return {
    text: [...rows, '', `Rounded to ${SHOWN_DIGITS} digits; the JSON export is exact.`, ''].join('\n'),
    notes: rounded,
  };
};

export const plainExports = {
  json: { description: 'every coefficient with its interval and its meaning, as JSON; exact', write: plainJson },
  csv: { description: 'every coefficient with its interval, one a line; exact', write: plainCsv },
  markdown: { description: `a table for people; rounded to ${SHOWN_DIGITS} digits`, write: plainMarkdown },
} satisfies ModelExports;
