import { positive, text, validated } from '@stepclock/model-file';
import * as v from 'valibot';
import { stepModelFault } from '../step-model-fault.js';

/** What a replay or a capacity says of an engine under its load: means over the requests. */
export interface LoadFigures {
  readonly ttftSec: number;
  /** Mean over requests of the time per output token after the first. */
  readonly itlSec: number;
  /** Mean requests in the engine, those that wait included (Little's law: rate x latency); null where no rate is known. */
  readonly requestsInEngine: number | null;
}

const rate = v.object({ mean: positive });
const capacitySchema = v.object({
  at_rate: v.object(
    { rate_per_sec: positive, metrics: v.object({ ttft: rate, tpot: rate, latency: rate }) },
    'must be an object: no rate keeps the limits of this capacity',
  ),
});
const replayed = v.object({ mean: v.object({ replayed: positive }) });
const replaySchema = v.object({ metrics: v.object({ ttft: replayed, tpot: replayed }) });
const KNOWN = 'must be stepclock/capacity@1 or stepclock/replay@1';
const anySchema = v.object({ schema: text() }, KNOWN);

/**
 * The figures of a load from what `stepclock capacity --json` (at the rate that keeps the limits) or `stepclock replay --json` wrote.
 *
 * @param file its name, for messages
 * @throws Fault `step-model/bad-load-figures`: no JSON of the two, a figure that is missing, or no rate that keeps the limits
 */
export const parseLoadFigures = (json: string, file?: string): LoadFigures => {
  const place = { code: 'step-model/bad-load-figures', ...(file !== undefined && { file }) } as const;
  const parsed = parsedJson(json, file);
  const { schema } = validated(parsed, anySchema, place);
  if (schema === 'stepclock/capacity@1') {
    const { rate_per_sec: ratePerSec, metrics } = validated(parsed, capacitySchema, place).at_rate;
    return {
      ttftSec: metrics.ttft.mean,
      itlSec: metrics.tpot.mean,
      requestsInEngine: ratePerSec * metrics.latency.mean,
    };
  }
  if (schema === 'stepclock/replay@1') {
    const { ttft, tpot } = validated(parsed, replaySchema, place).metrics;
    return { ttftSec: ttft.mean.replayed, itlSec: tpot.mean.replayed, requestsInEngine: null };
  }
  throw stepModelFault('step-model/bad-load-figures', { what: 'schema', rule: KNOWN, value: schema, file });
};

const parsedJson = (json: string, file: string | undefined): unknown => {
  try {
    return JSON.parse(json.replace(/^\uFEFF/, ''));
  } catch {
    const rule = 'must be what stepclock capacity --json or stepclock replay --json wrote, one JSON object';
    throw stepModelFault('step-model/bad-load-figures', { what: 'load', rule, value: json.slice(0, 40), file });
  }
};
