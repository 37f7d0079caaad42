import { Fault } from '@stepclock/faults';
import { linePieces } from './line-pieces.js';
import { dateText, endSecOf, engineOf, type WrittenSteps } from './written-steps.js';

/** Decode steps between two lines. */
const INTERVAL = 40;
/** A gap before a step that is more than the rounding of its times. */
const REST_SEC = 1e-5;

/**
 * Steps as the batch lines of a SGLang server's log.
 *
 * @throws Fault `trace-io/mixed-step` where a step holds prefill beside decodes: without mixed chunks the engine has none
 */
export const sglangLogPieces = (steps: WrittenSteps): Iterable<string> => linePieces(lines(steps));

function* lines(steps: WrittenSteps): Generator<string> {
  const { prefillRequests, prefillTokens, decodeTokens, contextTokens } = steps;
  const begun = new Map<
    number,
    { decodes: number; tokens: number; sinceSec: number; endSec: number; running: number }
  >();
  for (let i = 0; i < steps.length; i++) {
    const rank = engineOf(steps, i);
    const sums = begun.get(rank) ?? { decodes: 0, tokens: 0, sinceSec: 0, endSec: 0, running: 0 };
    begun.set(rank, sums);
    const endSec = endSecOf(steps, i);
    const hasRested = endSec - steps.durationSec[i] > sums.endSec + REST_SEC;
    sums.endSec = endSec;
    const prefix = `[${dateText(endSec)} DP${rank} TP0]`;
    if (prefillTokens[i] > 0) {
      if (decodeTokens[i] > 0) {
        const rule = "must hold prefill or decodes, not both, for SGLang's log (--policy prefill-first)";
        throw new Fault('trace-io/mixed-step', { what: 'step', rule, value: decodeTokens[i], row: i });
      }
      yield `${prefix} Prefill batch, #new-seq: ${prefillRequests[i]}, #new-token: ${prefillTokens[i]}, #cached-token: 0, token usage: 0.10, #running-req: ${hasRested ? 0 : sums.running}, #queue-req: 0, `;
      continue;
    }
    sums.running = decodeTokens[i];
    sums.tokens += decodeTokens[i];
    if (++sums.decodes < INTERVAL) continue;
    // The server's rests count.
    const rate = sums.tokens / (endSec - sums.sinceSec);
    yield `${prefix} Decode batch, #running-req: ${decodeTokens[i]}, #token: ${contextTokens[i]}, token usage: 0.10, cuda graph: True, gen throughput (token/s): ${rate.toFixed(2)}, #queue-req: 0, `;
    Object.assign(sums, { decodes: 0, tokens: 0, sinceSec: endSec });
  }
}
