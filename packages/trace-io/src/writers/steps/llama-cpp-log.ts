import { linePieces } from './line-pieces.js';
import type { WrittenSteps } from './written-steps.js';

/** Steps as the verbose log of a llama.cpp server: contexts are shared out evenly over the slots that decode, prompts over those that prefill. */
export const llamaCppLogPieces = (steps: WrittenSteps): Iterable<string> => linePieces(lines(steps));

function* lines(steps: WrittenSteps): Generator<string> {
  const { prefillRequests, prefillTokens, prefillContext, decodeTokens, contextTokens, startSec, durationSec } = steps;
  for (let i = 0; i < steps.length; i++) {
    const at = stamp(startSec[i]);
    const slot = (id: number): string => `${at} D slot update_slots: id ${String(id).padStart(2)} | task ${id} |`;
    for (const [k, tokens] of shares(contextTokens[i], decodeTokens[i]).entries()) {
      yield `${slot(k)} slot decode token, n_ctx = 131072, n_past = ${tokens + 1}, n_cache_tokens = ${tokens + 1}, truncated = 0`;
    }
    const parts = shares(prefillTokens[i], prefillRequests[i]);
    const alone = parts.reduce((sum, tokens) => sum + (tokens * (tokens + 1)) / 2, 0);
    const before = prefillTokens[i] > 0 ? Math.max(0, Math.round((prefillContext[i] - alone) / prefillTokens[i])) : 0;
    let batch = decodeTokens[i];
    for (const [k, tokens] of parts.entries()) {
      batch += tokens;
      yield `${slot(decodeTokens[i] + k)} kv cache rm [${before}, end)`;
      yield `${slot(decodeTokens[i] + k)} prompt processing progress, n_past = ${before + tokens}, n_tokens = ${batch}, progress = 1.000000`;
    }
    yield `${at} D srv  update_slots: decoding batch, n_tokens = ${batch}`;
    yield `${stamp(startSec[i] + durationSec[i])} D srv  update_slots: run slots completed`;
  }
}

/** A whole number in so many parts that differ by one at most. */
function shares(total: number, parts: number): readonly number[] {
  return Array.from(
    { length: parts },
    (_, k) => Math.floor((total * (k + 1)) / parts) - Math.floor((total * k) / parts),
  );
}

/** Minutes, seconds, milliseconds and microseconds since the start. */
function stamp(sec: number): string {
  const micro = Math.round(sec * 1e6);
  const digits = (value: number, length: number): string => String(value).padStart(length, '0');
  return `${Math.floor(micro / 6e7)}.${digits(Math.floor(micro / 1e6) % 60, 2)}.${digits(Math.floor(micro / 1e3) % 1000, 3)}.${digits(micro % 1000, 3)}`;
}
