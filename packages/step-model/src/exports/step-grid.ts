import { predictStepTime } from '../prediction/predict-step-time.js';
import { type ConversionNote, decimal, type Exported, type ExportInput, type ModelExports } from './export-format.js';

const GRID = 6;

/** About GRID values from the smallest to the largest, doubling below the largest, with both ends. */
const grid = (range: readonly [number, number] | null | undefined, otherwise: readonly [number, number]): number[] => {
  const [low, high] = (range ?? otherwise).map(Math.round);
  const values = Array.from({ length: GRID }, (_, i) => Math.round(high / 2 ** i));
  return [...new Set([low, ...values])].filter((v) => v >= low).sort((a, b) => a - b);
};

/** Step times over a grid of compositions, one a line, for plots and for simulators that look a step up. */
const stepGrid = ({ model, terms, catalogue, point }: ExportInput): Exported => {
  const seen = model.identifiability?.compositions;
  const prefills = grid(seen?.prefill_tokens, [0, 2048]);
  const batches = grid(seen?.decode_seqs, [0, point.maxNumSeqs]);
  const perSeq = point.contextTokensPerSeq;
  const isReading = terms.some(({ needs }) => needs.includes('contextTokens'));
  const contexts = !isReading ? [perSeq] : [...new Set([perSeq / 2, perSeq, perSeq * 2].map(Math.round))];
  const rows: string[] = [];
  for (const prefillTokens of prefills) {
    for (const decodeSeqs of batches) {
      if (prefillTokens + decodeSeqs === 0) continue;
      for (const kv of decodeSeqs === 0 ? [0] : contexts) {
        const { durationSec, extrapolation } = predictStepTime(
          model,
          { prefillTokens, decodeSeqs, contextTokens: kv * decodeSeqs },
          catalogue,
        );
        const conversion = extrapolation.length > 0 ? 'exact-extrapolated' : 'exact';
        rows.push([prefillTokens, decodeSeqs, kv * decodeSeqs, decimal(durationSec), conversion].join(','));
      }
    }
  }
  const notes: ConversionNote[] = [
    {
      field: 'step_seconds',
      conversion: 'exact',
      message:
        'the model at each row; rows outside of the compositions that the fit has seen are marked exact-extrapolated.',
    },
  ];
  const header = 'prefill_tokens,decode_seqs,context_tokens,step_seconds,conversion';
  return { text: `${[header, ...rows].join('\n')}\n`, notes };
};

export const stepGridExports = {
  'step-grid-csv': {
    description: 'step times over a grid of compositions, for plots and simulators that look steps up; exact',
    write: stepGrid,
  },
} satisfies ModelExports;
