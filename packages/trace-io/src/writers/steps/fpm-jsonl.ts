import { prefillContextOf } from '../../formats/steps/prefill-context.js';
import { linePieces } from './line-pieces.js';
import { endSecOf, engineOf, type WrittenSteps } from './written-steps.js';

/** Steps as a trace of Forward Pass Metrics (`dynamo.fpm.trace.v1`, full mode), JSON lines. */
export const fpmPieces = (steps: WrittenSteps): Iterable<string> => linePieces(lines(steps));

function* lines(steps: WrittenSteps): Generator<string> {
  const counted = new Map<number, number>();
  for (let i = 0; i < steps.length; i++) {
    const engine = engineOf(steps, i);
    const counter = counted.get(engine) ?? 0;
    counted.set(engine, counter + 1);
    const endMs = Math.round(1000 * endSecOf(steps, i));
    yield JSON.stringify({
      timestamp: Math.round(1000 * (steps.startSec[i] + steps.durationSec[i])),
      event: {
        schema: 'dynamo.fpm.trace.v1',
        source: { namespace: 'simulated', component: 'backend', producer_id: '1' },
        capture_mode: 'full',
        observed_at_unix_ms: endMs,
        fpm: {
          version: 1,
          worker_id: '1',
          dp_rank: engine,
          counter_id: counter,
          wall_time: steps.durationSec[i],
          scheduled_requests: scheduled(steps, i),
          queued_requests: {
            num_prefill_requests: 0,
            sum_prefill_tokens: 0,
            num_decode_requests: 0,
            sum_decode_kv_tokens: 0,
          },
        },
      },
    });
  }
}

/** The sums of a step; how its prompts differ is what their positions leave. */
function scheduled(steps: WrittenSteps, i: number): object {
  const prompts = steps.prefillRequests[i];
  const tokens = steps.prefillTokens[i];
  const rest = steps.prefillContext[i] - prefillContextOf(prompts, tokens, 0, 0);
  const cached = tokens > 0 ? Math.max(0, Math.floor((rest * prompts) / tokens)) : 0;
  const left = steps.prefillContext[i] - prefillContextOf(prompts, tokens, cached, 0);
  return {
    num_prefill_requests: prompts,
    sum_prefill_tokens: tokens,
    var_prefill_length: prompts > 0 ? Math.max(0, (2 * left) / prompts) : 0,
    sum_prefill_kv_tokens: cached,
    num_decode_requests: steps.decodeTokens[i],
    sum_decode_kv_tokens: steps.contextTokens[i],
    var_decode_kv_tokens: 0,
  };
}
