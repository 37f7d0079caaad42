import { curveSpec, panelSpec, type ReportFigure } from '@stepclock/charts';
import { coefficientTitle } from './coefficient-words.js';
import type { ReportBatches, ReportCoefficient, ReportWindows } from './estimate-input.js';

/** Fewer batches make no curve, and one window no course of time. */
const FEWEST = 2;

/** Steps without prefill, by how many sequences decode: measured means beside the model. Stairs are costs that a line does not have. */
export const batchFigures = ({ decodeSeqs, meanSec, predictedSec }: ReportBatches): readonly ReportFigure[] =>
  decodeSeqs.length < FEWEST
    ? []
    : [
        {
          spec: curveSpec({
            title: 'Step time by batch',
            subtitle: 'Steps without prefill, each batch at its own mean context',
            x: { label: 'Decoding sequences', unit: 'sequences' },
            y: { label: 'Time of a step', unit: 's' },
            curves: [
              { name: 'measured', x: decodeSeqs, y: meanSec },
              { name: 'model', x: decodeSeqs, y: predictedSec },
            ],
            fromZero: false,
          }),
          caption:
            'Where the measured means climb in stairs, the engine rounds its batches up to captured sizes; where they bend, a step costs more or less per sequence than the line says.',
          wide: true,
        },
      ];

/** Each coefficient by window, beside that of all windows together. */
export const windowFigures = (
  coefficients: readonly ReportCoefficient[],
  { middleSec, byName }: ReportWindows,
): readonly ReportFigure[] => {
  const shown = coefficients.filter(({ name }) => byName[name] !== undefined);
  if (middleSec.length < FEWEST || shown.length === 0) return [];
  // Beside further terms the base terms mean something else than alone.
  const isAlike = shown.length === coefficients.length;
  return [
    {
      spec: panelSpec({
        title: 'Coefficients by window',
        subtitle: `The base terms, each window fitted by itself${isAlike ? '; dashed: all together' : ''}. A course over time means that the engine changed, or that its load did and the terms do not tell.`,
        columns: 2,
        panels: shown.map(({ name, phrase, unit, value }) =>
          curveSpec({
            title: coefficientTitle({ name, phrase }),
            x: { label: 'Time since the start of the trace', unit: 's' },
            y: { label: 'Coefficient', unit },
            curves: [{ name: 'windows', x: middleSec, y: byName[name] }],
            ...(isAlike && { reference: { value, label: 'all together' } }),
            tickEveryX: false,
          }),
        ),
      }),
      wide: true,
    },
  ];
};
