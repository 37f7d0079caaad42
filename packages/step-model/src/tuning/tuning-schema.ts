import { between, text } from '@stepclock/model-file';
import * as v from 'valibot';

const OBJECT = 'must be an object';
const MOST = 1e15;
const amount = between(0, MOST);
const figure = v.nullable(amount);

const setting = v.object(
  {
    max_num_seqs: amount,
    max_num_batched_tokens: amount,
    policy: v.picklist(['mixed', 'prefill-first'], "must be 'mixed' or 'prefill-first'"),
    /** GPUs of an engine, and engines side by side: with `gpus` alone. */
    tensor_parallel_size: v.optional(amount),
    data_parallel_size: v.optional(amount),
  },
  OBJECT,
);

const latency = v.object({ mean: figure, p50: figure, p95: figure, p99: figure }, OBJECT);

const rated = v.object(
  {
    setting,
    /** Exact flags; null where the engine has none for it. */
    flags: v.object({ vllm: v.nullable(text()), sglang: text() }, OBJECT),
    /** The highest rate at which every SLO holds, requests/s. */
    rate_per_sec: amount,
    at_rate: v.looseObject(
      {
        goodput_per_sec: amount,
        good_share: between(0, 1),
        utilisation: between(0, 1),
        decode_seqs: amount,
        metrics: v.object({ ttft: latency, tpot: latency, latency }, OBJECT),
      },
      OBJECT,
    ),
    /** Where its steps leave what the fit has seen, in words. */
    beyond: v.array(text()),
  },
  OBJECT,
);

const slo = v.object(
  {
    metric: v.picklist(['ttft', 'tpot', 'latency'], 'must be ttft, tpot or latency'),
    statistic: v.union([v.literal('mean'), between(0, 1)], 'must be mean or a quantile'),
    limit_sec: amount,
  },
  OBJECT,
);

/** What `stepclock tune --json` writes: seconds, requests/s. */
export const tuningSchema = v.looseObject({
  schema: v.literal('stepclock/tuning@1'),
  feasible: v.boolean('must be true or false'),
  slos: v.array(slo),
  /** Those worth confirming on the engine, best first. */
  best: v.array(rated),
  today: v.nullable(rated),
  /** Goodput against the p95 of the latency: what nothing else beats in both. */
  front: v.array(v.object({ setting, rate_per_sec: amount, goodput_per_sec: amount, latency_sec: amount }, OBJECT)),
  /** Of one engine; null where it is not known, or GPUs are laid out. */
  kv_tokens: v.nullable(amount),
  /** That were laid out, and the best rate of each layout, null where it keeps the SLOs at none; null and none for one engine. */
  gpus: v.nullable(amount),
  layouts: v.array(
    v.object(
      {
        tensor_parallel_size: amount,
        data_parallel_size: amount,
        rate_per_sec: v.nullable(amount),
        kv_tokens: v.nullable(amount),
      },
      OBJECT,
    ),
  ),
  settings: v.object({ grid: amount, searched: amount }, OBJECT),
  steps: v.object({ simulated: amount, of_whole_grid: amount }, OBJECT),
  unreachable: v.array(
    v.looseObject({ slo, value_sec: amount, term: text(200), share_of_half: between(-1, 1) }, OBJECT),
  ),
  warnings: v.array(v.looseObject({ code: text(200), message: text() }, OBJECT)),
});
