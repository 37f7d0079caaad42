import { type PhaseTable, PREFILL } from '@stepclock/trace-io';
import { fault } from './fault.js';

/**
 * Engine steps of each phase, N: a given count where the table has one, else the decode tokens, or `ceil(P / C)` of a prefill.
 *
 * @param chunkSize C, prefill tokens per step and request; positive, finite
 * @throws Fault for a bad chunk size, or a count that is negative or not finite
 */
export const stepCounts = (phases: PhaseTable, chunkSize: number): Float64Array => {
  checkChunkSize(chunkSize);
  const { kind, prefillTokens, decodeTokens, steps: given, length } = phases;
  const steps = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    const isPrefill = kind[i] === PREFILL;
    const tokens = isPrefill ? prefillTokens[i] : decodeTokens[i];
    const own = given?.[i] ?? Number.NaN;
    // NaN marks a row without a given count; a prefill with one may leave its tokens unknown.
    const isGiven = !Number.isNaN(own);
    if (!(isGiven && isPrefill && Number.isNaN(tokens))) checkCount('tokens', tokens, i);
    const count = isGiven ? own : isPrefill ? Math.ceil(tokens / chunkSize) : tokens;
    checkCount('steps', count, i);
    steps[i] = count;
  }
  return steps;
};

/**
 * Tokens that a prefill's last chunk lacks to a full one, `mu = C - clip(P - C (N - 1), 0, C)`; 0 for a decode.
 *
 * @throws Fault for a prefill whose tokens are unknown
 *
 * @example
 * // 96 tokens in chunks of 64: two steps, the second with 32, so 32 are missing
 */
export const missingTokens = (phases: PhaseTable, steps: Float64Array, chunkSize: number): Float64Array => {
  checkChunkSize(chunkSize);
  const { kind, prefillTokens, length } = phases;
  const missing = new Float64Array(length);
  for (let i = 0; i < length; i++) {
    if (kind[i] !== PREFILL) continue;
    if (Number.isNaN(prefillTokens[i])) {
      const rule = 'must be known for a correction of last chunks';
      const hint = "without one ('none', in the baseline that iterative starts from too) the steps are enough";
      throw fault('overlap-pressure/bad-count', { what: 'prefill tokens', rule, value: 'nothing', row: i, hint });
    }
    const last = prefillTokens[i] - chunkSize * (steps[i] - 1);
    missing[i] = chunkSize - Math.min(Math.max(last, 0), chunkSize);
  }
  return missing;
};

const checkCount = (what: string, value: number, row: number): void => {
  if (value >= 0 && value < Number.POSITIVE_INFINITY) return;
  throw fault('overlap-pressure/bad-count', { what, rule: 'must be finite and at least 0', value, row });
};

const checkChunkSize = (chunkSize: number): void => {
  if (!(chunkSize > 0 && chunkSize < Number.POSITIVE_INFINITY)) {
    const rule = 'must be finite and above 0';
    throw fault('overlap-pressure/bad-chunk-size', { what: 'chunkSize', rule, value: chunkSize });
  }
};
