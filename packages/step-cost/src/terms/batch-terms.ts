import type { Term } from './term.js';

/** Batches at which the slope of the batch curve may change, sequences: roughly geometric over what engines run. */
const KNOTS = [8, 16, 32, 48, 64, 96, 128, 192, 256];

/** Prior sd of a change of slope at K: a tenth of the fixed cost over K sequences (real engines, H100 to RTX 5070 Ti). */
const CURVE_SHARE = 0.1;

/** The batch curve: `max(n - K, 0)`, changes of the slope over the decode batch. Free sign: no real curve need be monotone. */
export const CURVE_TERMS: readonly Term[] = KNOTS.map((knot) => ({
  name: `decode_seqs_over_${knot}`,
  phrase: `per decode token beyond ${knot}`,
  smallUnit: 'us',
  label: `decode_seqs_over_${knot}`,
  unit: 's/token',
  sentence: `per decode token beyond ${knot} in a step, on top`,
  sum: ({ steps, decodeSeqs }) => steps * Math.max(decodeSeqs - knot, 0),
  sql: `steps * greatest(decode_seqs - ${knot}, 0)`,
  needs: ['decodeSeqs'],
  // Of any larger batch; every number of a term is finite, as all of an estimate's are.
  batches: [knot, Number.MAX_SAFE_INTEGER],
  sign: 'free',
  priorShare: CURVE_SHARE / knot,
  role: 'open',
}));

/** Decode batches for which vLLM captures CUDA graphs unless told otherwise (vllm/config, cudagraph_capture_sizes). */
export const CAPTURED_SIZES: readonly number[] = [
  1,
  2,
  4,
  ...Array.from({ length: 32 }, (_, i) => 8 * (i + 1)),
  ...Array.from({ length: 16 }, (_, i) => 256 + 16 * (i + 1)),
];

/** Prior sd of a captured batch's level: the steps of the staircase are a few per cent of the fixed cost (H100 logs). */
const LEVEL_SHARE = 0.05;

/**
 * Levels of the captured batches: 1 where a decode batch without prefill is padded to this size.
 *
 * @param sizes captured sizes, ascending; by default vLLM's
 */
export const capturedBatchTerms = (sizes: readonly number[] = CAPTURED_SIZES): readonly Term[] =>
  sizes.map((size, i) => {
    const above = i === 0 ? 0 : sizes[i - 1];
    return {
      name: `captured_batch_${size}`,
      phrase: `per step of the captured batch ${size}`,
      smallUnit: 'us',
      label: `captured_batch_${size}`,
      unit: 's/step',
      sentence: `on top, where a step without prefill is padded to the captured batch of ${size}`,
      sum: ({ steps, prefillSteps, decodeSeqs }) =>
        decodeSeqs > above && decodeSeqs <= size ? Math.max(steps - prefillSteps, 0) : 0,
      sql: `CASE WHEN decode_seqs > ${above} AND decode_seqs <= ${size} THEN greatest(steps - prefill_steps, 0) ELSE 0 END`,
      needs: ['decodeSeqs', 'prefillSteps'],
      batches: [above, size],
      sign: 'free',
      priorShare: LEVEL_SHARE,
      role: 'open',
    };
  });
