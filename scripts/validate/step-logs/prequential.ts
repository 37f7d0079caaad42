import { nnlsColumns } from '@stepclock/nnls-solver';
import { medianOf } from '@stepclock/numerics';
import { stepSeconds } from '@stepclock/step-cost';
import { fitSteps, type StepColumns } from '@stepclock/step-model';

/** Fits on the past: at these shares of a log, each time predicting the steps up to the next. */
const PARTS = 10;

/** Steps `[from, to)` with work and time in them. */
const part = (log: StepColumns, from: number, to: number): StepColumns => {
  const rows = Array.from({ length: to - from }, (_, k) => from + k).filter(
    (i) => log.durationSec[i] > 0 && log.prefillTokens[i] + log.decodeTokens[i] > 0,
  );
  const taken = (column: Float64Array): Float64Array => Float64Array.from(rows, (i) => column[i]);
  const optional = (column: Float64Array | undefined) => column && taken(column);
  return {
    length: rows.length,
    durationSec: taken(log.durationSec),
    prefillTokens: taken(log.prefillTokens),
    decodeTokens: taken(log.decodeTokens),
    contextTokens: optional(log.contextTokens),
    prefillRequests: optional(log.prefillRequests),
    prefillContext: optional(log.prefillContext),
  };
};

const contextOf = ({ contextTokens, decodeTokens }: StepColumns): Float64Array => contextTokens ?? decodeTokens;

/** Median relative errors of the steps to come: of ours, of non-negative least squares on (prefill tokens, decode context), and of that with a constant. */
export interface Prequential {
  readonly ours: number;
  readonly plain: number;
  readonly constant: number;
}

/** Predicts every tenth of a log by a fit of all before it. */
export const prequential = (log: StepColumns): Prequential => {
  const errors = { ours: [] as number[], plain: [] as number[], constant: [] as number[] };
  for (let k = 1; k < PARTS; k++) {
    const past = part(log, 0, Math.floor((log.length * k) / PARTS));
    const next = part(
      log,
      past.length === 0 ? 0 : Math.floor((log.length * k) / PARTS),
      Math.floor((log.length * (k + 1)) / PARTS),
    );
    const { betas } = fitSteps(past);
    const columns = [past.prefillTokens, contextOf(past)];
    const two = nnlsColumns(columns, past.durationSec).x;
    const three = nnlsColumns([new Float64Array(past.length).fill(1), ...columns], past.durationSec).x;
    const context = contextOf(next);
    for (let i = 0; i < next.length; i++) {
      const measured = next.durationSec[i];
      const step = {
        prefillTokens: next.prefillTokens[i],
        decodeSeqs: next.decodeTokens[i],
        contextTokens: next.contextTokens?.[i] ?? 0,
        ...(next.prefillRequests && { prefillRequests: next.prefillRequests[i] }),
        ...(next.prefillContext && { prefillContext: next.prefillContext[i] }),
      };
      const off = (predicted: number): number => Math.abs(predicted / measured - 1);
      errors.ours.push(off(stepSeconds(betas, step)));
      errors.plain.push(off((two[0] ?? 0) * step.prefillTokens + (two[1] ?? 0) * context[i]));
      errors.constant.push(off((three[0] ?? 0) + (three[1] ?? 0) * step.prefillTokens + (three[2] ?? 0) * context[i]));
    }
  }
  return { ours: medianOf(errors.ours), plain: medianOf(errors.plain), constant: medianOf(errors.constant) };
};
