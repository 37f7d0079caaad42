import { medianOf } from '@stepclock/numerics';
import { decimalNumber, type TidyTable } from '@stepclock/trace-io';
import type { StageWarning } from '../stage-fault.js';
import { DECODE_SUMS, OUTPUT_TOKENS, TOTALS } from './column-names.js';
import type { DecodeConvention } from './decode-steps.js';
import { measuredTotals, type StageTable } from './stage-table.js';

/** Half a step between the conventions: nearer than that to one of them, the data has decided. */
const DECIDED = 0.3;

/**
 * Whether the file's own sums contradict the convention of the totals. Two witnesses: `T_LLM_decode / T_decode_per_token` counts the steps,
 * and so does `(T_total - stages that count once) / T_decode_per_token`; both are compared with the output tokens and with one less.
 */
export const conventionWarnings = (table: TidyTable, rows: readonly number[], stages: StageTable): StageWarning[] => {
  const { perStepStages, convention, fixedSteps } = stages.total;
  const column = (names: readonly string[]): number =>
    names.map((name) => table.names.indexOf(name)).find((at) => at >= 0) ?? -1;
  const totals = column(TOTALS);
  const tokens = column(OUTPUT_TOKENS);
  const values = (at: number): number[] => rows.map((row) => decimalNumber(table.cell(row, at)));
  if (totals >= 0 && perStepStages.length === 0) return disagreement(values(totals), stages);
  const [perStep] = perStepStages;
  if (perStep === undefined || tokens < 0) return [];
  const stepMs = stages.stagesMs[stages.stageNames.indexOf(perStep)];
  const decodes = column(DECODE_SUMS);
  let decodeMs: number[];
  if (decodes >= 0) decodeMs = values(decodes);
  else if (totals >= 0) {
    const once = measuredTotals({ ...stages, decodeSteps: new Float64Array(stages.length) });
    decodeMs = values(totals).map((total, i) => total - once[i]);
  } else return [];
  const output = values(tokens);
  // Relative noise of a step time grows with the count of steps: short outputs tell best, and the median of the excess is robust.
  const excess = medianOf(decodeMs.map((ms, i) => ms / stepMs[i] - output[i]).filter(isNumber));
  if (!Number.isFinite(excess)) return [];
  const found: DecodeConvention | undefined =
    Math.abs(excess) < DECIDED
      ? 'decode-emits-all'
      : Math.abs(excess + 1) < DECIDED
        ? 'prefill-emits-first'
        : undefined;
  if (fixedSteps !== undefined || found === convention) return [];
  if (found === undefined) {
    return [
      {
        code: 'decode-convention',
        message: `the file's sums take ${excess >= 0 ? '+' : ''}${excess.toFixed(1)} decode steps against the output tokens: neither convention (0 or -1)`,
      },
    ];
  }
  return [
    {
      code: 'decode-convention',
      message: `off by one: the file's own sums count ${found === 'decode-emits-all' ? 'every output token as a decode step' : 'one decode step less than output tokens'} (convention ${found}), totals here follow ${convention}`,
    },
  ];
};

const disagreement = (totals: readonly number[], stages: StageTable): StageWarning[] => {
  const sums = measuredTotals(stages);
  const off = medianOf(totals.map((total, i) => sums[i] / total - 1).filter(isNumber));
  return Math.abs(off) > 0.01
    ? [
        {
          code: 'total-disagrees',
          message: `T_total of the file and the sum of the stages differ by ${(100 * off).toFixed(1)} % (median): is a stage missing?`,
        },
      ]
    : [];
};

/** A cell that is no number has no say in a median. */
const isNumber = (value: number): boolean => !Number.isNaN(value);
